/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "runtime/type_records.h"

/* Flags of a name (internal/abi/type.go: Name; the same in runtime/type.go before 1.21). */
enum {
	NAME_EXPORTED = 1 << 0,
	NAME_HAS_TAG = 1 << 1,
	NAME_EMBEDDED = 1 << 3, /* 1.19+; before in struct field's offsetAnon */
};

enum { LENGTH_BYTES_MAX = 4, TYPE_BYTES_MAX = 256 };

/* A length and its text: two bytes, big-endian, up to Go 1.16; a varint since. The text is copied
 * to the arena; *after is the address behind it. */
static const char *counted_text(struct go_runtime *runtime, uint64_t address, bool skip_star,
				struct arena *arena, uint64_t *after)
{
	uint8_t buffer[LENGTH_BYTES_MAX], *string _cleanup_free_ = NULL;
	/* The shorter one first: the text may end with the last readable page. */
	size_t bytes = runtime->layout.traits->type_names_have_varint ? 1 : 2;
	struct cursor cursor = { .failed = true };
	const uint8_t *text;
	uint64_t size = 0;

	for (; cursor.failed && bytes <= sizeof(buffer); bytes++) {
		const uint8_t *head = type_bytes_at(runtime, address, bytes, buffer);

		if (!head)
			return NULL;
		cursor = cursor_of(head, bytes);
		if (runtime->layout.traits->type_names_have_varint) {
			size = cursor_uvarint(&cursor);
		} else {
			size = (uint64_t)cursor_u8(&cursor) << 8;
			size |= cursor_u8(&cursor);
		}
	}
	if (cursor.failed || size > TYPE_NAME_BYTES_MAX)
		return NULL;
	*after = address + cursor.position + size;
	if (!size)
		return "";
	string = memory_new(size, 1);
	text = type_bytes_at(runtime, address + cursor.position, size, string);
	if (!text)
		return NULL;
	if (skip_star && text[0] == '*')
		return arena_bytes(arena, text + 1, size - 1);
	return arena_bytes(arena, text, size);
}

bool type_name_at(struct go_runtime *runtime, uint64_t address, bool skip_star, struct arena *arena,
		  struct type_name *ret)
{
	uint8_t buffer[1];
	const uint8_t *flags = address ? type_bytes_at(runtime, address, 1, buffer) : NULL;
	struct type_name name = { .tag = "" };
	uint64_t after;

	if (!flags)
		return false;
	name.exported = *flags & NAME_EXPORTED;
	name.embedded = *flags & NAME_EMBEDDED;
	name.text = counted_text(runtime, address + 1, skip_star, arena, &after);
	if (name.text && *flags & NAME_HAS_TAG)
		name.tag = counted_text(runtime, after, false, arena, &after);
	if (!name.text || !name.tag)
		return false;
	*ret = name;
	return true;
}

const char *go_type_name(struct go_runtime *runtime, uint64_t type, struct arena *arena)
{
	const struct runtime_layout *layout = &runtime->layout;
	size_t size = layout_size(layout, SIZE_type);
	uint8_t buffer[TYPE_BYTES_MAX];
	const uint8_t *descriptor;
	struct type_name name;
	uint64_t at;

	if (!type || !size || size > sizeof(buffer) || !layout_has(layout, FIELD_type_str) ||
	    !type_module_at(runtime, type))
		return NULL;
	descriptor = type_bytes_at(runtime, type, size, buffer);
	if (!descriptor)
		return NULL;
	at = type_offset_at(runtime, type, layout_number(layout, FIELD_type_str, descriptor));
	if (!type_name_at(runtime, at,
			  layout_number(layout, FIELD_type_tflag, descriptor) & TFLAG_EXTRA_STAR,
			  arena, &name) ||
	    !name.text[0])
		return NULL;
	return name.text;
}

/* ---- names of types that reflect made --------------------------------------------------------
 *
 * Their descriptor names an entry of a map of the runtime (reflectOffs) instead of a text. But
 * reflect composes the text from those of the types it was given, reflect/type.go: SliceOf,
 * ArrayOf, ChanOf, MapOf, FuncOf, StructOf, PtrTo.
 */

/* Adds the name of a type; false if it has none, or the whole gets too long. */
static bool add_name(struct go_types *types, uint64_t address, unsigned depth, struct text *text)
{
	const struct type_record *record = type_record_get(types, address, depth + 1);

	if (!record || !record->type.name ||
	    text->length + strlen(record->type.name) > TYPE_NAME_BYTES_MAX)
		return false;
	text_add(text, record->type.name);
	return true;
}

static bool add_chan(struct go_types *types, const struct go_type *type, unsigned depth,
		     struct text *text)
{
	const struct type_record *elem = type_record_get(types, type->elem, depth + 1);

	/* Go 1.16 began to set "chan (<-chan int)" in parentheses: rather none than a wrong one. */
	if (!elem || !elem->type.name ||
	    (type->direction == (GO_CHAN_RECEIVES | GO_CHAN_SENDS) && elem->type.name[0] == '<'))
		return false;
	text_add(text, type->direction == GO_CHAN_RECEIVES ? "<-chan "
		       : type->direction == GO_CHAN_SENDS  ? "chan<- "
							   : "chan ");
	return add_name(types, type->elem, depth, text);
}

static bool add_func(struct go_types *types, const struct go_type *type, unsigned depth,
		     struct text *text)
{
	size_t count = (size_t)type->in_count + type->out_count, i;
	const uint64_t *parameters;

	if (!go_types_parameters(types, type, &parameters))
		return false;
	text_add(text, "func(");
	for (i = 0; i < count; i++) {
		const struct type_record *last;
		uint64_t address = parameters[i];

		if (i == type->in_count)
			text_add(text, type->out_count > 1 ? ") (" : ") ");
		else if (i)
			text_add(text, ", ");
		if (type->variadic && i + 1 == type->in_count) {
			last = type_record_get(types, address, depth + 1);
			if (!last || last->type.kind != GO_KIND_SLICE)
				return false;
			text_add(text, "...");
			address = last->type.elem;
		}
		if (!add_name(types, address, depth, text))
			return false;
	}
	if (type->out_count != 1)
		text_add(text, ")");
	return true;
}

/* strconv.Quote of a tag of plain characters. */
static bool add_quoted(const char *tag, struct text *text)
{
	text_add(text, " \"");
	for (; *tag; tag++) {
		if (*tag < ' ' || *tag > '~')
			return false;
		if (*tag == '"' || *tag == '\\')
			text_add(text, "\\");
		text_add_bytes(text, tag, 1);
	}
	text_add(text, "\"");
	return true;
}

static bool add_struct(struct go_types *types, const struct go_type *type, unsigned depth,
		       struct text *text)
{
	const struct go_type_field *fields;
	size_t i;

	if (!go_types_fields(types, type, &fields))
		return false;
	text_add(text, "struct {");
	for (i = 0; i < type->field_count; i++) {
		/* How an embedded one is spelled has changed between versions. */
		if (!fields[i].name || fields[i].embedded || text->length > TYPE_NAME_BYTES_MAX)
			return false;
		text_printf(text, "%s%s ", i ? "; " : " ", fields[i].name);
		if (!add_name(types, fields[i].type, depth, text) ||
		    (fields[i].tag[0] && !add_quoted(fields[i].tag, text)))
			return false;
	}
	text_add(text, type->field_count ? " }" : "}");
	return true;
}

static bool add_composed(struct go_types *types, const struct go_type *type, unsigned depth,
			 struct text *text)
{
	switch (type->kind) {
	case GO_KIND_ARRAY:
		text_printf(text, "[%llu]", (unsigned long long)type->length);
		return add_name(types, type->elem, depth, text);
	case GO_KIND_CHAN:
		return add_chan(types, type, depth, text);
	case GO_KIND_FUNC:
		return add_func(types, type, depth, text);
	case GO_KIND_MAP:
		text_add(text, "map[");
		if (!add_name(types, type->key, depth, text))
			return false;
		text_add(text, "]");
		return add_name(types, type->elem, depth, text);
	case GO_KIND_POINTER:
		text_add(text, "*");
		return add_name(types, type->elem, depth, text);
	case GO_KIND_SLICE:
		text_add(text, "[]");
		return add_name(types, type->elem, depth, text);
	case GO_KIND_STRUCT:
		return add_struct(types, type, depth, text);
	default:
		return false;
	}
}

const char *type_name_composed(struct go_types *types, const struct type_record *record,
			       unsigned depth)
{
	struct text text _cleanup_(text_free) = { 0 };

	if (!add_composed(types, &record->type, depth, &text) || text.length > TYPE_NAME_BYTES_MAX)
		return NULL;
	return arena_bytes(&types->arena, text.bytes, text.length);
}
