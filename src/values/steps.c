/* SPDX-License-Identifier: MIT
 *
 * From one value to another: fields, elements, keys, pointers, ranges, what interfaces hold.
 */
#include "values/maps.h"
#include "values/reader.h"

enum {
	EMBEDDED_MAX = 256, /* structs in each other that are looked through for a field */
	KEY_NAMES_MAX = 512,
	KEY_NAME_BYTES_MAX = 256,
};

static struct spy_error *usage(const struct value_place *from, const char *what)
{
	return spy_error_new(SPY_ERROR_USAGE, "a value of type %s has no %s", from->type->told.name,
			     what);
}

struct value_place value_place_at(struct value_reader *reader, uint64_t address, uint64_t die)
{
	return (struct value_place){ .type = value_types_by_die(reader->types, die),
				     .address = address };
}

/* The bytes of a value that is not large: those of the place, or in the buffer. */
static struct spy_error *bytes_of(struct value_reader *reader, const struct value_place *place,
				  uint8_t *buffer, size_t size, const uint8_t **ret)
{
	*ret = place->bytes;
	if (*ret)
		return NULL;
	*ret = buffer;
	if (!memory_read(&reader->memory, place->address, buffer, size))
		return spy_error_fault(place->address, size);
	return NULL;
}

static struct spy_error *word_of(struct value_reader *reader, const struct value_place *place,
				 uint64_t *ret)
{
	uint8_t buffer[WORD];
	const uint8_t *bytes;

	TRY(bytes_of(reader, place, buffer, sizeof(buffer), &bytes));
	*ret = load_u64(bytes);
	return NULL;
}

const uint8_t *value_own_bytes(struct value_reader *reader, const struct value_place *place,
			       size_t max, size_t *size)
{
	size_t bytes = place->type->size < max ? place->type->size : max;
	uint8_t *copy;

	if (place->type->kind == GO_KIND_INVALID)
		return NULL;
	*size = bytes;
	if (place->bytes)
		return place->bytes;
	copy = arena_alloc(&reader->scratch, bytes, 1);
	return memory_load(&reader->memory, place->address, copy, bytes) ? copy : NULL;
}

struct value_place value_place_of_int(struct value_reader *reader, int64_t number)
{
	return (struct value_place){
		.type = value_types_basic(reader->types, GO_KIND_INT),
		.bytes = (const uint8_t *)arena_bytes(&reader->scratch, &number, sizeof(number)),
	};
}

/* ---- pointers and interfaces -------------------------------------------------------------- */

struct spy_error *value_deref(struct value_reader *reader, const struct value_place *from,
			      struct value_place *ret)
{
	struct value_place to = { .type = NULL };

	if (from->type->kind != GO_KIND_POINTER)
		return spy_error_new(SPY_ERROR_USAGE, "a value of type %s is no pointer",
				     from->type->told.name);
	TRY(word_of(reader, from, &to.address));
	if (!to.address)
		return spy_error_new(SPY_ERROR_USAGE, "the pointer of type %s is nil",
				     from->type->told.name);
	to.type = value_type_elem(reader->types, from->type);
	*ret = to;
	return NULL;
}

struct spy_error *value_assert(struct value_reader *reader, const struct value_place *from,
			       const char *name, struct value_place *ret)
{
	uint8_t buffer[2 * WORD];
	struct value_place words = *from, held;
	const char *wrong;

	if (from->type->kind != GO_KIND_INTERFACE)
		return spy_error_new(SPY_ERROR_USAGE, "a value of type %s is no interface",
				     from->type->told.name);
	TRY(bytes_of(reader, from, buffer, sizeof(buffer), &words.bytes));
	words.bytes = (const uint8_t *)arena_bytes(&reader->scratch, words.bytes, sizeof(buffer));
	wrong = interface_holds(reader, &words, &held);
	if (wrong)
		return spy_error_new(SPY_ERROR_DATA, "what the interface of type %s holds: %s",
				     from->type->told.name, wrong);
	if (!held.type)
		return spy_error_new(SPY_ERROR_USAGE, "the interface of type %s is nil",
				     from->type->told.name);
	if (name && !value_type_is_named(held.type, name))
		return spy_error_new(SPY_ERROR_USAGE, "the interface holds a value of type %s",
				     held.type->told.name);
	*ret = held;
	return NULL;
}

/* To what a pointer leads, if it is one. */
static struct spy_error *follow(struct value_reader *reader, const struct value_place *from,
				struct value_place *ret)
{
	*ret = *from;
	return from->type->kind == GO_KIND_POINTER ? value_deref(reader, from, ret) : NULL;
}

/* ---- fields ------------------------------------------------------------------------------- */

/* A struct that is looked through for a field: `from` is the place in the list of that in which it
 * is embedded. */
struct searched {
	const struct value_type *type;
	size_t from;
	const struct value_type_field *field; /* of it; NULL for the first */
	unsigned depth;
};

struct search {
	struct searched list[EMBEDDED_MAX];
	size_t count;
};

static void search_embedded(struct value_types *types, struct search *search, size_t from,
			    const struct value_type_field *field)
{
	const struct value_type *type = field->type;

	if (type->kind == GO_KIND_POINTER)
		type = value_type_elem(types, type);
	if (type->kind != GO_KIND_STRUCT || search->count == EMBEDDED_MAX)
		return;
	for (size_t i = 0; i < search->count; i++)
		if (search->list[i].type == type)
			return;
	search->list[search->count++] = (struct searched){
		.type = type, .from = from, .field = field, .depth = search->list[from].depth + 1
	};
}

/* The field of a name that is least deep; Go's rule for promoted fields. *twice: there are several
 * as deep. */
static const struct value_type_field *search_field(struct value_types *types, struct search *search,
						   const char *name, size_t *in, bool *twice)
{
	const struct value_type_field *found = NULL;

	*twice = false;
	for (size_t i = 0; i < search->count; i++) {
		const struct value_type_field *fields = NULL;
		size_t count = 0;

		if (found && search->list[i].depth > search->list[*in].depth)
			break;
		if (!value_type_fields(types, search->list[i].type, &fields, &count))
			continue;
		for (size_t j = 0; j < count; j++) {
			if (strcmp(fields[j].name, name) == 0) {
				*twice = found != NULL;
				found = &fields[j];
				*in = i;
			} else if (fields[j].embedded) {
				search_embedded(types, search, i, &fields[j]);
			}
		}
	}
	return found;
}

static struct value_place field_of(const struct value_place *from,
				   const struct value_type_field *field)
{
	return (struct value_place){
		.type = field->type,
		.address = from->address ? from->address + field->offset : 0,
		.bytes = from->bytes ? from->bytes + field->offset : NULL,
	};
}

/* From the first struct of a search to the index-th. */
static struct spy_error *go_down(struct value_reader *reader, const struct search *search,
				 size_t index, const struct value_place *from,
				 struct value_place *ret)
{
	size_t path[EMBEDDED_MAX], count = 0;
	struct value_place at = *from;

	for (; search->list[index].field; index = search->list[index].from)
		path[count++] = index;
	while (count) {
		at = field_of(&at, search->list[path[--count]].field);
		TRY(follow(reader, &at, &at));
	}
	*ret = at;
	return NULL;
}

/* The struct that one takes fields of: what a pointer leads to, what an interface holds. */
static struct spy_error *struct_of(struct value_reader *reader, const struct value_place *from,
				   struct value_place *ret)
{
	struct value_place at = *from;

	if (at.type->kind == GO_KIND_INTERFACE)
		TRY(value_assert(reader, &at, NULL, &at));
	TRY(follow(reader, &at, &at));
	if (at.type->kind != GO_KIND_STRUCT)
		return usage(from, "fields");
	*ret = at;
	return NULL;
}

struct spy_error *value_field(struct value_reader *reader, const struct value_place *from,
			      const char *name, struct value_place *ret)
{
	struct search *search _cleanup_free_ = memory_zeroed(1, sizeof(*search));
	const struct value_type_field *field;
	struct value_place at = *from;
	size_t in = 0;
	bool twice;

	TRY(struct_of(reader, from, &at));
	search->list[search->count++] = (struct searched){ .type = at.type };
	field = search_field(reader->types, search, name, &in, &twice);
	if (!field)
		return spy_error_new(SPY_ERROR_USAGE, "type %s has no field %s", at.type->told.name,
				     name);
	if (twice)
		return spy_error_new(SPY_ERROR_USAGE, "type %s has several fields %s",
				     at.type->told.name, name);
	TRY(go_down(reader, search, in, &at, &at));
	*ret = field_of(&at, field);
	return NULL;
}

void value_field_names(struct value_reader *reader, const struct value_place *from,
		       value_name_fn *callback, void *context)
{
	struct search *search _cleanup_free_ = memory_zeroed(1, sizeof(*search));
	const struct value_type_field *fields;
	struct value_place at;
	size_t in, count;
	bool twice;

	if (spy_error_caught(struct_of(reader, from, &at)))
		return;
	search->list[search->count++] = (struct searched){ .type = at.type };
	/* No field has no name: all that is embedded is in the list then. */
	search_field(reader->types, search, "", &in, &twice);
	for (size_t i = 0; i < search->count; i++) {
		if (!value_type_fields(reader->types, search->list[i].type, &fields, &count))
			continue;
		for (size_t j = 0; j < count; j++)
			callback(context, fields[j].name);
	}
}

/* ---- elements and ranges ------------------------------------------------------------------ */

static struct spy_error *header_of(struct value_reader *reader, const struct value_place *at,
				   struct value_span *ret)
{
	uint8_t buffer[HEADER_BYTES_MAX];
	const uint8_t *bytes;
	const char *wrong;

	TRY(bytes_of(reader, at, buffer, at->type->size, &bytes));
	wrong = span_of(reader, at->type, bytes, ret);
	if (wrong)
		return spy_error_new(SPY_ERROR_DATA, "a value of type %s is corrupt: %s",
				     at->type->told.name, wrong);
	return NULL;
}

/* What lies in a row: an array, a slice, a string, or an array that a pointer leads to. `data` is
 * the place of the first element. */
static struct spy_error *row_of(struct value_reader *reader, const struct value_place *from,
				const char *what, struct value_place *data, struct value_span *ret)
{
	struct value_place at = *from;

	if (at.type->kind == GO_KIND_POINTER &&
	    value_type_elem(reader->types, at.type)->kind == GO_KIND_ARRAY)
		TRY(follow(reader, &at, &at));
	*data = at;
	switch (at.type->kind) {
	case GO_KIND_ARRAY:
		ret->data = at.address;
		ret->length = ret->capacity = (int64_t)at.type->length;
		break;
	case GO_KIND_SLICE:
	case GO_KIND_STRING:
		TRY(header_of(reader, &at, ret));
		data->address = ret->data;
		data->bytes = NULL;
		break;
	default:
		return usage(from, what);
	}
	data->type = value_type_elem(reader->types, at.type);
	return NULL;
}

struct spy_error *value_index(struct value_reader *reader, const struct value_place *from,
			      int64_t index, struct value_place *ret)
{
	struct value_place at;
	struct value_span span = { 0 };
	uint64_t offset;

	TRY(row_of(reader, from, "elements", &at, &span));
	if (index < 0 || index >= span.length)
		return spy_error_new(SPY_ERROR_USAGE,
				     "index %lld is out of range: the length is %lld",
				     (long long)index, (long long)span.length);
	offset = (uint64_t)index * at.type->size;
	at.address = at.address ? at.address + offset : 0;
	at.bytes = at.bytes ? at.bytes + offset : NULL;
	*ret = at;
	return NULL;
}

struct spy_error *value_slice(struct value_reader *reader, const struct value_place *from,
			      int64_t low, int64_t high, struct value_place *ret)
{
	const struct value_type *type = from->type;
	struct value_place at;
	struct value_span span = { 0 };
	uint64_t header[3];

	TRY(row_of(reader, from, "elements", &at, &span));
	high = high == INT64_MAX ? span.length : high;
	if (low < 0 || low > high || high > span.capacity)
		return spy_error_new(SPY_ERROR_USAGE,
				     "%lld:%lld is out of range: the length is %lld",
				     (long long)low, (long long)high, (long long)span.length);
	if (type->kind != GO_KIND_SLICE && type->kind != GO_KIND_STRING) {
		if (at.bytes && !at.address)
			return spy_error_new(SPY_ERROR_USAGE,
					     "an array that is not in memory has no ranges");
		type = value_types_slice_of(reader->types, at.type);
	}
	header[0] = at.address + (uint64_t)low * at.type->size;
	header[1] = (uint64_t)(high - low);
	header[2] = (uint64_t)(span.capacity - low);
	*ret = (struct value_place){
		.type = type,
		.bytes = (const uint8_t *)arena_bytes(&reader->scratch, header, sizeof(header)),
	};
	return NULL;
}

/* The header of the map or channel that a word leads to; 0 if it is nil. */
static struct spy_error *corrupt(const struct value_place *from, const char *wrong)
{
	return spy_error_new(SPY_ERROR_DATA, "a value of type %s cannot be read: %s",
			     from->type->told.name, wrong);
}

static struct spy_error *count_of(struct value_reader *reader, const struct value_place *from,
				  uint64_t *length, uint64_t *capacity)
{
	struct value_channel channel = { 0 };
	const char *wrong = NULL;
	uint64_t address;

	TRY(word_of(reader, from, &address));
	*length = *capacity = 0;
	if (!address)
		return NULL;
	if (from->type->kind == GO_KIND_MAP) {
		wrong = map_length(reader, address, length);
	} else {
		wrong = channel_at(reader, from->type, address, &channel);
		*length = channel.length;
		*capacity = channel.capacity;
	}
	return wrong ? corrupt(from, wrong) : NULL;
}

struct spy_error *value_length(struct value_reader *reader, const struct value_place *from,
			       int64_t *ret)
{
	uint64_t length, capacity;
	struct value_span span = { 0 };
	struct value_place at;

	if (from->type->kind == GO_KIND_MAP || from->type->kind == GO_KIND_CHAN) {
		TRY(count_of(reader, from, &length, &capacity));
		*ret = (int64_t)length;
		return NULL;
	}
	TRY(row_of(reader, from, "length", &at, &span));
	*ret = span.length;
	return NULL;
}

struct spy_error *value_capacity(struct value_reader *reader, const struct value_place *from,
				 int64_t *ret)
{
	uint64_t length, capacity;
	struct value_span span = { 0 };
	struct value_place at;

	if (from->type->kind == GO_KIND_CHAN) {
		TRY(count_of(reader, from, &length, &capacity));
		*ret = (int64_t)capacity;
		return NULL;
	}
	if (from->type->kind == GO_KIND_STRING)
		return usage(from, "capacity");
	TRY(row_of(reader, from, "capacity", &at, &span));
	*ret = span.capacity;
	return NULL;
}

/* ---- keys --------------------------------------------------------------------------------- */

struct lookup {
	struct value_reader *reader;
	const struct value_key *key;
	struct value_place found; /* its type is NULL until then */
};

static bool integer_equals(const struct value_key *key, const struct spy_value *value)
{
	if (key->kind == VALUE_KEY_REAL)
		return false;
	if (value->type->kind == SPY_VALUE_INT) {
		uint64_t amount =
		    value->integer < 0 ? 0 - (uint64_t)value->integer : (uint64_t)value->integer;

		return amount == key->natural && (value->integer < 0) == (key->negative && amount);
	}
	return value->natural == key->natural && !(key->negative && key->natural);
}

static bool real_equals(const struct value_key *key, double number)
{
	double asked = key->real;

	if (key->kind == VALUE_KEY_INTEGER)
		asked = key->negative ? -(double)key->natural : (double)key->natural;
	return asked == number;
}

static bool string_equals(struct lookup *lookup, const uint8_t *header)
{
	const struct value_key *key = lookup->key;
	bool equal;
	char *bytes;

	if (load_u64(header + WORD) != key->length)
		return false;
	if (!key->length)
		return true;
	bytes = memory_new(key->length, 1);
	equal = memory_read(&lookup->reader->memory, load_u64(header), bytes, key->length) &&
		memcmp(bytes, key->bytes, key->length) == 0;
	free(bytes);
	return equal;
}

/* Whether literals of this kind can be keys of a type. */
static bool can_be_key(const struct value_key *key, const struct value_type *type)
{
	switch (type->told.kind) {
	case SPY_VALUE_INTERFACE:
		return true;
	case SPY_VALUE_BOOL:
		return key->kind == VALUE_KEY_BOOL;
	case SPY_VALUE_STRING:
		return key->kind == VALUE_KEY_STRING;
	case SPY_VALUE_FLOAT:
		return key->kind == VALUE_KEY_REAL || key->kind == VALUE_KEY_INTEGER;
	case SPY_VALUE_INT:
	case SPY_VALUE_UINT:
	case SPY_VALUE_POINTER:
	case SPY_VALUE_UNSAFE_POINTER:
	case SPY_VALUE_CHAN:
		return key->kind == VALUE_KEY_INTEGER;
	default:
		return false;
	}
}

static bool key_equals(struct lookup *lookup, const struct value_place *place)
{
	uint8_t buffer[2 * WORD];
	struct value_place at = *place, held;
	struct spy_value value = { .type = &place->type->told };

	if (!can_be_key(lookup->key, at.type) || at.type->size > sizeof(buffer))
		return false;
	if (!at.bytes) {
		at.bytes = buffer;
		if (!memory_read(&lookup->reader->memory, at.address, buffer, at.type->size))
			return false;
	}
	switch (at.type->told.kind) {
	case SPY_VALUE_INTERFACE:
		/* An interface is never held by one. */
		return !interface_holds(lookup->reader, &at, &held) && held.type &&
		       held.type->kind != GO_KIND_INTERFACE && key_equals(lookup, &held);
	case SPY_VALUE_STRING:
		return string_equals(lookup, at.bytes);
	case SPY_VALUE_FLOAT:
		value_number(&at, &value);
		return real_equals(lookup->key, value.real[0]);
	case SPY_VALUE_BOOL:
		return (at.bytes[0] != 0) == (lookup->key->natural != 0);
	default:
		value_number(&at, &value);
		return integer_equals(lookup->key, &value);
	}
}

static bool look_for_key(void *context, const struct map_entry *entries, size_t count)
{
	struct lookup *lookup = context;
	struct value_memory *memory = &lookup->reader->memory;

	for (size_t i = 0; i < count; i++) {
		const struct value_place *key = &entries[i].key;

		if (!key->bytes)
			memory_want(memory, key->address, key->type->size);
		else if (key->type->kind == GO_KIND_STRING &&
			 load_u64(key->bytes + WORD) == lookup->key->length)
			memory_want(memory, load_u64(key->bytes), lookup->key->length);
		else if (key->type->kind == GO_KIND_INTERFACE)
			memory_want(memory, load_u64(key->bytes + WORD), (uint64_t)2 * WORD);
	}
	memory_fetch(memory);
	for (size_t i = 0; i < count; i++) {
		if (!key_equals(lookup, &entries[i].key))
			continue;
		lookup->found = entries[i].elem;
		/* The bytes are the walk's; what lies in the target's memory is read there. */
		lookup->found.bytes = NULL;
		return false;
	}
	return true;
}

struct spy_error *value_lookup(struct value_reader *reader, const struct value_place *from,
			       const struct value_key *key, struct value_place *ret, bool *has_key)
{
	struct lookup lookup = { .reader = reader, .key = key };
	struct map_walk walk = { .reader = reader,
				 .type = from->type,
				 .callback = look_for_key,
				 .context = &lookup,
				 .few = UINT64_MAX };
	const char *wrong = NULL;
	uint64_t header = 0;

	*has_key = true;
	if (from->type->kind != GO_KIND_MAP)
		return usage(from, "keys");
	if (!can_be_key(key, value_type_key(reader->types, from->type)))
		return spy_error_new(SPY_ERROR_USAGE, "keys of %s are of another kind",
				     from->type->told.name);
	TRY(word_of(reader, from, &header));
	if (header)
		wrong = map_walk(&walk, header);
	if (wrong)
		return corrupt(from, wrong);
	*has_key = lookup.found.type != NULL;
	if (!*has_key)
		return spy_error_new(SPY_ERROR_USAGE, "the map has no such key");
	*ret = lookup.found;
	return NULL;
}

struct key_naming {
	struct value_reader *reader;
	value_name_fn *callback;
	void *context;
	size_t left;
};

static bool name_keys(void *context, const struct map_entry *entries, size_t count)
{
	struct key_naming *naming = context;
	struct value_memory *memory = &naming->reader->memory;

	for (size_t i = 0; i < count && naming->left; i++) {
		uint8_t header[2 * WORD];
		char name[KEY_NAME_BYTES_MAX + 1];
		const uint8_t *bytes = entries[i].key.bytes;
		uint64_t length;

		if (!bytes && memory_read(memory, entries[i].key.address, header, sizeof(header)))
			bytes = header;
		length = bytes ? load_u64(bytes + WORD) : UINT64_MAX;
		if (length > KEY_NAME_BYTES_MAX ||
		    !memory_read(memory, load_u64(bytes), name, length))
			continue;
		name[length] = '\0';
		naming->callback(naming->context, name);
		naming->left--;
	}
	return naming->left > 0;
}

void value_key_names(struct value_reader *reader, const struct value_place *from,
		     value_name_fn *callback, void *context)
{
	struct key_naming naming = {
		.reader = reader, .callback = callback, .context = context, .left = KEY_NAMES_MAX
	};
	struct map_walk walk = { .reader = reader,
				 .type = from->type,
				 .callback = name_keys,
				 .context = &naming,
				 .few = KEY_NAMES_MAX };
	uint64_t header = 0;

	if (from->type->kind != GO_KIND_MAP ||
	    value_type_key(reader->types, from->type)->kind != GO_KIND_STRING ||
	    spy_error_caught(word_of(reader, from, &header)) || !header)
		return;
	/* What is wrong with it does not matter for a hint. */
	(void)map_walk(&walk, header);
}
