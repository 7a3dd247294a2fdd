/* SPDX-License-Identifier: MIT
 *
 * Debug sections, inflated as far as somebody asks.
 *
 * Go's linker compresses them: plain ".debug_x" up to Go 1.10 (and with -compressdwarf=false),
 * ".zdebug_x" from 1.11 to 1.18, SHF_COMPRESSED from 1.19 on (cmd/link/internal/ld/dwarf.go,
 * compressSyms). Inflating is most of the cost of reading DWARF, and a reader that knows what it
 * looks for needs a part of the section only. ISA-L inflates it two to four times as fast as zlib:
 * 1.7 against 5.8 ms for the 1.0 MB of a small program of Go 1.27, 18-32 against 49 ms for the 8.3
 * MB of its compiler.
 *
 * The inflated bytes stand in one anonymous mapping of the full size, whose pages exist once they
 * are written: what the section claims to be costs address space and nothing else.
 */
#include <elf.h>
#include <isa-l/igzip_lib.h>
#include <sys/mman.h>

#include "base/cursor.h"
#include "base/text.h"
#include "elf/binary.h"

/* .debug_info is a quarter to a third of a binary, inflated: this is that of a file of 1.5 GB. */
enum { INFLATED_MAX = 512 << 20 };

/* Deflate expands a byte to 1032 at most (a match of 258 bytes in 2 bits). */
enum { INFLATE_RATIO_MAX = 1032 };

/* How much is inflated at a time at least: smaller steps cost calls, larger ones unused bytes. */
enum { INFLATE_STEP = 64 << 10 };

struct section_stream {
	char *name;                    /* of the section, for messages */
	const uint8_t *bytes;          /* inflated: in the file, or the mapping */
	uint64_t size;                 /* of bytes */
	uint64_t filled;               /* bytes that are valid, from the start */
	uint8_t *mapping;              /* NULL where the file has the section uncompressed */
	struct inflate_state *inflate; /* as long as there is something left to inflate */
};

static struct spy_error *corrupt(const struct section_stream *stream, const char *what)
{
	return spy_error_new(SPY_ERROR_DATA, "section %s is corrupt: %s", stream->name, what);
}

/* Sets up inflating of `packed` to `size` bytes. */
static struct spy_error *start_inflate(struct section_stream *stream, const uint8_t *packed,
				       uint64_t packed_size, uint64_t size)
{
	void *mapping;

	if (size > INFLATED_MAX || packed_size > INFLATED_MAX)
		return corrupt(stream, "it is larger than any that Go makes");
	if (size / INFLATE_RATIO_MAX > packed_size)
		return corrupt(stream, "its bytes cannot inflate to its size");
	if (size == 0)
		return NULL;
	mapping = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapping == MAP_FAILED)
		return spy_error_new(SPY_ERROR_DATA, "no address space for section %s",
				     stream->name);
	stream->mapping = mapping;
	stream->bytes = mapping;
	stream->size = size;
	stream->inflate = memory_new(1, sizeof(*stream->inflate));
	isal_inflate_init(stream->inflate);
	stream->inflate->crc_flag = ISAL_ZLIB;
	stream->inflate->next_in = (uint8_t *)(uintptr_t)packed; /* it does not write there */
	stream->inflate->avail_in = (uint32_t)packed_size;
	return NULL;
}

/* SHF_COMPRESSED: the section starts with an Elf64_Chdr. */
static struct spy_error *open_compressed(struct section_stream *stream,
					 const struct binary_section *section)
{
	struct cursor cursor = cursor_of(section->bytes, section->size);
	uint32_t type = cursor_u32(&cursor);
	uint64_t size;
	const uint8_t *packed;
	size_t packed_size;

	cursor_u32(&cursor); /* ch_reserved */
	size = cursor_u64(&cursor);
	cursor_u64(&cursor); /* ch_addralign */
	if (cursor.failed)
		return corrupt(stream, "it is too short for its header");
	if (type != ELFCOMPRESS_ZLIB)
		return spy_error_new(SPY_ERROR_DATA,
				     "section %s is compressed in another way than zlib (%u)",
				     stream->name, type);
	packed_size = cursor_left(&cursor);
	packed = cursor_take(&cursor, packed_size);
	return start_inflate(stream, packed, packed_size, size);
}

/* .zdebug_*: "ZLIB" and the inflated size, big-endian. */
static struct spy_error *open_zdebug(struct section_stream *stream,
				     const struct binary_section *section)
{
	enum { HEADER = 12 };

	if (section->size < HEADER || memcmp(section->bytes, "ZLIB", 4) != 0)
		return corrupt(stream, "it does not start with \"ZLIB\"");
	return start_inflate(stream, section->bytes + HEADER, section->size - HEADER,
			     __builtin_bswap64(load_u64(section->bytes + 4)));
}

static struct spy_error *open_section(const struct binary *binary, const char *name,
				      struct section_stream *stream)
{
	struct binary_section section;
	struct text text = { 0 };

	text_printf(&text, ".%s", name);
	stream->name = text_take(&text);
	if (binary_section(binary, stream->name, &section) && section.bytes) {
		if (section.flags & SHF_COMPRESSED)
			return open_compressed(stream, &section);
		stream->bytes = section.bytes;
		stream->size = stream->filled = section.size;
		return NULL;
	}
	free(stream->name);
	text_printf(&text, ".z%s", name);
	stream->name = text_take(&text);
	if (binary_section(binary, stream->name, &section) && section.bytes)
		return open_zdebug(stream, &section);
	return spy_error_new(SPY_ERROR_DATA, "%s has no section .%s", binary_name(binary), name);
}

struct spy_error *section_stream_open(const struct binary *binary, const char *name,
				      struct section_stream **ret)
{
	struct section_stream *stream = memory_zeroed(1, sizeof(*stream));
	struct spy_error *error = open_section(binary, name, stream);

	if (error) {
		section_stream_close(stream);
		return error;
	}
	*ret = stream;
	return NULL;
}

void section_stream_close(struct section_stream *stream)
{
	if (!stream)
		return;
	if (stream->mapping)
		munmap(stream->mapping, stream->size);
	free(stream->inflate);
	free(stream->name);
	free(stream);
}

uint64_t section_stream_size(const struct section_stream *stream)
{
	return stream->size;
}

const uint8_t *section_stream_bytes(const struct section_stream *stream)
{
	return stream->bytes;
}

struct spy_error *section_stream_need(struct section_stream *stream, uint64_t end)
{
	uint64_t left = stream->size - stream->filled;
	uint64_t step;
	int status;

	if (end <= stream->filled || left == 0)
		return NULL;
	step = end - stream->filled < INFLATE_STEP ? INFLATE_STEP : end - stream->filled;
	if (step > left)
		step = left;
	stream->inflate->next_out = stream->mapping + stream->filled;
	stream->inflate->avail_out = (uint32_t)step; /* at most INFLATED_MAX */
	status = isal_inflate(stream->inflate);
	stream->filled += step - stream->inflate->avail_out;
	if (stream->inflate->avail_out == 0)
		return NULL;
	if (status != ISAL_DECOMP_OK)
		return corrupt(stream, "its bytes are no deflate stream");
	return corrupt(stream, "it ends before its size");
}
