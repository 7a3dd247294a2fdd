/* SPDX-License-Identifier: MIT
 *
 * What `go version -m` shows. Go's linker writes it at the start of the data segment, in section
 * .go.buildinfo, aligned to 16 (cmd/link/internal/ld/data.go, buildinfo(); read back by
 * debug/buildinfo/buildinfo.go): 14 bytes of magic, the size of a pointer, flags, then
 * - Go 1.13 to 1.17: at 16 a pointer to runtime.buildVersion, at 24 one to runtime.modinfo, both
 *   Go strings; in a PIE the pointers stand in the file as the addends of their relocations;
 * - since Go 1.18 (flag 2): at 32 the two strings themselves, each after a varint of its length.
 */
#include <elf.h>

#include "base/cursor.h"
#include "base/text.h"
#include "base/vector.h"
#include "elf/image.h"

enum {
	FLAG_BIG_ENDIAN = 1,
	FLAG_INLINE = 2,
	VERSION_AT = 16, /* pointers */
	MODINFO_AT = 24,
	STRINGS_AT = 32, /* inline */
	VERSION_BYTES_MAX = 1024,
	MODINFO_BYTES_MAX = 4 * 1024 * 1024, /* a line for each module: some 100 KB at most */
	SETTINGS_MAX = 1024,
	FRAME_BYTES = 16, /* cmd/go/internal/modload/build.go: infoStart, infoEnd */
};

/* ---- the text of modinfo ------------------------------------------------------------------ */

struct span {
	const char *bytes;
	size_t size;
};

/* Cuts what stands before the first `separator` off `rest`; all of it where there is none. */
static struct span cut(struct span *rest, char separator)
{
	const char *end = rest->size ? memchr(rest->bytes, separator, rest->size) : NULL;
	struct span first = { rest->bytes, end ? (size_t)(end - rest->bytes) : rest->size };
	size_t used = first.size + (end != NULL);

	*rest = (struct span){ rest->bytes + used, rest->size - used };
	return first;
}

static bool equals(struct span span, const char *string)
{
	return span.size == strlen(string) && memcmp(span.bytes, string, span.size) == 0;
}

static void add_utf8(struct text *text, uint32_t point)
{
	char bytes[4];

	if (point < 0x80) {
		bytes[0] = (char)point;
		text_add_bytes(text, bytes, 1);
	} else if (point < 0x800) {
		bytes[0] = (char)(0xc0 | point >> 6);
		bytes[1] = (char)(0x80 | (point & 0x3f));
		text_add_bytes(text, bytes, 2);
	} else if (point < 0x10000) {
		bytes[0] = (char)(0xe0 | point >> 12);
		bytes[1] = (char)(0x80 | (point >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (point & 0x3f));
		text_add_bytes(text, bytes, 3);
	} else {
		bytes[0] = (char)(0xf0 | point >> 18);
		bytes[1] = (char)(0x80 | (point >> 12 & 0x3f));
		bytes[2] = (char)(0x80 | (point >> 6 & 0x3f));
		bytes[3] = (char)(0x80 | (point & 0x3f));
		text_add_bytes(text, bytes, 4);
	}
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* The escapes with a number: \ooo, \xhh, \uhhhh, \Uhhhhhhhh. */
static bool unquote_number(struct span *rest, char kind, struct text *text)
{
	size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 3, i;
	int base = digits == 3 ? 8 : 16;
	uint32_t value = 0;
	char byte;

	if (rest->size < digits)
		return false;
	for (i = 0; i < digits; i++) {
		int next = digit(rest->bytes[i]);

		if (next >= base)
			return false;
		value = value * (uint32_t)base + (uint32_t)next;
	}
	*rest = (struct span){ rest->bytes + digits, rest->size - digits };
	if (digits >= 4 && (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)))
		return false;
	if (digits >= 4) {
		add_utf8(text, value);
		return true;
	}
	byte = (char)value;
	text_add_bytes(text, &byte, 1);
	return value <= 0xff;
}

static bool unquote_escape(struct span *rest, struct text *text)
{
	static const char letters[] = "abfnrtv\\\"'", bytes[] = "\a\b\f\n\r\t\v\\\"'";
	const char *letter;
	char kind;

	if (!rest->size)
		return false;
	kind = *rest->bytes;
	letter = kind ? strchr(letters, kind) : NULL;
	if (!letter && kind >= '0' && kind <= '7')
		return unquote_number(rest, kind, text);
	*rest = (struct span){ rest->bytes + 1, rest->size - 1 };
	if (!letter)
		return (kind == 'x' || kind == 'u' || kind == 'U') &&
		       unquote_number(rest, kind, text);
	text_add_bytes(text, bytes + (letter - letters), 1);
	return true;
}

/* Cuts a word off that is quoted as Go's strconv.Quote does, or with backquotes, or ends before
 * `separator`. False where a quotation is broken. */
static bool cut_word(struct span *rest, char separator, struct text *text)
{
	char quote = rest->size ? *rest->bytes : '\0';
	struct span word;

	if (quote != '"' && quote != '`') {
		word = cut(rest, separator);
		text_add_bytes(text, word.bytes, word.size);
		return true;
	}
	for (*rest = (struct span){ rest->bytes + 1, rest->size - 1 }; rest->size;) {
		char byte = *rest->bytes;

		*rest = (struct span){ rest->bytes + 1, rest->size - 1 };
		if (byte == quote) {
			if (rest->size && *rest->bytes == separator)
				*rest = (struct span){ rest->bytes + 1, rest->size - 1 };
			return true;
		}
		if (byte == '\\' && quote == '"') {
			if (!unquote_escape(rest, text))
				return false;
		} else {
			text_add_bytes(text, &byte, 1);
		}
	}
	return false;
}

/* KEY=VALUE. Since Go 1.18; debug.BuildInfo.String() writes, debug.ParseBuildInfo() reads it. */
static bool parse_setting(struct span line, struct arena *arena, struct spy_setting *ret)
{
	struct text key = { 0 }, value = { 0 };
	bool ok = cut_word(&line, '=', &key) && cut_word(&line, '\n', &value);

	if (ok) {
		ret->key = arena_string(arena, key.bytes ? key.bytes : "");
		ret->value = arena_string(arena, value.bytes ? value.bytes : "");
	}
	text_free(&key);
	text_free(&value);
	return ok;
}

void build_info_parse(const char *modinfo, size_t size, struct arena *arena,
		      struct binary_build_info *ret)
{
	VECTOR(struct spy_setting) settings = { 0 };
	struct span rest;

	if (size < 2 * FRAME_BYTES || size > MODINFO_BYTES_MAX)
		return;
	rest = (struct span){ modinfo + FRAME_BYTES, size - 2 * FRAME_BYTES };
	while (rest.size) {
		struct span line = cut(&rest, '\n'), kind = cut(&line, '\t');
		struct spy_setting setting;

		if (equals(kind, "path") && !ret->path) {
			ret->path = arena_bytes(arena, line.bytes, line.size);
		} else if (equals(kind, "mod") && !ret->module) {
			struct span module = cut(&line, '\t'), version = cut(&line, '\t');

			ret->module = arena_bytes(arena, module.bytes, module.size);
			ret->module_version = arena_bytes(arena, version.bytes, version.size);
		} else if (equals(kind, "build") && settings.count < SETTINGS_MAX &&
			   parse_setting(line, arena, &setting)) {
			*vector_push(&settings) = setting;
		}
	}
	ret->setting_count = settings.count;
	ret->settings = arena_alloc(arena, settings.count, sizeof(*ret->settings));
	if (settings.count)
		memcpy(ret->settings, settings.items, settings.count * sizeof(*ret->settings));
	vector_free(&settings);
}

/* ---- where it stands ---------------------------------------------------------------------- */

static struct spy_error *broken(const struct binary *binary, const char *what)
{
	return spy_error_new(SPY_ERROR_DATA, "%s is corrupt: its Go build info %s", binary->name,
			     what);
}

/* `size` bytes at an address, NUL-terminated and owned by the caller; NULL if the file does not
 * have them. */
static char *copy_string(const struct binary *binary, uint64_t address, uint64_t size, uint64_t max)
{
	char *bytes _cleanup_free_ = NULL;

	if (size > max)
		return NULL;
	bytes = memory_new(size + 1, 1);
	if (!binary_read(binary, address, bytes, size))
		return NULL;
	bytes[size] = '\0';
	return TAKE(bytes);
}

struct strings {
	uint64_t version, version_size; /* address and size */
	uint64_t modinfo, modinfo_size;
};

static bool is_bss(const struct binary *binary, uint64_t address)
{
	size_t i;

	for (i = 0; i < binary->segment_count; i++) {
		const struct binary_segment *segment = &binary->segments[i];
		uint64_t offset = address - segment->address;

		if (offset >= segment->file_bytes && offset < segment->memory_bytes)
			return true;
	}
	return false;
}

/* The Go string header {pointer, length} that the pointer at `address` points at. An empty string
 * variable stands in .bss: runtime.modinfo of a GOPATH build. */
static bool follow(const struct binary *binary, uint64_t address, bool swap, uint64_t *string,
		   uint64_t *size)
{
	uint64_t pointer, header[2];

	if (!binary_read(binary, address, &pointer, sizeof(pointer)))
		return false;
	if (swap)
		pointer = __builtin_bswap64(pointer);
	if (!pointer || is_bss(binary, pointer)) {
		*string = *size = 0;
		return true;
	}
	if (!binary_read(binary, pointer, header, sizeof(header)))
		return false;
	*string = swap ? __builtin_bswap64(header[0]) : header[0];
	*size = swap ? __builtin_bswap64(header[1]) : header[1];
	return true;
}

/* A varint at *address, which moves past it and what it is the length of. */
static bool skip_string(const struct binary *binary, uint64_t *address, uint64_t *string,
			uint64_t *size)
{
	unsigned shift;
	uint8_t byte;

	*size = 0;
	for (shift = 0; shift < 63; shift += 7) {
		if (!binary_read(binary, (*address)++, &byte, 1))
			return false;
		*size |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		*string = *address;
		*address += *size;
		return *address >= *string;
	}
	return false;
}

static bool find_strings(const struct binary *binary, uint64_t address, uint8_t pointer_size,
			 uint8_t flags, struct strings *ret)
{
	uint64_t next = address + STRINGS_AT;
	bool swap = flags & FLAG_BIG_ENDIAN;

	if (flags & FLAG_INLINE)
		return skip_string(binary, &next, &ret->version, &ret->version_size) &&
		       skip_string(binary, &next, &ret->modinfo, &ret->modinfo_size);
	return pointer_size == 8 &&
	       follow(binary, address + VERSION_AT, swap, &ret->version, &ret->version_size) &&
	       follow(binary, address + MODINFO_AT, swap, &ret->modinfo, &ret->modinfo_size);
}

struct spy_error *binary_build_info(const struct binary *binary, struct arena *arena,
				    struct binary_build_info *ret)
{
	uint64_t address = build_info_address(binary);
	char *version _cleanup_free_ = NULL, *modinfo _cleanup_free_ = NULL;
	struct strings strings = { 0 };
	uint8_t head[VERSION_AT];

	if (!address) {
		*ret = (struct binary_build_info){ 0 };
		return NULL;
	}
	if (!binary_read(binary, address, head, sizeof(head)) ||
	    !find_strings(binary, address, head[14], head[15], &strings))
		return broken(binary, "points outside the file");
	version = copy_string(binary, strings.version, strings.version_size, VERSION_BYTES_MAX);
	modinfo = copy_string(binary, strings.modinfo, strings.modinfo_size, MODINFO_BYTES_MAX);
	if ((strings.version_size && !version) || (strings.modinfo_size && !modinfo))
		return broken(binary, "has strings that are not in the file");
	*ret = (struct binary_build_info){ 0 };
	if (strings.version_size)
		ret->go_version = arena_bytes(arena, version, strings.version_size);
	if (strings.modinfo_size)
		build_info_parse(modinfo, strings.modinfo_size, arena, ret);
	return NULL;
}
