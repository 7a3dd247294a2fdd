/* SPDX-License-Identifier: MIT
 *
 * Corrupts a stripped program and its tables at random, and asks for a snapshot each time: what
 * comes must be an error, or the truth, or a part of it with a warning; never another answer.
 *
 *	corrupt [-n TIMES] [-s SEED] [-t ONLY] [-v] CORE PROGRAM STRIPPED
 *
 * CORE is one of PROGRAM, and has nothing of the files; STRIPPED is what is looked at: PROGRAM
 * without symbols and DWARF. -t: only that time of the sequence, which is how one that went wrong
 * is looked at again.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "discover/open.h"
#include "discover/tables.h"
#include "fuzz/answer.h"
#include "fuzz/copied_target.h"
#include "session/session.h"

enum { SECONDS_MAX = 60, CHANGES_MAX = 8, SHOWN_MAX = 20 };

/* What must stay true of the answer, whatever is changed there: enum answer_kind. */
enum {
	NOTHING = 0, /* it is the data that is shown, or leads to it: no crash, no hang */
	STATE = 1u << ANSWER_STATE,
	NAMES = 1u << ANSWER_NAMES,
	ALL = STATE | NAMES | 1u << ANSWER_SYSTEM | 1u << ANSWER_IDENTITY,
};

/* A stretch of the address space that is changed, or of the file. */
struct region {
	const char *name;
	uint64_t start, size;
	bool in_file; /* start is an offset of the file */
	unsigned stays;
	unsigned share; /* how often, against the others */
};

struct undo {
	uint8_t *byte, was;
};

struct corruption {
	struct copied_target *copy;
	uint64_t bias;
	const struct binary_segment *segments;
	size_t segment_count;
	struct binary *binary;
	VECTOR(struct region) regions;
	VECTOR(struct undo) undo;
	struct text said; /* what was changed, for people */
	uint64_t random;
};

static uint64_t iteration;
static char hang[96]; /* what to say where one takes too long */

/* splitmix64: each time of a sequence has numbers of its own. */
static uint64_t next_random(struct corruption *corruption)
{
	uint64_t z = corruption->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static void on_alarm(int signal_number)
{
	(void)signal_number;
	(void)!write(STDERR_FILENO, hang, sizeof(hang));
	abort();
}

/* ---- asking -------------------------------------------------------------------------------- */

static struct spy_error *ask(struct copied_target *copy, struct answer *ret)
{
	const struct go_runtime_options options = { .bin = NULL };
	const struct spy_request request = {
		.collect = SPY_COLLECT_GOROUTINES | SPY_COLLECT_STACKS | SPY_COLLECT_ARGUMENTS |
			   SPY_COLLECT_LABELS | SPY_COLLECT_WAITS | SPY_COLLECT_MEMORY,
		.system_goroutines = true,
	};
	struct spy spy = { .target = &copy->target };
	struct spy_snapshot *snapshot;
	struct spy_error *error;

	TRY(go_runtime_open(spy.target, &options, &spy.runtime));
	error = spy_snapshot_take(&spy, &request, &snapshot);
	if (!error) {
		answer_make(snapshot, ret);
		spy_snapshot_free(snapshot);
	}
	go_runtime_close(&spy.runtime);
	return error;
}

/* ---- what is changed ----------------------------------------------------------------------- */

/* Where the file has the byte of an address; NULL if it has none. */
static uint8_t *file_byte(const struct corruption *corruption, uint64_t address)
{
	for (size_t i = 0; i < corruption->segment_count; i++) {
		const struct binary_segment *segment = &corruption->segments[i];
		uint64_t at = address - corruption->bias - segment->address;

		if (at < segment->file_bytes &&
		    segment->file_offset + at < corruption->copy->file_size)
			return corruption->copy->file_bytes + segment->file_offset + at;
	}
	return NULL;
}

static uint8_t *memory_byte(const struct corruption *corruption, uint64_t address)
{
	const struct copied_part *part = copied_part_at(corruption->copy, address);

	return part ? part->bytes + (address - part->start) : NULL;
}

/* The address at which a byte of the file is mapped; 0 if it is not. */
static uint64_t address_of(const struct corruption *corruption, uint64_t offset)
{
	for (size_t i = 0; i < corruption->segment_count; i++) {
		const struct binary_segment *segment = &corruption->segments[i];

		if (offset - segment->file_offset < segment->file_bytes)
			return segment->address + corruption->bias +
			       (offset - segment->file_offset);
	}
	return 0;
}

static void set_byte(struct corruption *corruption, uint8_t *byte, uint8_t value)
{
	*vector_push(&corruption->undo) = (struct undo){ .byte = byte, .was = *byte };
	*byte = value;
}

/* Changes a byte of memory, and of the file where that has the same. */
static void change(struct corruption *corruption, const struct region *region, uint64_t at,
		   uint8_t value)
{
	uint64_t address =
	    region->in_file ? address_of(corruption, region->start + at) : region->start + at;
	uint8_t *in_memory = address ? memory_byte(corruption, address) : NULL;
	uint8_t *in_file = region->in_file ? corruption->copy->file_bytes + region->start + at
					   : file_byte(corruption, address);

	if (in_file && (!in_memory || *in_memory == *in_file))
		set_byte(corruption, in_file, value);
	if (in_memory)
		set_byte(corruption, in_memory, value);
}

static uint8_t byte_now(const struct corruption *corruption, const struct region *region,
			uint64_t at)
{
	const uint8_t *byte = region->in_file ? corruption->copy->file_bytes + region->start + at
					      : memory_byte(corruption, region->start + at);

	return byte ? *byte : 0;
}

/* Numbers that readers stumble over. */
static const uint64_t odd[] = { 0,         1,          0x7f,           0x80,
				0xff,      0x7fffffff, 0x80000000,     0xffffffff,
				INT64_MAX, UINT64_MAX, UINT64_MAX - 7, 0xfffffffffffff000ull };

static void change_once(struct corruption *corruption, const struct region *region)
{
	uint64_t width = (uint64_t)1 << next_random(corruption) % 4, number;
	uint64_t at = next_random(corruption) % region->size, from;

	switch (next_random(corruption) % 5) {
	case 0:
		number = byte_now(corruption, region, at) ^ 1u << next_random(corruption) % 8;
		width = 1;
		break;
	case 1:
		number = next_random(corruption);
		break;
	case 2: /* another word of the same */
		at &= ~(width - 1);
		from = next_random(corruption) % region->size & ~(width - 1);
		number = 0;
		for (uint64_t i = 0; i < width && from + i < region->size; i++)
			number |= (uint64_t)byte_now(corruption, region, from + i) << 8 * i;
		break;
	case 3: /* a little off */
		at &= ~(uint64_t)7;
		width = 8;
		number = next_random(corruption) % 257 - 128;
		for (uint64_t i = 0; i < width && at + i < region->size; i++)
			number += (uint64_t)byte_now(corruption, region, at + i) << 8 * i;
		break;
	default:
		number = odd[next_random(corruption) % (sizeof(odd) / sizeof(*odd))];
	}
	for (uint64_t i = 0; i < width && at + i < region->size; i++)
		change(corruption, region, at + i, (uint8_t)(number >> 8 * i));
	text_printf(&corruption->said, " %s+0x%" PRIx64 "/%" PRIu64 "=0x%" PRIx64, region->name, at,
		    width, number);
}

/* Returns what must stay true. */
static unsigned corrupt(struct corruption *corruption)
{
	uint64_t changes = 1, total = 0, chosen;
	const struct region *region = corruption->regions.items;

	for (size_t i = 0; i < corruption->regions.count; i++)
		total += corruption->regions.items[i].share;
	if (!total)
		exit(EXIT_FAILURE); /* they have a share each */
	chosen = next_random(corruption) % total;
	while (chosen >= region->share)
		chosen -= region++->share;
	if (next_random(corruption) % 2)
		changes += next_random(corruption) % CHANGES_MAX;
	while (changes--)
		change_once(corruption, region);
	return region->stays;
}

static void restore(struct corruption *corruption)
{
	while (corruption->undo.count) {
		const struct undo *undo = &corruption->undo.items[--corruption->undo.count];

		*undo->byte = undo->was;
	}
	text_free(&corruption->said);
}

/* ---- where --------------------------------------------------------------------------------- */

static void add_region(struct corruption *corruption, const struct region *region)
{
	if (region->size)
		*vector_push(&corruption->regions) = *region;
}

/* From one function of the runtime on to the last of them. */
static void add_code(struct corruption *corruption, const struct go_runtime *runtime)
{
	const struct pclntab *tab;
	struct pclntab_func func;
	uint64_t first = 0, last = 0;

	for (uint64_t pc = runtime->modules.items[0].text; pc < runtime->modules.items[0].etext;
	     pc = func.end) {
		if (!code_find(runtime->code, pc, &tab, &func))
			break;
		if (strncmp(func.name, "runtime.", 8) != 0)
			continue;
		first = first ? first : func.entry;
		last = func.end;
	}
	add_region(
	    corruption,
	    &(struct region){
		.name = "code", .start = first, .size = last - first, .stays = ALL, .share = 3 });
}

static void add_tables(struct corruption *corruption, struct go_runtime *runtime)
{
	const struct go_module *module = &runtime->modules.items[0];
	struct pclntab_header header;
	struct go_tables tables;
	const uint8_t *bytes;
	size_t available;

	if (spy_error_caught(go_tables_find(runtime, &tables)) ||
	    !(bytes = program_at(&runtime->program, tables.pclntab, &available)) ||
	    !pclntab_header_read(bytes, available, runtime->layout.traits->pclntab.form, &header)) {
		fputs("corrupt: the tables are not found\n", stderr);
		exit(EXIT_FAILURE);
	}
	const struct region regions[] = {
		{ .name = "header", .start = tables.pclntab, .size = 72, .stays = ALL, .share = 3 },
		{ .name = "functab",
		  .start = tables.pclntab + header.functab,
		  .size = header.functions * 2 * header.entry_size,
		  .stays = STATE,
		  .share = 2 },
		{ .name = "pclntab",
		  .start = tables.pclntab,
		  .size = available,
		  .stays = STATE,
		  .share = 3 },
		{ .name = "moduledata",
		  .start = tables.moduledata,
		  .size = layout_size(&runtime->layout, SIZE_moduledata),
		  .stays = ALL,
		  .share = 6 },
		{ .name = "types",
		  .start = module->types,
		  .size = module->etypes - module->types,
		  .stays = STATE,
		  .share = 1 },
		{ .name = "variables",
		  .start = module->data,
		  .size = module->data_end - module->data,
		  .stays = NOTHING,
		  .share = 1 },
	};

	for (size_t i = 0; i < sizeof(regions) / sizeof(*regions); i++)
		add_region(corruption, &regions[i]);
	for (size_t i = 0; i < GLOBALS; i++)
		if (runtime->globals[i].address)
			add_region(corruption,
				   &(struct region){ .name = "variable",
						     .start = runtime->globals[i].address,
						     .size = 64,
						     .stays = NOTHING,
						     .share = 1 });
}

static void add_file(struct corruption *corruption, const struct go_runtime *runtime)
{
	const uint8_t *file = corruption->copy->file_bytes;
	struct binary_section section;
	uint64_t sections;

	add_region(
	    corruption,
	    &(struct region){
		.name = "headers", .size = 1024, .in_file = true, .stays = ALL, .share = 4 });
	memcpy(&sections, file + 40, sizeof(sections)); /* Elf64_Ehdr.e_shoff */
	if (sections && sections < corruption->copy->file_size)
		add_region(corruption,
			   &(struct region){ .name = "sections",
					     .start = sections,
					     .size = corruption->copy->file_size - sections,
					     .in_file = true,
					     .stays = ALL,
					     .share = 3 });
	if (binary_section(corruption->binary, ".go.buildinfo", &section) && section.bytes)
		add_region(corruption,
			   &(struct region){ .name = "build info",
					     .start = section.address + runtime->program.bias,
					     .size = section.size,
					     .stays = STATE | NAMES | 1u << ANSWER_SYSTEM,
					     .share = 2 });
	add_region(corruption, &(struct region){ .name = "file",
						 .size = corruption->copy->file_size,
						 .in_file = true,
						 .stays = STATE,
						 .share = 2 });
}

static void add_heap(struct corruption *corruption)
{
	for (size_t i = 0; i < corruption->copy->parts.count; i++) {
		const struct copied_part *part = &corruption->copy->parts.items[i];

		if (part->writable)
			add_region(corruption, &(struct region){ .name = "memory",
								 .start = part->start,
								 .size = part->size,
								 .stays = NOTHING,
								 .share = 1 });
	}
}

static struct spy_error *find_regions(struct corruption *corruption)
{
	const struct go_runtime_options options = { .bin = NULL };
	struct go_runtime runtime = { 0 };

	TRY(binary_open_fd(corruption->copy->file, "program", &corruption->binary));
	corruption->segment_count = binary_segments(corruption->binary, &corruption->segments);
	TRY(go_runtime_open(&corruption->copy->target, &options, &runtime));
	corruption->bias = runtime.program.bias;
	add_file(corruption, &runtime);
	add_code(corruption, &runtime);
	add_tables(corruption, &runtime);
	add_heap(corruption);
	go_runtime_close(&runtime);
	return NULL;
}

/* ---- the run ------------------------------------------------------------------------------- */

struct tally {
	uint64_t errors, right, partly, wrong;
};

static void try_once(struct corruption *corruption, const struct answer *truth, bool verbose,
		     struct tally *tally)
{
	unsigned stays = corrupt(corruption);
	char *lie _cleanup_free_ = NULL;
	struct answer answer = { 0 };
	struct spy_error *error;

	if (verbose)
		printf("-t %" PRIu64 ":%s\n", iteration, corruption->said.bytes);
	snprintf(hang, sizeof(hang), "corrupt: it hangs at -t %" PRIu64 "\n", iteration);
	alarm(SECONDS_MAX);
	error = ask(corruption->copy, &answer);
	if (error) {
		if (verbose)
			printf("  %s\n", error->message);
		tally->errors++;
	} else {
		lie = answer_lie(truth, &answer, stays);
		tally->wrong += lie != NULL;
		tally->partly += !lie && answer.warnings > truth->warnings;
		tally->right += !lie && answer.warnings <= truth->warnings;
		if (lie && tally->wrong <= SHOWN_MAX)
			printf("WRONG -t %" PRIu64 ":%s:\n    %s\n", iteration,
			       corruption->said.bytes, lie);
	}
	spy_error_free(error);
	answer_free(&answer);
	restore(corruption);
}

static void fail(const char *what, struct spy_error *error)
{
	fprintf(stderr, "corrupt: %s: %s\n", what, error->message);
	exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	uint64_t times = 1000, seed = 1, only = UINT64_MAX;
	struct corruption corruption = { 0 };
	struct tally tally = { 0 };
	struct answer truth = { 0 };
	struct target *core = NULL;
	struct spy_error *error;
	bool verbose = false;
	int option;

	while ((option = getopt(argc, argv, "n:s:t:v")) != -1) {
		if (option == 'n')
			times = strtoull(optarg, NULL, 10);
		else if (option == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (option == 't')
			only = strtoull(optarg, NULL, 10);
		else if (option == 'v')
			verbose = true;
		else
			return 2;
	}
	if (argc - optind != 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, on_alarm);
	if ((error = target_open_core(argv[optind], argv[optind + 1], &core)))
		fail(argv[optind], error);
	corruption.copy = copied_target_new(core, argv[optind + 2]);
	if ((error = ask(corruption.copy, &truth)) || (error = find_regions(&corruption)))
		fail("uncorrupted", error);
	for (iteration = 0; iteration < times; iteration++) {
		corruption.random = (seed << 32) + iteration * 0x100000001ull;
		if (only == UINT64_MAX || iteration == only)
			try_once(&corruption, &truth, verbose || only != UINT64_MAX, &tally);
	}
	printf("%s: %" PRIu64 " errors, %" PRIu64 " right, %" PRIu64 " with warnings, %" PRIu64
	       " wrong\n",
	       argv[optind + 2], tally.errors, tally.right, tally.partly, tally.wrong);
	answer_free(&truth);
	vector_free(&corruption.regions);
	vector_free(&corruption.undo);
	binary_close(corruption.binary);
	copied_target_free(corruption.copy);
	return tally.wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
