/* SPDX-License-Identifier: MIT
 *
 * Runs a fuzz target without a fuzzing engine: on the files given, and on mutations of them, so
 * that every `make check` fuzzes a little. Usage: fuzz_X [-n MUTATIONS] [-s SEED] FILE… The same
 * targets work with libFuzzer: LLVMFuzzerTestOneInput() is all that they have.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* xorshift64*: the same seed gives the same run. */
static uint64_t state = 88172645463325252ull;

static uint64_t next_random(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717ull;
}

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes;
	long length;

	if (!file || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	rewind(file);
	bytes = memory_new((size_t)length, 1);
	*size = fread(bytes, 1, (size_t)length, file);
	fclose(file);
	return bytes;
}

/* Numbers that parsers stumble over. */
static const uint64_t odd[] = { 0,         1,          0x7f,           0x80,
				0xff,      0x7fffffff, 0x80000000,     0xffffffff,
				INT64_MAX, UINT64_MAX, UINT64_MAX - 7, 0xfffffffffffff000ull };

static void mutate(uint8_t *bytes, size_t size)
{
	int changes = 1 + (int)(next_random() % 8);

	while (changes--) {
		size_t at = next_random() % size, width = (size_t)1 << next_random() % 4;
		uint64_t number = odd[next_random() % (sizeof(odd) / sizeof(odd[0]))];

		switch (next_random() % 3) {
		case 0:
			bytes[at] ^= (uint8_t)(1u << next_random() % 8);
			break;
		case 1:
			bytes[at] = (uint8_t)next_random();
			break;
		default:
			if (width <= size - at)
				memcpy(bytes + at, &number, width);
		}
	}
}

static void run_file(const char *path, long mutations)
{
	size_t size;
	uint8_t *bytes = read_file(path, &size), *copy = memory_new(size, 1);

	LLVMFuzzerTestOneInput(bytes, size);
	while (size && mutations-- > 0) {
		/* Now and then the end is missing. */
		size_t length = next_random() % 8 ? size : next_random() % size;

		memcpy(copy, bytes, size);
		mutate(copy, size);
		LLVMFuzzerTestOneInput(copy, length);
	}
	free(copy);
	free(bytes);
}

int main(int argc, char **argv)
{
	long mutations = 200;
	int option, i;

	while ((option = getopt(argc, argv, "n:s:")) != -1) {
		if (option == 'n')
			mutations = strtol(optarg, NULL, 10);
		else if (option == 's')
			state = strtoull(optarg, NULL, 10) | 1;
		else
			return 2;
	}
	for (i = optind; i < argc; i++)
		run_file(argv[i], mutations);
	return EXIT_SUCCESS;
}
