/* SPDX-License-Identifier: MIT */
#include "runtime/running.h"

#include "base/cursor.h"
#include "runtime/collect.h"

enum {
	PS_MAX = 1 << 16,
	PART_BYTES_MAX = 16 << 10, /* of a structure, from the first to the last member needed */
	TRIES = 3,
	P_RUNNING = 1, /* runtime2.go: _Prunning, in every version */
};

/* The part of a structure that has the members that are needed. */
struct part {
	size_t offset, size;
};

/* One P, and what it led to in this reading. */
struct follow {
	uint64_t p, m, g;
	bool settled;
};

struct running_state {
	struct go_runtime *runtime;
	struct part p, m, g;
	uint64_t allp[2]; /* pointer and length of the slice that `addresses` were read from */
	uint64_t *addresses;
	size_t count;
	struct follow *follows;
	struct target_range *ranges;
	uint8_t *bytes; /* of a part of each P, M or g */
	struct on_p *found;
	size_t found_count;
};

static bool part_of_members(const struct runtime_layout *layout, const enum layout_slot *slots,
			    size_t count, struct part *ret)
{
	size_t first = SIZE_MAX, last = 0, i;

	for (i = 0; i < count; i++) {
		size_t offset = layout_offset(layout, slots[i]);
		size_t end = offset + layout_size(layout, slots[i]);

		if (!layout_has(layout, slots[i]))
			return false;
		first = offset < first ? offset : first;
		last = end > last ? end : last;
	}
	*ret = (struct part){ .offset = first, .size = last - first };
	return ret->size >= sizeof(uint64_t) && ret->size <= PART_BYTES_MAX;
}
#define PART(layout, ret, ...)                                                                     \
	part_of_members(layout, (const enum layout_slot[]){ __VA_ARGS__ },                         \
			sizeof((enum layout_slot[]){ __VA_ARGS__ }) / sizeof(enum layout_slot),    \
			ret)

struct spy_error *running_state_new(struct go_runtime *runtime, struct running_state **ret)
{
	const struct runtime_layout *layout = &runtime->layout;
	struct part p, m, g;

	if (!PART(layout, &p, FIELD_p_id, FIELD_p_status, FIELD_p_m) ||
	    !PART(layout, &m, FIELD_m_curg, FIELD_m_p) ||
	    !PART(layout, &g, FIELD_g_m, FIELD_g_atomicstatus, FIELD_g_goid, FIELD_g_gopc,
		  FIELD_g_startpc))
		return spy_error_new(SPY_ERROR_DATA,
				     "the layout of Ps, Ms and goroutines makes no sense");
	*ret = memory_zeroed(1, sizeof(**ret));
	(*ret)->runtime = runtime;
	(*ret)->p = p;
	(*ret)->m = m;
	(*ret)->g = g;
	return NULL;
}

void running_state_free(struct running_state *state)
{
	if (!state)
		return;
	free(state->addresses);
	free(state->follows);
	free(state->ranges);
	free(state->bytes);
	free(state->found);
	free(state);
}

static size_t largest_part(const struct running_state *state)
{
	size_t size = state->p.size > state->m.size ? state->p.size : state->m.size;

	return size > state->g.size ? size : state->g.size;
}

static void make_room(struct running_state *state, size_t count)
{
	state->addresses = memory_resize(state->addresses, count, sizeof(*state->addresses));
	state->follows = memory_resize(state->follows, count, sizeof(*state->follows));
	state->ranges = memory_resize(state->ranges, count, sizeof(*state->ranges));
	/* a number of an odd size is loaded as one of 8 bytes */
	state->bytes =
	    memory_resize(state->bytes, count * largest_part(state) + sizeof(uint64_t), 1);
	state->found = memory_resize(state->found, count, sizeof(*state->found));
	state->count = count;
}

/* Ps are never freed and never move (proc.go: procresize); the slice changes with GOMAXPROCS. */
static struct spy_error *read_addresses(struct running_state *state)
{
	struct go_runtime *runtime = state->runtime;
	uint64_t allp[2];

	TRY(target_read(runtime->target, runtime->globals[GLOBAL_allp].address, allp,
			sizeof(allp)));
	if (state->addresses && !memcmp(allp, state->allp, sizeof(allp)))
		return NULL;
	if (allp[1] > PS_MAX)
		return spy_error_new(SPY_ERROR_DATA, "the target says that it has %llu Ps",
				     (unsigned long long)allp[1]);
	make_room(state, allp[1]);
	state->allp[0] = state->allp[1] = 0; /* until they are there */
	if (allp[1])
		TRY(target_read(runtime->target, allp[0], state->addresses,
				allp[1] * sizeof(*state->addresses)));
	memcpy(state->allp, allp, sizeof(allp));
	return NULL;
}

/* Reads the parts of the structures whose addresses `address_of` tells; those that have none are
 * left out. */
static void read_parts(struct running_state *state, const struct part *part, size_t member)
{
	size_t count = 0, i;

	for (i = 0; i < state->count; i++) {
		const struct follow *follow = &state->follows[i];
		uint64_t address;

		memcpy(&address, (const char *)follow + member, sizeof(address));
		if (follow->settled || !address)
			continue;
		state->ranges[count++] =
		    (struct target_range){ .address = address + part->offset,
					   .buffer = state->bytes + i * part->size,
					   .size = part->size };
	}
	target_readv(state->runtime->target, state->ranges, count);
}

/* The bytes of the structure of the i-th P, as if it began where its part would; NULL if it could
 * not be read. `next` counts through the ranges. */
static const uint8_t *structure(const struct running_state *state, const struct part *part,
				size_t i, size_t *next)
{
	bool ok = state->ranges[(*next)++].ok;

	return ok ? state->bytes + i * part->size - part->offset : NULL;
}

static void follow_ps(struct running_state *state)
{
	const struct runtime_layout *layout = &state->runtime->layout;
	size_t next = 0, i;

	read_parts(state, &state->p, offsetof(struct follow, p));
	for (i = 0; i < state->count; i++) {
		struct follow *follow = &state->follows[i];
		const uint8_t *p;

		if (follow->settled || !follow->p)
			continue;
		follow->m = 0;
		p = structure(state, &state->p, i, &next);
		if (!p)
			continue;
		state->found[i].p = layout_number(layout, FIELD_p_id, p);
		follow->m = layout_number(layout, FIELD_p_m, p);
		/* nothing runs on it */
		follow->settled =
		    layout_number(layout, FIELD_p_status, p) != P_RUNNING || !follow->m;
		if (follow->settled)
			follow->m = 0;
	}
}

static void follow_ms(struct running_state *state)
{
	const struct runtime_layout *layout = &state->runtime->layout;
	size_t next = 0, i;

	read_parts(state, &state->m, offsetof(struct follow, m));
	for (i = 0; i < state->count; i++) {
		struct follow *follow = &state->follows[i];
		const uint8_t *m;

		if (follow->settled || !follow->m)
			continue;
		follow->g = 0;
		m = structure(state, &state->m, i, &next);
		if (!m || layout_number(layout, FIELD_m_p, m) != follow->p)
			continue; /* it has gone to another P */
		follow->g = layout_number(layout, FIELD_m_curg, m);
		follow->settled = !follow->g; /* it is looking for something to run */
	}
}

/* m.curg is taken away before the goroutine is anything else (proc.go: dropg), so whatever its
 * status, it is on the processor: a worker of the collector calls itself waiting meanwhile (mgc.go:
 * gcBgMarkWorker), a stack that is being copied is in use. In a system call it is not. */
static void follow_gs(struct running_state *state)
{
	const struct runtime_layout *layout = &state->runtime->layout;
	size_t next = 0, i;

	read_parts(state, &state->g, offsetof(struct follow, g));
	for (i = 0; i < state->count; i++) {
		struct follow *follow = &state->follows[i];
		const uint8_t *g;
		uint64_t status;

		if (follow->settled || !follow->g)
			continue;
		g = structure(state, &state->g, i, &next);
		if (!g || layout_number(layout, FIELD_g_m, g) != follow->m)
			continue;
		status = layout_number(layout, FIELD_g_atomicstatus, g) & ~(uint64_t)G_SCAN;
		follow->settled = true;
		if (status == G_SYSCALL || status == G_DEAD || status == G_IDLE) {
			follow->g = 0;
			continue;
		}
		state->found[i].goid = layout_number(layout, FIELD_g_goid, g);
		state->found[i].startpc = layout_number(layout, FIELD_g_startpc, g);
		state->found[i].gopc = layout_number(layout, FIELD_g_gopc, g);
	}
}

struct spy_error *running_state_read(struct running_state *state, const struct on_p **on_p,
				     size_t *count, size_t *ps, size_t *unsettled)
{
	size_t left, kept = 0, i;
	int try;

	TRY(read_addresses(state));
	for (i = 0; i < state->count; i++)
		state->follows[i] = (struct follow){ .p = state->addresses[i] };
	left = state->count;
	for (try = 0; try < TRIES && left; try++) {
		for (i = 0; i < state->count; i++) {
			if (!state->follows[i].settled)
				state->follows[i].m = state->follows[i].g = 0;
		}
		follow_ps(state);
		follow_ms(state);
		follow_gs(state);
		for (left = 0, i = 0; i < state->count; i++)
			left += !state->follows[i].settled;
	}
	for (i = 0; i < state->count; i++) {
		if (state->follows[i].settled && state->follows[i].g)
			state->found[kept++] = state->found[i];
	}
	*on_p = state->found;
	*count = kept;
	*ps = state->count;
	*unsettled = left;
	return NULL;
}
