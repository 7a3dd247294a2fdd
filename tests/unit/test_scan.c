/* SPDX-License-Identifier: MIT
 *
 * Invariants of the runtime's variables and finding them by content, in a world of bytes: the
 * variables of a program and a heap, laid out as each row of the table says.
 */
#include <stdlib.h>

#include "discover/fits.h"
#include "discover/open.h"
#include "discover/scan.h"
#include "unit/unit.h"

enum {
	PART = 1 << 18,
	GS = 5,
	PS = 2,
	CORRUPTIONS = 100,
	STEP = 8 * 61,
};
/* Where things are, from the start of their part. */
enum {
	AT_ALLGS = 0x100,
	AT_ALLP = 0x180,
	AT_ALLM = 0x200,
	AT_SCHED = 0x1000,
	AT_M0 = 0x4000,
	AT_G0 = 0x5000,
	AT_MHEAP = 0x8000,
	HEAP_ALLGS = 0x100,
	HEAP_ALLP = 0x200,
	HEAP_ALLSPANS = 0x300,
	HEAP_GS = 0x1000, /* 4 KB each */
	HEAP_M1 = 0x8000,
	HEAP_G1 = 0x9000,
	HEAP_SPAN = 0xa000,
	HEAP_CACHES = 0xb000, /* 4 KB each */
	HEAP_PS = 0x10000,    /* 64 KB each */
};
#define DATA  0x600000ull
#define HEAP  0xc000000000ull
#define STACK 0xc000800000ull

struct world {
	struct target target;
	struct go_runtime runtime;
	struct target_mapping mappings[2];
	uint8_t data[PART], heap[PART];
};

static struct spy_error *world_read(struct target *target, uint64_t address, void *buffer,
				    size_t size)
{
	struct world *world = (struct world *)target;
	uint64_t in_data = address - DATA, in_heap = address - HEAP;

	if (in_data < PART && size <= PART - in_data)
		memcpy(buffer, world->data + in_data, size);
	else if (in_heap < PART && size <= PART - in_heap)
		memcpy(buffer, world->heap + in_heap, size);
	else
		return spy_error_fault(address, size);
	return NULL;
}

static void world_readv(struct target *target, struct target_range *ranges, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		ranges[i].ok = !spy_error_caught(
		    world_read(target, ranges[i].address, ranges[i].buffer, ranges[i].size));
}

static const struct target_ops world_ops = { .read = world_read, .readv = world_readv };

static uint8_t *bytes_at(struct world *world, uint64_t address)
{
	return address >= HEAP ? world->heap + (address - HEAP) : world->data + (address - DATA);
}

static void put_word(struct world *world, uint64_t address, uint64_t value)
{
	memcpy(bytes_at(world, address), &value, sizeof(value));
}

static void put(struct world *world, uint64_t structure, enum layout_slot slot, uint64_t value)
{
	const struct layout_field *field = &world->runtime.layout.fields[slot];

	if (field->offset >= 0)
		memcpy(bytes_at(world, structure + (uint64_t)field->offset), &value,
		       field->size < 8 ? (size_t)field->size : 8);
}

static void put_slice(struct world *world, uint64_t address, uint64_t array, uint64_t length)
{
	put_word(world, address, array);
	put_word(world, address + 8, length);
	put_word(world, address + 16, length);
}

static void put_g(struct world *world, uint64_t g, uint64_t goid, uint64_t m)
{
	put(world, g, FIELD_g_sched_g, g);
	put(world, g, FIELD_g_stack_lo, STACK + goid * 4096);
	put(world, g, FIELD_g_stack_hi, STACK + goid * 4096 + 2048);
	put(world, g, FIELD_g_goid, goid);
	put(world, g, FIELD_g_atomicstatus, 4);
	put(world, g, FIELD_g_m, m);
}

static void put_m(struct world *world, uint64_t m, uint64_t g0, uint64_t next)
{
	put(world, m, FIELD_m_g0, g0);
	put(world, m, FIELD_m_alllink, next);
	put(world, g0, FIELD_g_m, m);
	put(world, g0, FIELD_g_sched_g, g0);
}

static void put_scheduler(struct world *world)
{
	const struct runtime_layout *layout = &world->runtime.layout;
	uint64_t i, span;

	put_slice(world, DATA + AT_ALLGS, HEAP + HEAP_ALLGS, GS);
	for (i = 0; i < GS; i++) {
		put_word(world, HEAP + HEAP_ALLGS + i * 8, HEAP + HEAP_GS + i * 0x1000);
		put_g(world, HEAP + HEAP_GS + i * 0x1000, i + 1, 0);
	}
	put_slice(world, DATA + AT_ALLP, HEAP + HEAP_ALLP, PS);
	for (i = 0; i < PS; i++) {
		uint64_t p = HEAP + HEAP_PS + i * 0x10000, cache = HEAP + HEAP_CACHES + i * 0x1000;

		put_word(world, HEAP + HEAP_ALLP + i * 8, p);
		put(world, p, FIELD_p_id, i);
		put(world, p, FIELD_p_status, 1);
		put(world, p, FIELD_p_mcache, cache);
		for (span = 0; span < layout_size(layout, FIELD_mcache_alloc) / 8; span++)
			put_word(world,
				 cache + layout_offset(layout, FIELD_mcache_alloc) + span * 8,
				 HEAP + HEAP_SPAN);
	}
	put_word(world, DATA + AT_ALLM, HEAP + HEAP_M1);
	put_m(world, HEAP + HEAP_M1, HEAP + HEAP_G1, DATA + AT_M0);
	put_m(world, DATA + AT_M0, DATA + AT_G0, 0);
	put(world, DATA + AT_SCHED, FIELD_sched_mnext, 2);
	put(world, DATA + AT_SCHED, FIELD_sched_maxmcount, 10000);
	put(world, DATA + AT_SCHED, FIELD_sched_ngsys, 3);
}

static void put_heap(struct world *world)
{
	const struct runtime_layout *layout = &world->runtime.layout;
	uint64_t classes = layout_size(layout, FIELD_mcache_alloc) / 8, class;
	uint64_t central = DATA + AT_MHEAP + layout_offset(layout, FIELD_mheap_central);
	uint64_t at = layout_has(layout, FIELD_mcentral_nmalloc) ? 8 : 0;

	put_slice(world, DATA + AT_MHEAP + layout_offset(layout, FIELD_mheap_allspans),
		  HEAP + HEAP_ALLSPANS, 1);
	put_word(world, HEAP + HEAP_ALLSPANS, HEAP + HEAP_SPAN);
	put(world, HEAP + HEAP_SPAN, FIELD_mspan_start_addr, HEAP);
	put(world, HEAP + HEAP_SPAN, FIELD_mspan_npages, 1);
	put(world, HEAP + HEAP_SPAN, FIELD_mspan_nelems, 8);
	put(world, HEAP + HEAP_SPAN, FIELD_mspan_elemsize, 1024);
	put(world, HEAP + HEAP_SPAN, FIELD_mspan_state, 1);
	for (class = 0; class < classes; class ++)
		*bytes_at(world, central +
				     class * (layout_size(layout, FIELD_mheap_central) / classes) +
				     at) = (uint8_t) class;
}

static struct world *make_world(size_t row)
{
	struct world *world = memory_zeroed(1, sizeof(*world));
	struct go_runtime *runtime = &world->runtime;

	world->target = (struct target){ .ops = &world_ops, .pid = 1 };
	world->mappings[0] = (struct target_mapping){
		.start = DATA, .end = DATA + PART, .readable = true, .writable = true, .path = ""
	};
	world->mappings[1] = (struct target_mapping){
		.start = HEAP, .end = HEAP + PART, .readable = true, .writable = true, .path = ""
	};
	runtime->target = &world->target;
	runtime->program.target = &world->target;
	runtime->program.mappings.items = world->mappings;
	runtime->program.mappings.count = 2;
	ck_assert(!spy_error_caught(binary_open("/proc/self/exe", &runtime->program.binary)));
	runtime->version = layout_row(row, &runtime->layout);
	*vector_push(&runtime->modules) = (struct go_module){
		.data = DATA, .data_end = DATA + PART, .bss = DATA, .ebss = DATA + PART
	};
	put_scheduler(world);
	put_heap(world);
	return world;
}

static void free_world(struct world *world)
{
	size_t i;

	for (i = 0; i < world->runtime.program.parts.count; i++)
		free(world->runtime.program.parts.items[i].bytes);
	vector_free(&world->runtime.program.parts);
	vector_free(&world->runtime.modules);
	binary_close(world->runtime.program.binary);
	free(world);
}

static const struct {
	enum global global;
	uint64_t address;
} truth[] = {
	{ .global = GLOBAL_allgs, .address = DATA + AT_ALLGS },
	{ .global = GLOBAL_allp, .address = DATA + AT_ALLP },
	{ .global = GLOBAL_allm, .address = DATA + AT_ALLM },
	{ .global = GLOBAL_sched, .address = DATA + AT_SCHED },
	{ .global = GLOBAL_m0, .address = DATA + AT_M0 },
	{ .global = GLOBAL_g0, .address = DATA + AT_G0 },
	{ .global = GLOBAL_mheap, .address = DATA + AT_MHEAP },
};
enum { TRUTHS = sizeof(truth) / sizeof(truth[0]) };

START_TEST(a_variable_fits_where_it_is)
{
	struct world *world = make_world((size_t)_i);
	size_t i;
	uint64_t address;

	world->runtime.globals[GLOBAL_sched].address = DATA + AT_SCHED;
	for (i = 0; i < TRUTHS; i++) {
		ck_assert_int_eq(global_fits(&world->runtime, truth[i].global, truth[i].address),
				 FIT_STRONG);
		for (address = DATA; address < DATA + PART; address += STEP)
			if (address != truth[i].address)
				ck_assert_int_ne(
				    global_fits(&world->runtime, truth[i].global, address),
				    FIT_STRONG);
	}
	free_world(world);
}
END_TEST

START_TEST(a_scan_finds_each_at_one_place)
{
	struct world *world = make_world((size_t)_i);
	struct go_candidates found[GLOBALS] = { 0 };
	size_t i;

	scan_vote(&world->runtime, found);
	for (i = 0; i < TRUTHS; i++) {
		ck_assert_uint_eq(found[truth[i].global].count, 1);
		ck_assert_uint_eq(found[truth[i].global].items[0].address, truth[i].address);
	}
	free_world(world);
}
END_TEST

START_TEST(two_places_are_none)
{
	struct world *world = make_world((size_t)_i);
	struct go_candidates found[GLOBALS] = { 0 };

	put_slice(world, DATA + 0x300, HEAP + HEAP_ALLGS, GS);
	scan_vote(&world->runtime, found);
	ck_assert_uint_eq(found[GLOBAL_allgs].count, 0);
	ck_assert_uint_eq(found[GLOBAL_allp].count, 1);
	free_world(world);
}
END_TEST

/* Ms, idle Ps and idle Ms whose lists have no end. */
START_TEST(rings_end)
{
	struct world *world = make_world((size_t)_i);
	uint64_t p = HEAP + HEAP_PS;

	put(world, HEAP + HEAP_M1, FIELD_m_alllink, HEAP + HEAP_M1);
	ck_assert_int_ne(global_fits(&world->runtime, GLOBAL_allm, DATA + AT_ALLM), FIT_STRONG);
	put(world, p, FIELD_p_status, 0);
	put(world, p, FIELD_p_link, p);
	put(world, DATA + AT_SCHED, FIELD_sched_pidle, p);
	put(world, DATA + AT_SCHED, FIELD_sched_npidle, 2);
	ck_assert_int_eq(global_fits(&world->runtime, GLOBAL_sched, DATA + AT_SCHED), FIT_NO);
	free_world(world);
}
END_TEST

/* Whatever is in memory: an end, and nothing read that is not there. */
START_TEST(corrupted_worlds_are_survived)
{
	static const uint64_t values[] = { 0,          1,          UINT64_MAX,        DATA,
					   DATA + 8,   HEAP,       HEAP + PART,       1ull << 30,
					   1ull << 46, 1ull << 63, 0x0101010101010100 };
	struct world *world = make_world((size_t)_i);
	unsigned seed = 1 + (unsigned)_i;
	int round;

	for (round = 0; round < CORRUPTIONS; round++) {
		struct go_candidates found[GLOBALS] = { 0 };
		uint64_t part = rand_r(&seed) % 2 ? HEAP : DATA;
		uint64_t value = values[(size_t)rand_r(&seed) % (sizeof(values) / 8)];
		size_t global;

		put_word(world, part + (uint64_t)(rand_r(&seed) % 0x6000) * 8, value);
		if (round % 20)
			continue;
		scan_vote(&world->runtime, found);
		for (global = 0; global < GLOBALS; global++) {
			uint64_t address = DATA + (uint64_t)(rand_r(&seed) % (PART / 8)) * 8;

			world->runtime.globals[global].address = address;
			(void)global_fits(&world->runtime, global, address);
			(void)global_measure(&world->runtime, global, address);
		}
		(void)spy_error_caught(go_runtime_check_layout(&world->runtime));
		world->runtime.globals[GLOBAL_firstmoduledata].address = 0;
	}
	free_world(world);
}
END_TEST

Suite *scan_suite(void)
{
	int rows = (int)layout_row_count();
	Suite *suite = suite_create("scan");
	TCase *tcase = tcase_create("scan");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_variable_fits_where_it_is, 0, rows);
	tcase_add_loop_test(tcase, a_scan_finds_each_at_one_place, 0, rows);
	tcase_add_loop_test(tcase, two_places_are_none, 0, rows);
	tcase_add_loop_test(tcase, rings_end, 0, rows);
	tcase_add_loop_test(tcase, corrupted_worlds_are_survived, 0, rows);
	suite_add_tcase(suite, tcase);
	return suite;
}
