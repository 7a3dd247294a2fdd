/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"
#include "base/text.h"
#include "base/vector.h"
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
enum { WORDS_MAX = 10, WORD = 8 };

/* What is printed for the arguments of a function at a pc: texts, and words of the stack between.
 */
struct argument {
	const char *text; /* before the word */
	uint8_t offset;   /* of the word in the argument area */
	uint8_t size;     /* 0: there is no word, only the text */
	bool dead;        /* it may be overwritten: a "?" follows */
	bool known;       /* the word was copied */
	uint64_t value;   /* of the stack that was looked at last */
};

struct arguments {
	struct argument *items;
	size_t count;
	const char *last; /* what was printed the last time; NULL: nothing so far */
};

/* The description of one place, in the making. */
struct description {
	VECTOR(struct argument) items;
	bool start; /* no comma before the next */
};

static struct argument *add_item(struct description *description, const char *text,
				 const char *text_after_comma)
{
	struct argument *item = vector_push(&description->items);

	item->text = description->start ? text : text_after_comma;
	description->start = false;
	return item;
}

static void describe(const struct place *place, uint64_t pc, struct description *ret)
{
	size_t size;
	const uint8_t *info = pclntab_arg_info(place->tab, &place->func, &size);
	struct cursor cursor = cursor_of(info, info ? size : 0);
	uint8_t live_start = pclntab_arg_live_start(place->tab, &place->func), slot = 0;

	while (info && cursor.position < DESCRIPTION_MAX) {
		uint8_t code = cursor_u8(&cursor);
		struct argument *item;

		if (cursor.failed || code == ARGS_END)
			return;
		switch (code) {
		case ARGS_START_AGGREGATE:
			add_item(ret, "{", ", {");
			ret->start = true;
			break;
		case ARGS_END_AGGREGATE:
			add_item(ret, "}", "}");
			break;
		case ARGS_DOTDOTDOT:
			add_item(ret, "...", ", ...");
			break;
		case ARGS_OFFSET_TOO_LARGE:
			add_item(ret, "_", ", _");
			break;
		default:
			item = add_item(ret, "", ", ");
			item->offset = code;
			item->size = cursor_u8(&cursor);
			item->dead = !pclntab_arg_is_live(place->tab, &place->func, pc, code, slot);
			slot += code >= live_start;
		}
	}
}

/* Up to 1.16: the first words of the argument area, whatever they are. */
static void describe_words(const struct place *place, struct description *ret)
{
	/* A negative size is that of a variadic function: more than are printed. */
	uint32_t words = place->func.args < 0 ? UINT32_MAX : (uint32_t)place->func.args / WORD, i;

	for (i = 0; i < words && i < WORDS_MAX; i++) {
		struct argument *item = add_item(ret, "", ", ");

		item->offset = (uint8_t)(i * WORD);
		item->size = WORD;
	}
	if (words > WORDS_MAX)
		add_item(ret, "...", ", ...");
}

static struct arguments *arguments_of(struct unwinder *unwinder, struct calls *calls,
				      const struct place *place)
{
	struct description description = { .start = true };
	struct arguments *arguments;

	if (calls->arguments)
		return calls->arguments;
	if (unwinder->traits->arguments == ARGUMENTS_DESCRIBED)
		describe(place, calls->argument_pc, &description);
	else
		describe_words(place, &description);
	arguments = arena_alloc(unwinder->arena, 1, sizeof(*arguments));
	arguments->count = description.items.count;
	arguments->items = arena_alloc(unwinder->arena, arguments->count, sizeof(struct argument));
	if (arguments->count)
		memcpy(arguments->items, description.items.items,
		       arguments->count * sizeof(struct argument));
	vector_free(&description.items);
	calls->arguments = arguments;
	return arguments;
}

static char *add_hex(char *at, uint64_t value)
{
	unsigned digits = value ? (67u - (unsigned)__builtin_clzll(value)) / 4 : 1;

	*at++ = '0';
	*at++ = 'x';
	while (digits--)
		*at++ = "0123456789abcdef"[value >> (digits * 4) & 15];
	return at;
}

/* Takes the words out of a stack. False if they are all the same as the last time. */
static bool take_words(struct arguments *arguments, const struct stack_bytes *stack,
		       uint64_t argument_area)
{
	bool differ = false;
	size_t i;

	for (i = 0; i < arguments->count; i++) {
		struct argument *item = &arguments->items[i];
		uint64_t value = 0;
		const void *word = NULL;

		if (item->size && item->size <= WORD)
			word = stack_at(stack, argument_area + item->offset, item->size);
		if (word)
			memcpy(&value, word, item->size);
		differ = differ || item->value != value || item->known != (word != NULL);
		item->value = value;
		item->known = word;
	}
	return differ;
}

const char *place_arguments(struct unwinder *unwinder, struct calls *calls,
			    const struct place *place, const struct stack_bytes *stack,
			    uint64_t argument_area)
{
	/* The longest item: ", ..." or ", 0x" with 16 digits and "?". */
	enum { ITEM_BYTES_MAX = 24, ITEMS_MAX = DESCRIPTION_MAX };
	struct arguments *arguments = arguments_of(unwinder, calls, place);
	char line[ITEM_BYTES_MAX * ITEMS_MAX], *at = line;
	size_t i;

	/* Goroutines that stand at the same place often have the same arguments. */
	if (!take_words(arguments, stack, argument_area) && arguments->last)
		return arguments->last;
	for (i = 0; i < arguments->count && i < ITEMS_MAX; i++) {
		const struct argument *item = &arguments->items[i];

		at = stpcpy(at, item->text);
		if (!item->size)
			continue;
		if (item->known)
			at = add_hex(at, item->value);
		else
			*at++ = '_';
		if (item->dead)
			*at++ = '?';
	}
	arguments->last = arena_bytes(unwinder->arena, line, (size_t)(at - line));
	return arguments->last;
}
