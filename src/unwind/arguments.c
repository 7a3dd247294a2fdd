/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"
#include "base/text.h"
#include "unwind/place.h"

/* internal/abi/symtab.go: TraceArgs…; runtime/traceback.go: printArgs (1.17+). */
enum {
	ARGS_END = 0xff,
	ARGS_START_AGGREGATE = 0xfe,
	ARGS_END_AGGREGATE = 0xfd,
	ARGS_DOTDOTDOT = 0xfc,
	ARGS_OFFSET_TOO_LARGE = 0xfb,
};
/* internal/abi/symtab.go: TraceArgsMaxLen is below this. */
enum { DESCRIPTION_MAX = 256 };
/* runtime/traceback.go (to 1.16): words that are printed. */
enum { WORDS_MAX = 10 };

static void add_word(struct text *text, const struct copy *copy, uint64_t address, uint8_t size,
		     bool live)
{
	const uint8_t *bytes = size && size <= 8 ? copy_at(copy, address, size) : NULL;
	uint64_t value = 0;

	if (!bytes) {
		text_add(text, "_");
		return;
	}
	memcpy(&value, bytes, size);
	text_printf(text, "0x%llx%s", (unsigned long long)value, live ? "" : "?");
}

static void add_described(struct text *text, const struct place *place, const struct copy *copy,
			  uint64_t area, uint64_t pc)
{
	size_t size;
	const uint8_t *info = pclntab_arg_info(place->tab, &place->func, &size);
	struct cursor cursor = cursor_of(info, info ? size : 0);
	uint8_t live_start = pclntab_arg_live_start(place->tab, &place->func);
	bool start = true;
	uint8_t slot = 0;

	if (!info)
		return;
	while (cursor.position < DESCRIPTION_MAX) {
		uint8_t code = cursor_u8(&cursor), bytes;

		if (cursor.failed || code == ARGS_END)
			return;
		if (!start && code != ARGS_END_AGGREGATE)
			text_add(text, ", ");
		start = false;
		switch (code) {
		case ARGS_START_AGGREGATE:
			text_add(text, "{");
			start = true;
			break;
		case ARGS_END_AGGREGATE:
			text_add(text, "}");
			break;
		case ARGS_DOTDOTDOT:
			text_add(text, "...");
			break;
		case ARGS_OFFSET_TOO_LARGE:
			text_add(text, "_");
			break;
		default:
			bytes = cursor_u8(&cursor);
			add_word(text, copy, area + code, bytes,
				 pclntab_arg_is_live(place->tab, &place->func, pc, code, slot));
			slot += code >= live_start;
		}
	}
}

static void add_words(struct text *text, const struct place *place, const struct copy *copy,
		      uint64_t area)
{
	/* A negative size is that of a variadic function: more than are printed. */
	uint32_t words = place->func.args < 0 ? UINT32_MAX : (uint32_t)place->func.args / 8, i;

	for (i = 0; i < words && i < WORDS_MAX; i++) {
		if (i)
			text_add(text, ", ");
		add_word(text, copy, area + (uint64_t)i * 8, 8, true);
	}
	if (words > WORDS_MAX)
		text_add(text, ", ...");
}

const char *place_arguments(struct unwinder *unwinder, const struct place *place,
			    const struct copy *copy, uint64_t argument_area, uint64_t pc)
{
	struct text text = { 0 };
	const char *string;

	if (unwinder->traits->arguments == ARGUMENTS_DESCRIBED)
		add_described(&text, place, copy, argument_area, pc);
	else
		add_words(&text, place, copy, argument_area);
	string = text.bytes ? arena_bytes(unwinder->arena, text.bytes, text.length) : "";
	text_free(&text);
	return string;
}
