/* SPDX-License-Identifier: MIT */
#include "runtime/states.h"

#include "base/cursor.h"
#include "base/map.h"
#include "runtime/collect.h"
#include "runtime/memory.h"

enum {
	PS_MAX = 4096,
	MS_MAX = 10000, /* runtime/proc.go: schedinit: sched.maxmcount, unless it is told more */
};

/* What is read of one. */
struct seen_p {
	uint64_t address, head, tail, next; /* runqhead, runqtail, runnext */
};
struct seen_m {
	uint64_t address, curg, alllink;
	uint64_t status; /* of curg */
	bool in_list;
};

struct states_reader {
	struct go_runtime *runtime;
	uint64_t allp[2], allm, queue; /* variables as they were read last; sched.runqsize */
	uint64_t *p_addresses;
	VECTOR(struct seen_p) ps;
	VECTOR(struct seen_m) ms;
	VECTOR(struct target_range) ranges;
};

struct states_reader *states_reader_new(struct go_runtime *runtime)
{
	struct states_reader *reader = memory_zeroed(1, sizeof(*reader));

	reader->runtime = runtime;
	return reader;
}

void states_reader_free(struct states_reader *reader)
{
	if (!reader)
		return;
	free(reader->p_addresses);
	vector_free(&reader->ps);
	vector_free(&reader->ms);
	vector_free(&reader->ranges);
	free(reader);
}

static void want(struct states_reader *reader, uint64_t address, void *buffer, size_t size)
{
	*vector_push(&reader->ranges) =
	    (struct target_range){ .address = address, .buffer = buffer, .size = size };
}

/* A member that is a number. False if this version has it not. */
static bool want_member(struct states_reader *reader, uint64_t structure, enum layout_slot slot,
			uint64_t *number)
{
	const struct runtime_layout *layout = &reader->runtime->layout;
	size_t size = layout_size(layout, slot);

	*number = 0;
	if (!size || size > sizeof(*number))
		return false;
	want(reader, structure + layout_offset(layout, slot), number, size);
	return true;
}

/* Reads what was wanted; whether all of it was there. */
static bool fetch(struct states_reader *reader)
{
	bool all = true;
	size_t i;

	target_readv(reader->runtime->target, reader->ranges.items, reader->ranges.count);
	for (i = 0; i < reader->ranges.count; i++)
		all = all && reader->ranges.items[i].ok;
	reader->ranges.count = 0;
	return all;
}

static uint64_t global_address(const struct states_reader *reader, enum global global)
{
	return reader->runtime->globals[global].address;
}

/* ---- Ps ----------------------------------------------------------------------------------- */

static bool list_ps(struct states_reader *reader)
{
	size_t i;

	reader->ps.count = 0;
	want(reader, global_address(reader, GLOBAL_allp), reader->allp, sizeof(reader->allp));
	if (!fetch(reader) || reader->allp[1] > PS_MAX)
		return false;
	reader->p_addresses =
	    memory_resize(reader->p_addresses, reader->allp[1] + 1, sizeof(uint64_t));
	if (reader->allp[1])
		want(reader, reader->allp[0], reader->p_addresses,
		     reader->allp[1] * sizeof(uint64_t));
	if (!fetch(reader))
		return false;
	for (i = 0; i < reader->allp[1]; i++)
		*vector_push(&reader->ps) = (struct seen_p){ .address = reader->p_addresses[i] };
	return true;
}

/* The queues of all Ps, and what else one sweep brings: the variables, and the Ms that are known.
 */
static bool sweep(struct states_reader *reader, bool *moved)
{
	uint64_t allp[2];
	bool has_queue;
	size_t i;

	for (i = 0; i < reader->ms.count; i++) {
		want_member(reader, reader->ms.items[i].address, FIELD_m_curg,
			    &reader->ms.items[i].curg);
		want_member(reader, reader->ms.items[i].address, FIELD_m_alllink,
			    &reader->ms.items[i].alllink);
	}
	want(reader, global_address(reader, GLOBAL_allm), &reader->allm, sizeof(reader->allm));
	want(reader, global_address(reader, GLOBAL_allp), allp, sizeof(allp));
	has_queue = want_member(reader, global_address(reader, GLOBAL_sched), FIELD_sched_runqsize,
				&reader->queue);
	for (i = 0; i < reader->ps.count; i++) {
		struct seen_p *p = &reader->ps.items[i];

		if (!p->address)
			continue;
		has_queue = has_queue &&
			    want_member(reader, p->address, FIELD_p_runqhead, &p->head) &&
			    want_member(reader, p->address, FIELD_p_runqtail, &p->tail) &&
			    want_member(reader, p->address, FIELD_p_runnext, &p->next);
	}
	if (!fetch(reader) || !has_queue)
		return false;
	*moved = memcmp(allp, reader->allp, sizeof(allp)) != 0;
	return true;
}

/* Where GOMAXPROCS was changed, the Ps are looked for again. */
static bool read_variables(struct states_reader *reader)
{
	bool moved = true;
	int try;

	if (!reader->ps.count && !list_ps(reader))
		return false;
	for (try = 0; moved && try < 3; try++) {
		if (!sweep(reader, &moved)) {
			/* An M that ended may be gone from memory. */
			reader->ms.count = 0;
			if (!sweep(reader, &moved))
				return false;
		}
		if (moved && !list_ps(reader))
			return false;
	}
	return !moved;
}

/* ---- Ms ----------------------------------------------------------------------------------- */

static struct seen_m *add_m(struct states_reader *reader, uint64_t address)
{
	struct seen_m *m = vector_push(&reader->ms);

	*m = (struct seen_m){ .address = address };
	want_member(reader, address, FIELD_m_curg, &m->curg);
	want_member(reader, address, FIELD_m_alllink, &m->alllink);
	/* A push may move it: it is read at once. */
	return fetch(reader) ? m : NULL;
}

/* Follows the chain from runtime.allm: new Ms stand first in it, those that are known have been
 * read. Those that are not in it any more are forgotten. */
static bool follow_ms(struct states_reader *reader)
{
	struct map known _cleanup_(map_free) = { 0 };
	uint64_t address = reader->allm;
	size_t i, kept = 0, followed;

	for (i = 0; i < reader->ms.count; i++) {
		reader->ms.items[i].in_list = false;
		map_put(&known, reader->ms.items[i].address, i);
	}
	for (followed = 0; address; followed++) {
		bool found;
		uint64_t index = map_get(&known, address, &found);
		struct seen_m *m = found ? &reader->ms.items[index] : NULL;

		if (followed == MS_MAX || (m && m->in_list))
			return false; /* more than we follow, or a circle */
		if (!m)
			m = add_m(reader, address);
		if (!m)
			return false;
		if (!found)
			map_put(&known, address, reader->ms.count - 1);
		m->in_list = true;
		address = m->alllink;
	}
	for (i = 0; i < reader->ms.count; i++)
		if (reader->ms.items[i].in_list)
			reader->ms.items[kept++] = reader->ms.items[i];
	reader->ms.count = kept;
	return true;
}

static bool read_statuses(struct states_reader *reader)
{
	size_t i;

	for (i = 0; i < reader->ms.count; i++) {
		struct seen_m *m = &reader->ms.items[i];

		m->status = G_IDLE;
		if (m->curg && !want_member(reader, m->curg, FIELD_g_atomicstatus, &m->status))
			return false;
	}
	return fetch(reader);
}

/* ---- the states --------------------------------------------------------------------------- */

/* False if the global queue claims to be shorter than nothing. */
static bool count(const struct states_reader *reader, struct spy_goroutine_states *ret)
{
	size_t i;

	if ((int32_t)reader->queue < 0)
		return false;
	*ret = (struct spy_goroutine_states){ .runnable = (int32_t)reader->queue };
	for (i = 0; i < reader->ps.count; i++) {
		const struct seen_p *p = &reader->ps.items[i];
		/* The queue is a ring of 256; between the two reads it may have turned. */
		uint32_t length = (uint32_t)(p->tail - p->head);

		ret->runnable += length <= 256 ? length : 0;
		ret->runnable += p->next != 0;
	}
	for (i = 0; i < reader->ms.count; i++) {
		uint64_t status = reader->ms.items[i].status & ~(uint64_t)G_SCAN;

		ret->running += status == G_RUNNING;
		ret->in_syscall += status == G_SYSCALL;
	}
	return true;
}

void states_read(struct states_reader *reader, const struct memory_state *memory,
		 struct spy_goroutine_states *ret)
{
	const struct runtime_layout *layout = &reader->runtime->layout;
	int64_t counted = memory_goroutines(memory), others;

	*ret = (struct spy_goroutine_states){ .running = SPY_UNKNOWN,
					      .runnable = SPY_UNKNOWN,
					      .in_syscall = SPY_UNKNOWN,
					      .waiting = SPY_UNKNOWN };
	if (!read_variables(reader) || !follow_ms(reader) || !read_statuses(reader)) {
		reader->ms.count = 0;
		return;
	}
	if (!count(reader, ret) || counted == SPY_UNKNOWN || !memory->sched)
		return;
	others = ret->running + ret->runnable + ret->in_syscall;
	counted += (int32_t)layout_number(layout, FIELD_sched_ngsys, memory->sched);
	ret->waiting = counted < others ? 0 : counted - others;
}
