/* SPDX-License-Identifier: MIT
 *
 * Maps, interfaces, functions and channels.
 */
#include "base/text.h"
#include "dwarf/locals.h"
#include "values/maps.h"
#include "values/reader.h"

/* ---- maps --------------------------------------------------------------------------------- */

struct map_reading {
	struct reading *reading;
	const struct map_walk *walk;
	uint64_t depth, wanted;
	struct spy_value_entry *entries; /* of the arena */
	size_t kept, room;
	bool starved; /* the tree may have no more nodes */
};

/* For all entries at once, as soon as some were found: how many there are is the header's word. */
static void make_room(struct map_reading *map)
{
	enum { AT_ONCE = 1 << 20 };
	struct spy_value_entry *before = map->entries;
	uint64_t room = map->walk->length < map->wanted ? map->walk->length : map->wanted;

	if (room > AT_ONCE && map->room < AT_ONCE)
		room = AT_ONCE;
	map->entries = arena_alloc(map->reading->arena, room, sizeof(*before));
	if (map->kept)
		memcpy(map->entries, before, map->kept * sizeof(*before));
	map->room = room;
}

static void prefetch_place(struct reading *reading, const struct value_place *place, uint64_t depth)
{
	if (place->bytes)
		prefetch_value(reading, place->type, place->bytes, depth);
	else
		memory_want(&reading->reader->memory, place->address, place->type->size);
}

static bool keep_entries(void *context, const struct map_entry *entries, size_t count)
{
	struct map_reading *map = context;
	struct reading *reading = map->reading;
	uint64_t depth = map->depth + 1;

	if (count > map->wanted - map->kept)
		count = map->wanted - map->kept;
	for (size_t i = 0; i < count; i++) {
		prefetch_place(reading, &entries[i].key, depth);
		prefetch_place(reading, &entries[i].elem, depth);
	}
	memory_fetch(&reading->reader->memory);
	for (size_t i = 0; i < count; i++) {
		struct spy_value_entry *entry;

		map->starved = take_nodes(reading, 2) < 2;
		if (map->starved)
			return false;
		if (map->kept == map->room)
			make_room(map);
		/* One more than it says there are: just put in, and not counted yet. */
		if (map->kept == map->room)
			return false;
		entry = &map->entries[map->kept++];
		read_value(reading, &entries[i].key, depth, &entry->key);
		read_value(reading, &entries[i].elem, depth, &entry->value);
	}
	return map->kept < map->wanted;
}

static const char *read_entries(struct reading *reading, const struct value_place *place,
				uint64_t header, uint64_t depth, struct spy_value *ret)
{
	struct map_reading map = { .reading = reading,
				   .depth = depth,
				   .wanted = reading->elements_max };
	struct map_walk walk = { .reader = reading->reader,
				 .type = place->type,
				 .callback = keep_entries,
				 .context = &map,
				 .few = map.wanted };
	const char *wrong;

	map.walk = &walk;
	wrong = map_walk(&walk, header);
	if (!wrong) {
		ret->map.entries = map.entries;
		ret->map.kept = map.kept;
		ret->map.length = (int64_t)walk.length;
	}
	return wrong;
}

void read_map(struct reading *reading, const struct value_place *place, uint64_t depth,
	      struct spy_value *ret)
{
	uint64_t header = load_u64(place->bytes), length;
	struct open_value open;
	const char *wrong;

	ret->nil = !header;
	if (ret->nil)
		return;
	wrong = map_length(reading->reader, header, &length);
	if (!wrong) {
		ret->map.length = (int64_t)length;
		ret->cycle = !open_value(reading, &open, place->type, header);
		if (!ret->cycle) {
			if (depth < reading->depth_max && length)
				wrong = read_entries(reading, place, header, depth, ret);
			close_value(reading, &open);
		}
		ret->cut = ret->map.kept < length;
	}
	if (wrong)
		value_fails(reading, ret, "%s (at 0x%llx)", wrong, (unsigned long long)header);
}

/* ---- interfaces --------------------------------------------------------------------------- */

/* The dynamic type by the itab, which the program never changes. */
static bool type_of_itab(struct value_reader *reader, uint64_t itab, uint64_t *ret)
{
	enum { ITAB_BYTES_MAX = 128 };
	const struct runtime_layout *layout = &reader->runtime->layout;
	size_t size = layout_offset(layout, FIELD_itab_type) + WORD;
	uint8_t bytes[ITAB_BYTES_MAX];
	bool found;

	*ret = map_get(&reader->itabs, itab, &found);
	if (found)
		return true;
	if (!layout_has(layout, FIELD_itab_type) || size > sizeof(bytes) ||
	    !memory_load(&reader->memory, itab, bytes, size))
		return false;
	*ret = layout_number(layout, FIELD_itab_type, bytes);
	map_put(&reader->itabs, itab, *ret);
	return true;
}

const char *interface_holds(struct value_reader *reader, const struct value_place *words,
			    struct value_place *ret)
{
	uint64_t descriptor = load_u64(words->bytes);
	const struct value_type *type;
	const struct go_type *go;

	*ret = (struct value_place){ .type = NULL };
	if (!descriptor)
		return NULL;
	if (words->type->has_methods && !type_of_itab(reader, descriptor, &descriptor))
		return "its table of methods cannot be read";
	go = value_types_descriptor(reader->types, descriptor);
	type = go ? value_types_by_descriptor(reader->types, descriptor) : NULL;
	if (!type)
		return "its dynamic type is none";
	if (go->direct && type->size > WORD)
		return "its dynamic type is none";
	ret->type = type;
	if (go->direct) {
		ret->address = words->address ? words->address + WORD : 0;
		ret->bytes = words->bytes + WORD;
	} else {
		ret->address = load_u64(words->bytes + WORD);
	}
	return NULL;
}

void read_interface(struct reading *reading, const struct value_place *place, uint64_t depth,
		    struct spy_value *ret)
{
	struct value_place held;
	const char *wrong = interface_holds(reading->reader, place, &held);
	struct spy_value *value;

	if (wrong) {
		value_fails(reading, ret, "%s", wrong);
		return;
	}
	ret->nil = !held.type;
	if (ret->nil)
		return;
	if (depth >= reading->depth_max || !take_nodes(reading, 1)) {
		ret->cut = true;
		return;
	}
	value = arena_alloc(reading->arena, 1, sizeof(*value));
	read_value(reading, &held, depth + 1, value);
	ret->interface.value = value;
}

/* ---- functions ---------------------------------------------------------------------------- */

/* Where one of the characters stands first in a name, not within type arguments; else its end. */
static size_t span_until(const char *name, const char *ends)
{
	size_t i = 0;
	int depth = 0;

	for (; name[i] && (depth || !strchr(ends, name[i])); i++)
		depth += (name[i] == '[') - (name[i] == ']');
	return i;
}

/* "example.com/app.(*T).Method-fm" → "*example.com/app.T", whose value a method value holds; in Go
 * 1.10 "main.(T).(main.method)-fm". NULL if it is none. */
static char *receiver_of(const char *name)
{
	static const char suffix[] = "-fm";
	size_t length = strlen(name), package = 0, slash;
	struct text text = { 0 };
	const char *type;
	bool pointer;

	if (length < sizeof(suffix) || strcmp(name + length - (sizeof(suffix) - 1), suffix) != 0)
		return NULL;
	while (name[slash = package + span_until(name + package, "/")])
		package = slash + 1;
	package += span_until(name + package, ".");
	if (!name[package])
		return NULL;
	type = name + package + 1;
	type += *type == '(';
	pointer = *type == '*';
	type += pointer;
	text_printf(&text, "%s%.*s.%.*s", pointer ? "*" : "", (int)package, name,
		    (int)span_until(type, ")."), type);
	return text_take(&text);
}

static void read_receiver(struct reading *reading, uint64_t closure, const char *function,
			  uint64_t depth, struct spy_value *ret)
{
	char *name _cleanup_free_ = receiver_of(function);
	struct value_types *types = reading->reader->types;
	struct value_place place = { .address = closure + WORD };
	struct spy_value_field *field;

	if (!name || depth >= reading->depth_max)
		return;
	place.type = value_types_named(types, name);
	if (!place.type || !take_nodes(reading, 1))
		return;
	field = arena_alloc(reading->arena, 1, sizeof(*field));
	field->name = "receiver";
	read_value(reading, &place, depth + 1, &field->value);
	ret->function.captured = field;
	ret->function.captured_count = 1;
}

/* The place of a captured variable: in the closure itself, or where the closure points to. */
static bool place_of_capture(struct reading *reading, uint64_t closure,
			     const struct debug_local *local, struct value_place *ret)
{
	enum { CLOSURE_BYTES_MAX = 1 << 16 };
	struct value_types *types = reading->reader->types;

	if (local->capture < WORD || local->capture > CLOSURE_BYTES_MAX)
		return false;
	ret->type = value_types_by_die(types, local->type);
	ret->address = closure + (uint64_t)local->capture;
	ret->bytes = NULL;
	if (!ret->type || !local->in_heap)
		return ret->type != NULL;
	if (ret->type->kind != GO_KIND_POINTER ||
	    !memory_word(&reading->reader->memory, ret->address, &ret->address))
		return false;
	ret->type = value_type_elem(types, ret->type);
	return true;
}

/* The variables that a closure captured, which DWARF tells since Go 1.23. */
static void read_captured(struct reading *reading, uint64_t closure, uint64_t pc, uint64_t depth,
			  struct spy_value *ret)
{
	struct value_reader *reader = reading->reader;
	const struct debug_calls *calls;
	const struct debug_call *call;
	struct spy_value_field *fields;
	struct value_place place;
	size_t count = 0;

	if (!reader->info || depth >= reading->depth_max ||
	    spy_error_caught(
		debug_calls_at(reader->info, pc - reader->runtime->program.bias, &calls)) ||
	    !calls->count)
		return;
	call = &calls->items[calls->count - 1];
	for (size_t i = 0; i < call->count; i++)
		count += call->locals[i].capture >= 0;
	count = take_nodes(reading, count);
	if (!count)
		return;
	fields = arena_alloc(reading->arena, count, sizeof(*fields));
	for (size_t i = 0; i < call->count && ret->function.captured_count < count; i++) {
		struct spy_value_field *field = &fields[ret->function.captured_count];

		if (call->locals[i].capture < 0 ||
		    !place_of_capture(reading, closure, &call->locals[i], &place))
			continue;
		field->name = call->locals[i].name;
		read_value(reading, &place, depth + 1, &field->value);
		ret->function.captured_count++;
	}
	ret->function.captured = fields;
}

/* The names that compilers give to functions without one: "main.main.func1", "main.f-range1". */
static bool is_literal(const char *name)
{
	return strstr(name, ".func") || strstr(name, "-range");
}

void read_func(struct reading *reading, const struct value_place *place, uint64_t depth,
	       struct spy_value *ret)
{
	uint64_t closure = load_u64(place->bytes), pc;
	const struct code *code = reading->reader->runtime->code;
	const struct pclntab *tab;
	struct pclntab_func func;
	struct open_value open;
	const char *file;

	ret->nil = !closure;
	if (ret->nil)
		return;
	if (!memory_word(&reading->reader->memory, closure, &pc)) {
		value_fails(reading, ret, "no memory to read at 0x%llx",
			    (unsigned long long)closure);
		return;
	}
	if (!code || !code_find(code, pc, &tab, &func) || func.entry != pc) {
		value_fails(reading, ret, "no function begins at 0x%llx", (unsigned long long)pc);
		return;
	}
	ret->function.pc = pc;
	ret->function.name = arena_string(reading->arena, func.name);
	pclntab_line(tab, &func, pc, &file, &ret->function.line);
	if (ret->function.line)
		ret->function.file = arena_string(reading->arena, file);
	/* A closure may have captured itself. */
	ret->cycle = !open_value(reading, &open, place->type, closure);
	if (ret->cycle)
		return;
	if (is_literal(func.name))
		read_captured(reading, closure, pc, depth, ret);
	else
		read_receiver(reading, closure, func.name, depth, ret);
	close_value(reading, &open);
}

/* ---- channels ----------------------------------------------------------------------------- */

/* Goroutines in a queue of a channel: runtime/chan.go, waitq. */
static int64_t count_waiting(struct value_reader *reader, uint64_t sudog)
{
	enum { WAITING_MAX = 1 << 20 };
	const struct runtime_layout *layout = &reader->runtime->layout;
	size_t next = layout_offset(layout, FIELD_sudog_next);
	int64_t count = 0;

	if (!layout_has(layout, FIELD_sudog_next))
		return SPY_UNKNOWN;
	while (sudog) {
		if (++count > WAITING_MAX || !take_step(reader) ||
		    !memory_word(&reader->memory, sudog + next, &sudog))
			return SPY_UNKNOWN;
	}
	return count;
}

const char *channel_at(struct value_reader *reader, const struct value_type *type, uint64_t address,
		       struct value_channel *ret)
{
	enum { HCHAN_BYTES_MAX = 256 };
	static const uint64_t bytes_max = 1ull << 47;
	const struct runtime_layout *layout = &reader->runtime->layout;
	uint64_t elem_size = value_type_elem(reader->types, type)->size, bytes;
	size_t size = layout_size(layout, SIZE_hchan);
	uint8_t header[HCHAN_BYTES_MAX];

	if (!size || size > sizeof(header) || !layout_has(layout, FIELD_hchan_buf))
		return "how this version keeps channels is not known";
	if (!memory_read(&reader->memory, address, header, size))
		return "its memory cannot be read";
	ret->length = layout_number(layout, FIELD_hchan_qcount, header);
	ret->capacity = layout_number(layout, FIELD_hchan_dataqsiz, header);
	ret->buffer = layout_number(layout, FIELD_hchan_buf, header);
	ret->first = layout_number(layout, FIELD_hchan_recvx, header);
	ret->closed = layout_number(layout, FIELD_hchan_closed, header) != 0;
	if (ret->length > ret->capacity || (ret->first && ret->first >= ret->capacity) ||
	    __builtin_mul_overflow(ret->capacity, elem_size, &bytes) || bytes > bytes_max ||
	    layout_number(layout, FIELD_hchan_elemsize, header) != elem_size)
		return "no channel has such a header";
	ret->receivers =
	    count_waiting(reader, layout_number(layout, FIELD_hchan_recvq_first, header));
	ret->senders =
	    count_waiting(reader, layout_number(layout, FIELD_hchan_sendq_first, header));
	return NULL;
}

/* What is in the buffer, which is a ring: from `first` to its end, and from its start. */
static void read_buffer(struct reading *reading, const struct value_place *place,
			const struct value_channel *channel, uint64_t depth, struct spy_value *ret)
{
	const struct value_type *elem = value_type_elem(reading->reader->types, place->type);
	uint64_t wanted = channel->length, until_end = channel->capacity - channel->first, part;
	struct value_place at = { .type = elem };
	const struct spy_value *head, *tail;
	size_t head_kept, tail_kept = 0;
	struct spy_value *items;
	bool unreadable;

	if (wanted > reading->elements_max)
		wanted = reading->elements_max;
	part = wanted < until_end ? wanted : until_end;
	at.address = channel->buffer + channel->first * elem->size;
	head = read_items(reading, &at, part, depth, true, &head_kept, &unreadable);
	if (unreadable && !head_kept) {
		value_fails(reading, ret, "no memory to read at 0x%llx",
			    (unsigned long long)at.address);
		return;
	}
	ret->channel.items = head;
	ret->channel.kept = head_kept;
	if (head_kept < part || part == wanted)
		return;
	at.address = channel->buffer;
	tail = read_items(reading, &at, wanted - part, depth, true, &tail_kept, &unreadable);
	if (!tail_kept)
		return;
	items = arena_alloc(reading->arena, head_kept + tail_kept, sizeof(*items));
	if (head_kept)
		memcpy(items, head, head_kept * sizeof(*items));
	memcpy(items + head_kept, tail, tail_kept * sizeof(*items));
	ret->channel.items = items;
	ret->channel.kept = head_kept + tail_kept;
}

void read_chan(struct reading *reading, const struct value_place *place, uint64_t depth,
	       struct spy_value *ret)
{
	uint64_t address = load_u64(place->bytes);
	struct value_channel channel = { 0 };
	struct open_value open;
	const char *wrong;

	ret->nil = !address;
	if (ret->nil)
		return;
	wrong = channel_at(reading->reader, place->type, address, &channel);
	if (wrong) {
		value_fails(reading, ret, "%s (at 0x%llx)", wrong, (unsigned long long)address);
		return;
	}
	ret->channel.length = (int64_t)channel.length;
	ret->channel.capacity = (int64_t)channel.capacity;
	ret->channel.receivers = channel.receivers;
	ret->channel.senders = channel.senders;
	ret->channel.closed = channel.closed;
	ret->cycle = !open_value(reading, &open, place->type, address);
	if (!ret->cycle) {
		if (channel.length)
			read_buffer(reading, place, &channel, depth, ret);
		close_value(reading, &open);
	}
	if (!ret->error)
		ret->cut = ret->channel.kept < channel.length;
}
