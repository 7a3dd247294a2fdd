/* SPDX-License-Identifier: MIT
 *
 * Contexts, and errors of the standard library.
 */
#include "values/meaning.h"

/* ---- errors ------------------------------------------------------------------------------- */

/* errors.errorString has `s`, those of fmt.Errorf have `msg`. */
bool meaning_message(struct value_reader *reader, const struct value_place *place,
		     struct text *text, unsigned depth)
{
	(void)depth;
	return meaning_add_string(reader, place, "s", text) ||
	       meaning_add_string(reader, place, "msg", text);
}

static bool add_error(struct value_reader *reader, const struct value_place *place,
		      struct text *text, unsigned depth)
{
	struct value_place error;

	return meaning_field(reader, place, "Err", &error) &&
	       meaning_add_held(reader, &error, text, depth);
}

/* io/fs/fs.go: PathError.Error */
bool meaning_path_error(struct value_reader *reader, const struct value_place *place,
			struct text *text, unsigned depth)
{
	if (!meaning_add_string(reader, place, "Op", text))
		return false;
	text_add(text, " ");
	if (!meaning_add_string(reader, place, "Path", text))
		return false;
	text_add(text, ": ");
	return add_error(reader, place, text, depth);
}

/* os/error.go: SyscallError.Error */
bool meaning_syscall_error(struct value_reader *reader, const struct value_place *place,
			   struct text *text, unsigned depth)
{
	if (!meaning_add_string(reader, place, "Syscall", text))
		return false;
	text_add(text, ": ");
	return add_error(reader, place, text, depth);
}

bool meaning_errno(struct value_reader *reader, const struct value_place *place, struct text *text,
		   unsigned depth)
{
	const char *name = NULL;
	int64_t number;

	(void)depth;
	if (!meaning_number(reader, place, &number) || !number)
		return false;
	if (number > 0 && number < 4096)
		name = strerrorname_np((int)number);
	if (!name)
		return false;
	text_add(text, name);
	return true;
}

/* ---- contexts: context/context.go ---------------------------------------------------------- */

static bool is_context(const struct value_type *type, const char *name)
{
	return strcmp(type->told.name, name) == 0;
}

static bool is_set(struct value_reader *reader, const struct value_place *from, const char *path)
{
	struct value_place at;
	uint8_t words[2 * WORD];

	if (!meaning_field(reader, from, path, &at) || at.type->size != sizeof(words))
		return false;
	if (at.bytes)
		memcpy(words, at.bytes, sizeof(words));
	else if (!memory_read(&reader->memory, at.address, words, sizeof(words)))
		return false;
	return load_u64(words) != 0;
}

/* "cancelled: context canceled"; `err` is an error, since Go 1.25 in an atomic.Value. */
static void add_cancelled(struct value_reader *reader, const struct value_place *cancel,
			  struct text *text, unsigned depth)
{
	const char *path = is_set(reader, cancel, "err.v") ? "err.v" : "err";
	struct value_place error;

	if (!is_set(reader, cancel, path)) {
		text_add(text, "open");
		return;
	}
	text_add(text, "cancelled");
	if (meaning_field(reader, cancel, path, &error)) {
		text_add(text, ": ");
		meaning_add_held(reader, &error, text, depth);
	}
}

static void add_value(struct value_reader *reader, const struct value_place *place,
		      struct text *text)
{
	struct value_place key;

	text_add(text, "value of ");
	if (!meaning_field(reader, place, "key", &key) ||
	    spy_error_caught(value_assert(reader, &key, NULL, &key))) {
		text_add(text, "?");
		return;
	}
	text_add_escaped(text, key.type->told.name, strlen(key.type->told.name));
	if (key.type->kind == GO_KIND_STRING) {
		int64_t length = 0;
		const uint8_t *bytes = meaning_bytes(reader, &key, MEANING_STRING_MAX, &length);

		if (bytes && length <= MEANING_STRING_MAX) {
			text_add(text, " \"");
			text_add_escaped(text, (const char *)bytes, (size_t)length);
			text_add(text, "\"");
		}
	}
}

/* Up to Go 1.20 both are of one type, and are told apart by the variables that lead to them. */
static const char *name_of_empty(struct value_reader *reader, uint64_t address)
{
	uint64_t to;

	if (meaning_variable(reader, READER_CONTEXT_BACKGROUND, &to) && to == address)
		return "Background";
	if (meaning_variable(reader, READER_CONTEXT_TODO, &to) && to == address)
		return "TODO";
	return "empty context";
}

/* One context, and in *parent that which it is made of, if there is one. */
static bool add_context(struct value_reader *reader, const struct value_place *place,
			struct text *text, unsigned depth, struct value_place *parent)
{
	const struct value_type *type = place->type;
	struct value_place at;
	int64_t number = 0;

	parent->type = NULL;
	if (is_context(type, "context.backgroundCtx") || is_context(type, "context.todoCtx")) {
		text_add(text, is_context(type, "context.todoCtx") ? "TODO" : "Background");
		return true;
	}
	if (is_context(type, "context.emptyCtx")) {
		text_add(text, name_of_empty(reader, place->address));
		return true;
	}
	if (is_context(type, "context.valueCtx")) {
		add_value(reader, place, text);
		return meaning_field(reader, place, "Context", parent);
	}
	if (is_context(type, "context.withoutCancelCtx")) {
		text_add(text, "without cancel");
		return meaning_field(reader, place, "c", parent);
	}
	if (is_context(type, "context.stopCtx")) {
		text_add(text, "stop");
		return meaning_field(reader, place, "Context", parent);
	}
	if (is_context(type, "context.cancelCtx")) {
		add_cancelled(reader, place, text, depth);
		return meaning_field(reader, place, "Context", parent);
	}
	/* timerCtx, afterFuncCtx: around a cancelCtx, to Go 1.9 and since 1.21 not by a pointer. */
	if (!meaning_field(reader, place, "cancelCtx", &at) ||
	    (at.type->kind == GO_KIND_POINTER && !meaning_number(reader, &at, &number)))
		return false;
	add_cancelled(reader, &at, text, depth);
	if (meaning_field(reader, place, "deadline", &at)) {
		text_add(text, ", deadline ");
		meaning_time(reader, &at, text, depth);
		return meaning_field(reader, place, "cancelCtx.Context", parent);
	}
	return meaning_field(reader, place, "cancelCtx.Context", parent);
}

bool meaning_context(struct value_reader *reader, const struct value_place *place,
		     struct text *text, unsigned depth)
{
	struct value_place at = *place, parent;

	for (unsigned i = 0; i < MEANING_DEPTH_MAX; i++) {
		if (i)
			text_add(text, " < ");
		if (!add_context(reader, &at, text, depth, &parent))
			return i > 0;
		if (!parent.type || spy_error_caught(value_assert(reader, &parent, NULL, &at)))
			return true;
		if (at.type->kind == GO_KIND_POINTER &&
		    spy_error_caught(value_deref(reader, &at, &at)))
			return true;
		if (!at.type->meaning || at.type->meaning->say != meaning_context) {
			text_add(text, " < ");
			text_add_escaped(text, at.type->told.name, strlen(at.type->told.name));
			return true;
		}
	}
	text_add(text, " < …");
	return true;
}
