/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "discover/references.h"

#include "unit/pclntab_image.h"
#include "unit/unit.h"

enum { PC = 0x401000, DATA = 0x500000, DATA_END = 0x501000 };

/* A piece of code that is being written. */
struct piece {
	uint8_t bytes[1024];
	size_t size;
};

/* An instruction: what stands before the displacement to `address`, and behind it. */
static void put(struct piece *piece, const char *before, size_t before_size, uint64_t address,
		const char *behind, size_t behind_size)
{
	size_t end = piece->size + before_size + 4 + behind_size;
	uint32_t displacement = (uint32_t)(address - (PC + end));

	memcpy(piece->bytes + piece->size, before, before_size);
	memcpy(piece->bytes + piece->size + before_size, &displacement, 4);
	memcpy(piece->bytes + piece->size + before_size + 4, behind, behind_size);
	piece->size = end;
}
#define PUT(piece, before, address, behind)                                                        \
	put(piece, before, sizeof(before) - 1, address, behind, sizeof(behind) - 1)

static struct code_references references_of(const struct piece *piece, size_t max)
{
	/* Exactly so many bytes, for the sanitizer to see. */
	uint8_t *bytes _cleanup_free_ = memory_new(piece->size, 1);
	struct code_references references;

	memcpy(bytes, piece->bytes, piece->size);
	code_references(bytes, piece->size, PC, DATA, DATA_END, max, &references);
	return references;
}

START_TEST(instructions_have_letters)
{
	struct piece piece = { 0 };
	struct code_references references;
	size_t i;

	PUT(&piece, "\x48\x8d\x05", DATA, "");              /* lea x(rip), rax */
	PUT(&piece, "\x48\x8b\x05", DATA + 8, "");          /* mov x(rip), rax */
	PUT(&piece, "\x89\x0d", DATA + 16, "");             /* mov ecx, x(rip) */
	PUT(&piece, "\x83\x3d", DATA + 24, "\x00");         /* cmpl $0, x(rip) */
	PUT(&piece, "\xf0\x0f\xb1\x0d", DATA + 32, "");     /* lock cmpxchg ecx, x(rip) */
	PUT(&piece, "\xff\x05", DATA + 40, "");             /* incl x(rip) */
	PUT(&piece, "\x0f\x11\x05", DATA + 48, "");         /* movups xmm0, x(rip) */
	PUT(&piece, "\xc6\x05", DATA + 56, "\x01");         /* movb $1, x(rip) */
	PUT(&piece, "\x66\x0f\xb6\x05", DATA + 64, "");     /* movzbw x(rip), ax */
	PUT(&piece, "\x48\xc7\x05", DATA + 72, "\1\0\0\0"); /* movq $1, x(rip) */
	PUT(&piece, "\x84\x05", DATA + 80, "");             /* test al, x(rip) */
	PUT(&piece, "\xc5\xfe\x6f\x05", DATA + 88, "");     /* vmovdqu x(rip), ymm0 */
	references = references_of(&piece, CODE_REFERENCES_MAX);
	ck_assert_str_eq(references.shape, "A0L8S4T4M4M4SxS1L1S8T1Ly");
	ck_assert_uint_eq(references.count, 12);
	for (i = 0; i < references.count; i++)
		ck_assert_uint_eq(references.addresses[i], DATA + 8 * i);
	ck_assert_uint_eq(references.positions[2], 14);
}
END_TEST

START_TEST(others_do_not_count)
{
	struct piece piece = { 0 };
	struct code_references references;

	PUT(&piece, "\xe8", DATA, "");                 /* call */
	PUT(&piece, "\x0f\x84", DATA, "");             /* jz */
	PUT(&piece, "\x48\x8d\x05", DATA - 1, "");     /* before the variables */
	PUT(&piece, "\x48\x8d\x05", DATA_END, "");     /* behind them */
	PUT(&piece, "\x48\x8b\x80", DATA, "");         /* mov x(rax), rax */
	PUT(&piece, "\x48\xc7\xc0", DATA, "");         /* movq $x, rax */
	PUT(&piece, "\x48\x8b\x04\x25", DATA, "");     /* mov x, rax: absolute */
	PUT(&piece, "\x48\x8d\x05", DATA_END - 1, ""); /* the only one */
	references = references_of(&piece, CODE_REFERENCES_MAX);
	ck_assert_str_eq(references.shape, "A0");
	ck_assert_uint_eq(references.addresses[0], DATA_END - 1);
}
END_TEST

START_TEST(code_is_bounded)
{
	struct piece piece = { 0 };
	struct code_references references;
	size_t i;

	for (i = 0; i < 60; i++)
		PUT(&piece, "\x48\x8d\x05", DATA, "");
	references = references_of(&piece, 1000);
	ck_assert_uint_eq(references.count, CODE_REFERENCES_MAX);
	ck_assert_uint_eq(strlen(references.shape), CODE_REFERENCES_MAX * REFERENCE_LETTERS);
	references = references_of(&piece, 3);
	ck_assert_str_eq(references.shape, "A0A0A0");
	/* The last instruction is cut off. */
	piece.size = 7 * 3 - 1;
	references = references_of(&piece, 1000);
	ck_assert_str_eq(references.shape, "A0A0");
	/* No instruction: what follows is not read as code. */
	piece.bytes[7] = 0x06;
	references = references_of(&piece, 1000);
	ck_assert_str_eq(references.shape, "A0");
	piece.size = 0;
	references = references_of(&piece, 1000);
	ck_assert_str_eq(references.shape, "");
}
END_TEST

START_TEST(functions_by_their_names)
{
	static const char *const names[] = { "main.beta", "main.nothing", "main.alpha",
					     "main.empty" };
	struct pclntab_func funcs[4];
	struct memory memory;
	struct pclntab *tab;
	struct image image;

	image_build(&image, _i);
	ck_assert_ptr_null(image_load(&image, &memory, &tab));
	pclntab_named_all(tab, "main.", names, 4, funcs);
	ck_assert_str_eq(funcs[0].name, "main.beta");
	ck_assert_uint_eq(funcs[0].entry, TEXT + 0x300);
	ck_assert_ptr_null(funcs[1].name);
	ck_assert_str_eq(funcs[2].name, "main.alpha");
	ck_assert_uint_eq(funcs[2].end, TEXT + 0x300);
	ck_assert_uint_eq(funcs[3].entry, funcs[3].end);
	pclntab_named_all(tab, "runtime.", names, 4, funcs);
	ck_assert_ptr_null(funcs[0].name);
	pclntab_named_all(tab, "main.", names, 0, funcs);
	pclntab_close(tab);
	free(memory.bytes);
}
END_TEST

START_TEST(a_version_has_witnesses)
{
	static const struct {
		const char *version;
		int minor;
	} cases[] = {
		{ .version = "go1.10", .minor = 10 },
		{ .version = "go1.27.99", .minor = 27 },
		{ .version = "go1.26.1 X:nogreenteagc", .minor = 26 },
		{ .version = "go1.9.7", .minor = 10 },
	};
	int newest = reference_witnesses_of("devel +abc").minor;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_int_eq(reference_witnesses_of(cases[i].version).minor, cases[i].minor);
	ck_assert_int_ge(newest, 27);
	ck_assert_int_eq(reference_witnesses_of("go1.9999").minor, newest);
	ck_assert_int_eq(reference_witnesses_of("unknown").minor, newest);
}
END_TEST

/* What the engine takes for granted of the generated rows. */
START_TEST(witnesses_are_well_formed)
{
	char version[16];
	struct reference_witnesses witnesses;
	size_t i, letters;

	snprintf(version, sizeof(version), "go1.%d", _i);
	witnesses = reference_witnesses_of(version);
	ck_assert_int_eq(witnesses.minor, _i);
	ck_assert_uint_gt(witnesses.count, 0);
	for (i = 0; i < witnesses.count; i++) {
		const struct reference_witness *witness = &witnesses.items[i];
		const char *shape = witness->shape + (witness->shape[0] == '^');

		ck_assert_uint_lt(witness->global, GLOBALS);
		ck_assert_int_eq(strncmp(witness->function, "runtime.", 8), 0);
		ck_assert(i == 0 || strcmp(witness[-1].function, witness->function) <= 0);
		ck_assert_uint_gt(strlen(shape), 0);
		ck_assert_uint_le(strlen(shape), CODE_REFERENCES_MAX * REFERENCE_LETTERS);
		for (letters = 0; shape[letters]; letters += 2) {
			ck_assert_ptr_nonnull(strchr("ALSMT", shape[letters]));
			ck_assert(shape[letters + 1] && strchr("01248xyz", shape[letters + 1]));
		}
	}
}
END_TEST

Suite *references_suite(void)
{
	Suite *suite = suite_create("references");
	TCase *cases = tcase_create("references");

	tcase_add_test(cases, instructions_have_letters);
	tcase_add_test(cases, others_do_not_count);
	tcase_add_test(cases, code_is_bounded);
	tcase_add_loop_test(cases, functions_by_their_names, 0, IMAGE_VARIANTS);
	tcase_add_test(cases, a_version_has_witnesses);
	tcase_add_loop_test(cases, witnesses_are_well_formed, 10,
			    reference_witnesses_of("devel").minor + 1);
	suite_add_tcase(suite, cases);
	return suite;
}
