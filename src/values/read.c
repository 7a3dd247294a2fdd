/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <time.h>

#include "base/text.h"
#include "values/meanings.h"
#include "values/reader.h"

enum {
	USUAL_DEPTH = 8,
	USUAL_ELEMENTS = 64,
	USUAL_STRING_BYTES = 1024,
	USUAL_NODES = 50000,
	DEEP_NODES = 1 << 20, /* where only the depth was asked for */
	NODES_MAX = 16 << 20,
	/* What is read nests on our own stack; some 700 bytes a level. */
	DEPTH_MAX = 2048,
	CHUNK_ITEMS = 4096,
	ITEMS_AT_ONCE = 1 << 20,
	PREFETCH_BYTES_MAX = 4096,
	PREFETCH_DEPTH = 3,
	PREFETCH_FIELDS = 64,
	ATTEMPTS = 3, /* after the first */
	RETRIES = 256,
	STEPS = 16 << 20,
};

static const uint64_t string_bytes_max = 256ull << 20;
static const size_t arena_bytes_max = 2ull << 30;
/* Beyond user space, no value ends: Documentation/arch/x86/x86_64/mm.rst. */
static const uint64_t address_max = 1ull << 47;

/* ---- the reader --------------------------------------------------------------------------- */

struct value_reader *value_reader_new(struct go_runtime *runtime, struct debug_info *info)
{
	struct value_reader *reader = memory_zeroed(1, sizeof(*reader));

	reader->runtime = runtime;
	reader->info = info;
	reader->types = value_types_new(runtime, info);
	memory_open(&reader->memory, runtime->target);
	value_reader_begin(reader, false);
	return reader;
}

void value_reader_free(struct value_reader *reader)
{
	if (!reader)
		return;
	value_types_free(reader->types);
	memory_close(&reader->memory);
	map_free(&reader->itabs);
	arena_free(&reader->scratch);
	free(reader);
}

struct value_types *value_reader_types(struct value_reader *reader)
{
	return reader->types;
}

void value_reader_begin(struct value_reader *reader, bool watch)
{
	memory_begin(&reader->memory, watch);
	arena_free(&reader->scratch);
	reader->scratch = (struct arena){ 0 };
	reader->torn = 0;
	reader->retries_left = RETRIES;
	reader->steps_left = STEPS;
}

size_t value_reader_torn(const struct value_reader *reader)
{
	return reader->torn;
}

/* ---- what a tree may have ----------------------------------------------------------------- */

uint64_t take_nodes(struct reading *reading, uint64_t wanted)
{
	uint64_t taken = wanted < reading->nodes_left ? wanted : reading->nodes_left;

	if (reading->arena->total_bytes > reading->arena_bytes_max)
		taken = 0;
	reading->nodes_left -= taken;
	return taken;
}

static uint64_t limit_of(int64_t asked, uint64_t usual, uint64_t most)
{
	uint64_t limit = asked > 0 ? (uint64_t)asked : asked ? most : usual;

	return limit < most ? limit : most;
}

void value_fails(struct reading *reading, struct spy_value *ret, const char *format, ...)
{
	struct spy_value empty = { .type = ret->type, .address = ret->address };
	struct text text = { 0 };
	va_list arguments;

	*ret = empty;
	va_start(arguments, format);
	text_vprintf(&text, format, arguments);
	va_end(arguments);
	ret->error = arena_bytes(reading->arena, text.bytes, text.length);
	text_free(&text);
}

static void value_faults(struct reading *reading, struct spy_value *ret, uint64_t address)
{
	value_fails(reading, ret, "no memory to read at 0x%llx", (unsigned long long)address);
}

static size_t bucket_of(uint64_t address)
{
	return (address >> 3 ^ address >> 15) & (OPEN_BUCKETS - 1);
}

bool open_value(struct reading *reading, struct open_value *value, const struct value_type *type,
		uint64_t address)
{
	uint16_t *count = &reading->open_at[bucket_of(address)];
	const struct open_value *above = *count ? reading->open : NULL;

	for (; above; above = above->above)
		if (above->address == address && above->type == type)
			return false;
	++*count;
	*value = (struct open_value){ .above = reading->open, .type = type, .address = address };
	reading->open = value;
	return true;
}

void close_value(struct reading *reading, const struct open_value *value)
{
	reading->open = value->above;
	--reading->open_at[bucket_of(value->address)];
}

/* ---- what is going to be needed ----------------------------------------------------------- */

static void prefetch_fields(struct reading *reading, const struct value_type *type,
			    const uint8_t *bytes, uint64_t depth, unsigned nesting);
static void prefetch_elements(struct reading *reading, const struct value_type *type,
			      const uint8_t *bytes, uint64_t depth, unsigned nesting);

static void prefetch(struct reading *reading, const struct value_type *type, const uint8_t *bytes,
		     uint64_t depth, unsigned nesting)
{
	struct value_memory *memory = &reading->reader->memory;
	const struct value_type *elem;
	uint64_t size;

	switch (type->kind) {
	case GO_KIND_STRING:
		size = load_u64(bytes + WORD);
		memory_want(memory, load_u64(bytes),
			    size < reading->string_max ? size : reading->string_max);
		break;
	case GO_KIND_SLICE:
	case GO_KIND_POINTER:
		if (depth >= reading->depth_max)
			break;
		elem = value_type_elem(reading->reader->types, type);
		size = elem->size;
		if (type->kind == GO_KIND_SLICE &&
		    __builtin_mul_overflow(size, load_u64(bytes + WORD), &size))
			break;
		memory_want(memory, load_u64(bytes),
			    size < PREFETCH_BYTES_MAX ? size : PREFETCH_BYTES_MAX);
		break;
	case GO_KIND_INTERFACE:
		if (depth < reading->depth_max && load_u64(bytes)) {
			if (type->has_methods)
				memory_want(memory, load_u64(bytes), (uint64_t)4 * WORD);
			memory_want(memory, load_u64(bytes + WORD), (uint64_t)2 * WORD);
		}
		break;
	case GO_KIND_MAP:
	case GO_KIND_CHAN:
	case GO_KIND_FUNC:
		memory_want(memory, load_u64(bytes), WORD);
		break;
	case GO_KIND_STRUCT:
		prefetch_fields(reading, type, bytes, depth + 1, nesting);
		break;
	case GO_KIND_ARRAY:
		prefetch_elements(reading, type, bytes, depth + 1, nesting);
		break;
	default:
		break;
	}
}

static void prefetch_elements(struct reading *reading, const struct value_type *type,
			      const uint8_t *bytes, uint64_t depth, unsigned nesting)
{
	const struct value_type *elem = value_type_elem(reading->reader->types, type);
	uint64_t count = type->length, size;

	if (nesting >= PREFETCH_DEPTH || elem->kind == GO_KIND_INVALID ||
	    __builtin_mul_overflow(count, elem->size, &size) || size != type->size)
		return;
	for (uint64_t i = 0; i < count && i < PREFETCH_FIELDS && i < reading->elements_max; i++)
		prefetch(reading, elem, bytes + i * elem->size, depth, nesting + 1);
}

static void prefetch_fields(struct reading *reading, const struct value_type *type,
			    const uint8_t *bytes, uint64_t depth, unsigned nesting)
{
	const struct value_type_field *fields;
	size_t count;

	if (nesting >= PREFETCH_DEPTH ||
	    !value_type_fields(reading->reader->types, type, &fields, &count))
		return;
	for (size_t i = 0; i < count && i < PREFETCH_FIELDS; i++)
		if (fields[i].type->kind != GO_KIND_INVALID)
			prefetch(reading, fields[i].type, bytes + fields[i].offset, depth,
				 nesting + 1);
}

void prefetch_value(struct reading *reading, const struct value_type *type, const uint8_t *bytes,
		    uint64_t depth)
{
	prefetch(reading, type, bytes, depth, 0);
}

/* ---- values in a row ---------------------------------------------------------------------- */

/* Elements whose bytes are there. */
static void read_some(struct reading *reading, const struct value_place *first, size_t count,
		      uint64_t depth, struct spy_value *ret)
{
	const struct value_type *elem = first->type;
	struct value_place place = { .type = elem };

	for (size_t i = 0; i < count; i++) {
		place.address = first->address ? first->address + i * elem->size : 0;
		place.bytes = first->bytes ? first->bytes + i * elem->size : NULL;
		read_value(reading, &place, depth + 1, &ret[i]);
	}
}

/* Loads a row of elements, and asks for what they refer to. */
static bool load_chunk(struct reading *reading, const struct value_place *first, uint8_t *buffer,
		       size_t count, uint64_t depth, bool noted)
{
	struct value_memory *memory = &reading->reader->memory;
	const struct value_type *elem = first->type;
	size_t size = count * elem->size;

	if (noted ? !memory_read(memory, first->address, buffer, size)
		  : !memory_load(memory, first->address, buffer, size))
		return false;
	for (size_t i = 0; i < count; i++)
		prefetch_value(reading, elem, buffer + i * elem->size, depth + 1);
	memory_fetch(memory);
	return true;
}

/* Of the arena, zeroed, with what is there. A length is the target's word: room for a long row is
 * made when its beginning was there. */
static struct spy_value *more_items(struct reading *reading, struct spy_value *items, size_t kept,
				    uint64_t count, size_t *room)
{
	struct spy_value *more;

	*room = count > ITEMS_AT_ONCE && kept < ITEMS_AT_ONCE ? ITEMS_AT_ONCE : count;
	more = arena_alloc(reading->arena, *room, sizeof(*more));
	if (kept)
		memcpy(more, items, kept * sizeof(*more));
	return more;
}

/* Reads a row from memory, some at a time. */
static struct spy_value *read_row(struct reading *reading, const struct value_place *place,
				  uint64_t count, uint64_t depth, bool noted, size_t *kept,
				  bool *unreadable)
{
	const struct value_type *elem = place->type;
	size_t chunk = elem->size ? CHUNK_BYTES / elem->size : CHUNK_ITEMS, room = 0, some;
	uint8_t *buffer _cleanup_free_ = NULL;
	struct spy_value *items = NULL;

	if (!chunk || chunk > CHUNK_ITEMS)
		chunk = chunk ? CHUNK_ITEMS : 1;
	if (elem->size <= CHUNK_BYTES)
		buffer = memory_new(chunk < count ? chunk : count, elem->size);
	for (*kept = 0; *kept < count; *kept += some) {
		struct value_place first = { .type = elem,
					     .address = place->address + *kept * elem->size,
					     .bytes = buffer };

		some = count - *kept < chunk ? count - *kept : chunk;
		*unreadable = buffer && !load_chunk(reading, &first, buffer, some, depth, noted);
		if (*unreadable && some > 1) {
			chunk = some / 2;
			some = 0;
			continue;
		}
		if (*unreadable && !*kept)
			break;
		if (*kept + some > room)
			items = more_items(reading, items, *kept, count, &room);
		if (*unreadable) {
			/* The last that is told of: what is behind it is not there either. */
			items[*kept].type = &elem->told;
			items[*kept].address = first.address;
			value_faults(reading, &items[(*kept)++], first.address);
			break;
		}
		read_some(reading, &first, some, depth, items + *kept);
	}
	return items;
}

const struct spy_value *read_items(struct reading *reading, const struct value_place *place,
				   uint64_t length, uint64_t depth, bool noted, size_t *kept,
				   bool *unreadable)
{
	uint64_t count = length < reading->elements_max ? length : reading->elements_max;
	struct spy_value *items;

	*unreadable = false;
	*kept = 0;
	if (depth >= reading->depth_max || place->type->kind == GO_KIND_INVALID)
		count = 0;
	count = take_nodes(reading, count);
	if (!count)
		return NULL;
	if (!place->bytes)
		return read_row(reading, place, count, depth, noted, kept, unreadable);
	items = arena_alloc(reading->arena, count, sizeof(*items));
	read_some(reading, place, count, depth, items);
	*kept = count;
	return items;
}

/* ---- kinds -------------------------------------------------------------------------------- */

const char *span_of(struct value_reader *reader, const struct value_type *type,
		    const uint8_t *bytes, struct value_span *ret)
{
	uint64_t size = value_type_elem(reader->types, type)->size, total;

	ret->data = load_u64(bytes);
	ret->length = ret->capacity = (int64_t)load_u64(bytes + WORD);
	if (type->kind == GO_KIND_SLICE)
		ret->capacity = (int64_t)load_u64(bytes + (size_t)2 * WORD);
	if (ret->length < 0 || ret->capacity < ret->length ||
	    __builtin_mul_overflow((uint64_t)ret->capacity, size, &total) || total > address_max ||
	    (total && (!ret->data || ret->data > address_max)))
		return "its length makes no sense";
	return NULL;
}

static void read_string(struct reading *reading, const struct value_place *place,
			struct spy_value *ret)
{
	struct value_memory *memory = &reading->reader->memory;
	struct value_span span;
	const char *wrong = span_of(reading->reader, place->type, place->bytes, &span);
	uint64_t length = (uint64_t)span.length, read = 0, some;
	char *bytes _cleanup_free_ = NULL;

	if (wrong) {
		value_fails(reading, ret, "%s: %lld", wrong, (long long)span.length);
		return;
	}
	ret->string.length = span.length;
	length = length < reading->string_max ? length : reading->string_max;
	if (length > LOAD_BYTES_MAX && reading->arena->total_bytes > reading->arena_bytes_max)
		length = 0;
	ret->cut = length < (uint64_t)span.length;
	if (length <= LOAD_BYTES_MAX) {
		char *kept = arena_alloc(reading->arena, length + 1, 1);

		if (!memory_read(memory, span.data, kept, length)) {
			value_faults(reading, ret, span.data);
			return;
		}
		ret->string.bytes = kept;
		ret->string.kept = length;
		return;
	}
	for (; read < length; read += some) {
		some = length - read < CHUNK_BYTES ? length - read : CHUNK_BYTES;
		bytes = memory_resize(bytes, read + some, 1);
		if (!memory_read(memory, span.data + read, bytes + read, some)) {
			value_faults(reading, ret, span.data + read);
			return;
		}
	}
	ret->string.bytes = arena_bytes(reading->arena, bytes, length);
	ret->string.kept = length;
}

static void read_slice(struct reading *reading, const struct value_place *place, uint64_t depth,
		       struct spy_value *ret)
{
	const struct value_type *elem = value_type_elem(reading->reader->types, place->type);
	struct value_place data = { .type = elem };
	struct open_value open;
	struct value_span span;
	const char *wrong = span_of(reading->reader, place->type, place->bytes, &span);
	bool unreadable = false;

	if (wrong) {
		value_fails(reading, ret, "%s: %lld of %lld", wrong, (long long)span.length,
			    (long long)span.capacity);
		return;
	}
	ret->nil = !span.data;
	ret->list.length = span.length;
	ret->list.capacity = span.capacity;
	if (!span.length)
		return;
	ret->cycle = !open_value(reading, &open, place->type, span.data);
	if (!ret->cycle) {
		data.address = span.data;
		ret->list.items = read_items(reading, &data, (uint64_t)span.length, depth, true,
					     &ret->list.kept, &unreadable);
		close_value(reading, &open);
	}
	ret->cut = ret->list.kept < (size_t)span.length;
	if (unreadable && !ret->list.kept)
		value_faults(reading, ret, span.data);
}

static void read_array(struct reading *reading, const struct value_place *place, uint64_t depth,
		       struct spy_value *ret)
{
	const struct value_type *elem = value_type_elem(reading->reader->types, place->type);
	uint64_t length = place->type->length, size;
	struct value_place first = { .type = elem,
				     .address = place->address,
				     .bytes = place->bytes };
	bool unreadable = false;

	if (__builtin_mul_overflow(length, elem->size, &size) || size != place->type->size) {
		value_fails(reading, ret, "an array's elements are not as long as it is");
		return;
	}
	ret->list.length = ret->list.capacity = (int64_t)length;
	ret->list.items =
	    read_items(reading, &first, length, depth, false, &ret->list.kept, &unreadable);
	ret->cut = ret->list.kept < length;
	if (unreadable && !ret->list.kept)
		value_faults(reading, ret, place->address);
}

static void read_struct(struct reading *reading, const struct value_place *place, uint64_t depth,
			struct spy_value *ret)
{
	const struct value_type_field *fields;
	struct spy_value_field *items;
	size_t count, i;

	if (!value_type_fields(reading->reader->types, place->type, &fields, &count)) {
		value_fails(reading, ret, "its fields are not known");
		return;
	}
	if (depth >= reading->depth_max)
		i = 0;
	else
		i = take_nodes(reading, count);
	ret->cut = i < count;
	if (ret->cut)
		return;
	items = arena_alloc(reading->arena, count, sizeof(*items));
	for (i = 0; i < count; i++) {
		const struct value_type_field *field = &fields[i];
		struct value_place at = {
			.type = field->type,
			.address = place->address ? place->address + field->offset : 0,
			.bytes = place->bytes ? place->bytes + field->offset : NULL,
		};

		items[i].name = field->name;
		items[i].embedded = field->embedded;
		read_value(reading, &at, depth + 1, &items[i].value);
	}
	ret->structure.fields = items;
	ret->structure.count = count;
}

static void read_pointer(struct reading *reading, const struct value_place *place, uint64_t depth,
			 struct spy_value *ret)
{
	struct value_place to = { .type = value_type_elem(reading->reader->types, place->type) };
	struct spy_value *pointee;
	struct open_value open;

	ret->pointer.to = to.address = load_u64(place->bytes);
	ret->nil = !to.address;
	if (ret->nil)
		return;
	ret->cycle = !open_value(reading, &open, to.type, to.address);
	if (ret->cycle)
		return;
	if (depth < reading->depth_max && take_nodes(reading, 1)) {
		pointee = arena_alloc(reading->arena, 1, sizeof(*pointee));
		read_value(reading, &to, depth + 1, pointee);
		ret->pointer.pointee = pointee;
	} else {
		ret->cut = true;
	}
	close_value(reading, &open);
}

static double real_of(const uint8_t *bytes, size_t size)
{
	double number;
	float small;

	if (size == sizeof(small)) {
		memcpy(&small, bytes, sizeof(small));
		return (double)small;
	}
	memcpy(&number, bytes, sizeof(number));
	return number;
}

static uint64_t natural_of(const uint8_t *bytes, size_t size)
{
	switch (size) {
	case sizeof(uint8_t):
		return bytes[0];
	case sizeof(uint16_t):
		return load_u16(bytes);
	case sizeof(uint32_t):
		return load_u32(bytes);
	default:
		return load_u64(bytes);
	}
}

static int64_t integer_of(const uint8_t *bytes, size_t size)
{
	unsigned unused = 64 - 8 * (unsigned)size;

	return (int64_t)(natural_of(bytes, size) << unused) >> unused;
}

void value_number(const struct value_place *place, struct spy_value *ret)
{
	size_t size = place->type->size;

	switch (place->type->told.kind) {
	case SPY_VALUE_BOOL:
		ret->boolean = place->bytes[0] != 0;
		break;
	case SPY_VALUE_INT:
		ret->integer = integer_of(place->bytes, size);
		break;
	case SPY_VALUE_FLOAT:
		ret->real[0] = real_of(place->bytes, size);
		break;
	case SPY_VALUE_COMPLEX:
		ret->real[0] = real_of(place->bytes, size / 2);
		ret->real[1] = real_of(place->bytes + size / 2, size / 2);
		break;
	default:
		ret->natural = natural_of(place->bytes, size);
		break;
	}
}

/* What refers to other memory. */
static void read_reference(struct reading *reading, const struct value_place *place, uint64_t depth,
			   struct spy_value *ret)
{
	switch (place->type->kind) {
	case GO_KIND_STRING:
		read_string(reading, place, ret);
		break;
	case GO_KIND_SLICE:
		read_slice(reading, place, depth, ret);
		break;
	case GO_KIND_POINTER:
		read_pointer(reading, place, depth, ret);
		break;
	case GO_KIND_MAP:
		read_map(reading, place, depth, ret);
		break;
	case GO_KIND_INTERFACE:
		read_interface(reading, place, depth, ret);
		break;
	case GO_KIND_FUNC:
		read_func(reading, place, depth, ret);
		break;
	default:
		read_chan(reading, place, depth, ret);
		break;
	}
}

/* A thread that was in the middle of writing something down goes on. */
static void wait_for_target(struct value_reader *reader)
{
	static const struct timespec moment = { .tv_nsec = 500000 };

	nanosleep(&moment, NULL);
	memory_forget(&reader->memory);
}

/* Of a target that runs: until nothing of it changed while it was read. What makes no sense may be
 * half written. */
static void read_watched(struct reading *reading, const struct value_place *place, uint64_t depth,
			 struct spy_value *ret)
{
	struct value_reader *reader = reading->reader;
	struct spy_value empty = { .type = ret->type, .address = ret->address };
	uint8_t header[HEADER_BYTES_MAX];
	uint64_t nodes_left = reading->nodes_left;
	struct value_place now = *place;

	now.bytes = header;
	for (unsigned attempt = 0;; attempt++) {
		size_t mark = memory_mark(&reader->memory);
		bool unchanged;

		*ret = empty;
		reading->nodes_left = nodes_left;
		if (!memory_read(&reader->memory, place->address, header, place->type->size)) {
			value_faults(reading, ret, place->address);
			return;
		}
		read_reference(reading, &now, depth, ret);
		unchanged = memory_unchanged(&reader->memory, mark);
		if (unchanged && !ret->error)
			return;
		if (attempt == ATTEMPTS || !reader->retries_left) {
			if (unchanged)
				return;
			break;
		}
		reader->retries_left--;
		if (unchanged)
			wait_for_target(reader);
	}
	reader->torn++;
	value_fails(reading, ret, "changed while it was read");
}

/* A struct is loaded as a whole, unless it is large. */
static void read_loaded_struct(struct reading *reading, const struct value_place *place,
			       uint64_t depth, struct spy_value *ret)
{
	struct value_memory *memory = &reading->reader->memory;
	const struct value_type *type = place->type;
	struct value_place loaded = *place;
	uint8_t *bytes _cleanup_free_ = NULL;

	if (!place->bytes && type->size <= LOAD_BYTES_MAX) {
		loaded.bytes = bytes = memory_new(type->size, 1);
		if (memory_load(memory, place->address, bytes, type->size)) {
			prefetch_value(reading, type, bytes, depth);
			memory_fetch(memory);
		} else if (type->size <= MEMORY_PAGE_BYTES) {
			value_faults(reading, ret, place->address);
			return;
		} else {
			loaded.bytes = NULL; /* some of it may be there */
		}
	}
	read_struct(reading, &loaded, depth, ret);
}

void read_value(struct reading *reading, const struct value_place *place, uint64_t depth,
		struct spy_value *ret)
{
	const struct value_type *type = place->type;
	struct value_place loaded = *place;
	uint8_t bytes[HEADER_BYTES_MAX];

	ret->type = &type->told;
	ret->address = place->address;
	if (type->kind == GO_KIND_INVALID) {
		value_fails(reading, ret, "its type is not known");
		return;
	}
	if (type->kind == GO_KIND_STRUCT) {
		read_loaded_struct(reading, place, depth, ret);
	} else if (type->kind == GO_KIND_ARRAY) {
		read_array(reading, place, depth, ret);
	} else {
		if (!place->bytes) {
			loaded.bytes = bytes;
			if (!memory_load(&reading->reader->memory, place->address, bytes,
					 type->size)) {
				value_faults(reading, ret, place->address);
				return;
			}
		}
		if (type->told.kind <= SPY_VALUE_COMPLEX || type->kind == GO_KIND_UNSAFE_POINTER) {
			value_number(&loaded, ret);
			ret->nil = type->kind == GO_KIND_UNSAFE_POINTER && !ret->natural;
		} else if (reading->reader->memory.watching && place->address) {
			read_watched(reading, place, depth, ret);
		} else {
			read_reference(reading, &loaded, depth, ret);
		}
	}
	if (type->meaning && !ret->error)
		ret->meaning = value_meaning(reading->reader, type->meaning, place, reading->arena);
}

void value_read(struct value_reader *reader, const struct value_place *place,
		const struct spy_value_limits *limits, struct arena *arena, struct spy_value *ret)
{
	static const struct spy_value_limits usual = { 0 };
	struct reading *reading _cleanup_free_ = memory_zeroed(1, sizeof(*reading));
	struct open_value open;

	if (!limits)
		limits = &usual;
	reading->reader = reader;
	reading->arena = arena;
	reading->depth_max = limit_of(limits->depth, USUAL_DEPTH, DEPTH_MAX);
	reading->elements_max = limit_of(limits->elements, USUAL_ELEMENTS, NODES_MAX);
	reading->string_max = limit_of(limits->string_bytes, USUAL_STRING_BYTES, string_bytes_max);
	reading->nodes_left = limits->elements ? NODES_MAX
			      : limits->depth  ? DEEP_NODES
					       : USUAL_NODES;
	reading->arena_bytes_max = arena->total_bytes + arena_bytes_max;
	*ret = (struct spy_value){ 0 };
	if (place->address)
		open_value(reading, &open, place->type, place->address);
	read_value(reading, place, 0, ret);
	/* The way to it. */
	if (!memory_unchanged(&reader->memory, 0)) {
		reader->torn++;
		value_fails(reading, ret, "changed while it was read");
	}
}
