/* SPDX-License-Identifier: MIT
 *
 * Packages sync and sync/atomic.
 */
#include "values/maps.h"
#include "values/meaning.h"

static void add_waiting(struct text *text, int64_t count)
{
	if (count == 1)
		text_add(text, ", 1 waits");
	else if (count > 1)
		text_printf(text, ", %lld wait", (long long)count);
}

/* sync/mutex.go, since Go 1.24 internal/sync/mutex.go. */
enum { MUTEX_LOCKED = 1, MUTEX_STARVING = 4, MUTEX_WAITER_SHIFT = 3 };

static bool mutex_state(struct value_reader *reader, const struct value_place *place, int64_t *ret)
{
	struct value_place inner;

	if (meaning_field(reader, place, "mu", &inner))
		return meaning_field_number(reader, &inner, "state", ret);
	return meaning_field_number(reader, place, "state", ret);
}

bool meaning_mutex(struct value_reader *reader, const struct value_place *place, struct text *text,
		   unsigned depth)
{
	int64_t state;

	(void)depth;
	if (!mutex_state(reader, place, &state) || state < 0)
		return false;
	text_add(text, state & MUTEX_LOCKED ? "locked" : "unlocked");
	add_waiting(text, state >> MUTEX_WAITER_SHIFT);
	if (state & MUTEX_STARVING)
		text_add(text, ", starving");
	return true;
}

/* sync/rwmutex.go: a writer, waiting or there, takes rwmutexMaxReaders off the count of readers, of
 * which readerWait have to go first. */
bool meaning_rw_mutex(struct value_reader *reader, const struct value_place *place,
		      struct text *text, unsigned depth)
{
	static const int64_t max_readers = 1 << 30;
	int64_t readers, leaving, state;
	struct value_place writers;

	(void)depth;
	if (!meaning_field_number(reader, place, "readerCount", &readers) ||
	    !meaning_field_number(reader, place, "readerWait", &leaving) ||
	    !meaning_field(reader, place, "w", &writers) ||
	    !mutex_state(reader, &writers, &state) || readers < -max_readers || state < 0)
		return false;
	if (readers >= 0) {
		if (!readers)
			text_add(text, "unlocked");
		else
			text_printf(text, "read-locked by %lld", (long long)readers);
		return true;
	}
	if (leaving > 0)
		text_printf(text, "read-locked by %lld, a writer waits", (long long)leaving);
	else
		text_add(text, "locked");
	add_waiting(text, (readers + max_readers) - (leaving > 0 ? leaving : 0) +
			      (state >> MUTEX_WAITER_SHIFT));
	return true;
}

/* sync/waitgroup.go: the counter in the upper half, those that wait in the lower one, whose highest
 * bit is a flag since Go 1.25. Up to 1.17 it lies where 12 bytes are aligned to 8. */
static bool wait_group_state(struct value_reader *reader, const struct value_place *place,
			     uint64_t *ret)
{
	struct value_place at;
	int64_t number;

	if (meaning_field(reader, place, "state", &at) && meaning_number(reader, &at, &number)) {
		*ret = (uint64_t)number;
		return true;
	}
	if (!meaning_field(reader, place, "state1", &at))
		return false;
	if (meaning_number(reader, &at, &number)) {
		*ret = (uint64_t)number;
		return true;
	}
	if (at.type->kind != GO_KIND_ARRAY || at.type->size != 12 || !at.address)
		return false;
	return memory_word(&reader->memory, (at.address + 7) & ~(uint64_t)7, ret);
}

bool meaning_wait_group(struct value_reader *reader, const struct value_place *place,
			struct text *text, unsigned depth)
{
	uint64_t state;

	(void)depth;
	if (!wait_group_state(reader, place, &state))
		return false;
	text_printf(text, "counter %d", (int)(int32_t)(state >> 32));
	add_waiting(text, (int64_t)(state & 0x7fffffff));
	return true;
}

bool meaning_once(struct value_reader *reader, const struct value_place *place, struct text *text,
		  unsigned depth)
{
	int64_t done;

	(void)depth;
	if (!meaning_field_number(reader, place, "done", &done))
		return false;
	text_add(text, done ? "done" : "not done");
	return true;
}

/* ---- atomic: type.go ----------------------------------------------------------------------- */

bool meaning_atomic(struct value_reader *reader, const struct value_place *place, struct text *text,
		    unsigned depth)
{
	struct value_place at;
	int64_t number;

	(void)depth;
	if (!meaning_field(reader, place, "v", &at) || !meaning_number(reader, &at, &number))
		return false;
	if (at.type->told.kind == SPY_VALUE_INT)
		text_printf(text, "%lld", (long long)number);
	else
		text_printf(text, "%llu", (unsigned long long)number);
	return true;
}

bool meaning_atomic_bool(struct value_reader *reader, const struct value_place *place,
			 struct text *text, unsigned depth)
{
	int64_t number;

	(void)depth;
	if (!meaning_field_number(reader, place, "v", &number))
		return false;
	text_add(text, number ? "true" : "false");
	return true;
}

/* What an atomic.Pointer[T] leads to: its first field is a [0]*T. */
static bool behind_atomic(struct value_reader *reader, const struct value_place *place,
			  struct value_place *ret)
{
	const struct value_type_field *fields;
	const struct value_type *pointer;
	int64_t address;
	size_t count;

	if (place->type->kind != GO_KIND_STRUCT ||
	    !value_type_fields(reader->types, place->type, &fields, &count) || !count ||
	    fields[0].type->kind != GO_KIND_ARRAY ||
	    !meaning_field_number(reader, place, "v", &address))
		return false;
	pointer = value_type_elem(reader->types, fields[0].type);
	if (pointer->kind != GO_KIND_POINTER)
		return false;
	*ret = (struct value_place){ .type = value_type_elem(reader->types, pointer),
				     .address = (uint64_t)address };
	return true;
}

bool meaning_atomic_pointer(struct value_reader *reader, const struct value_place *place,
			    struct text *text, unsigned depth)
{
	struct value_place to;

	if (!behind_atomic(reader, place, &to))
		return false;
	if (!to.address) {
		text_add(text, "nil");
		return true;
	}
	text_printf(text, "0x%llx", (unsigned long long)to.address);
	if (to.type->meaning && depth < MEANING_DEPTH_MAX) {
		text_add(text, " ");
		return to.type->meaning->say(reader, &to, text, depth + 1);
	}
	return true;
}

/* ---- sync.Map ----------------------------------------------------------------------------- */

enum { TRIE_DEPTH_MAX = 32, TRIE_STEPS_MAX = 1 << 20 };

struct entry_count {
	struct value_reader *reader;
	int64_t count;
	bool failed;
};

/* An entry is a pointer to the pointer to its value, which is nil where it was deleted. */
static bool count_entries(void *context, const struct map_entry *entries, size_t count)
{
	struct entry_count *counted = context;
	struct value_memory *memory = &counted->reader->memory;
	size_t i;

	for (i = 0; i < count; i++)
		if (entries[i].elem.bytes)
			memory_want(memory, load_u64(entries[i].elem.bytes), WORD);
	memory_fetch(memory);
	for (i = 0; i < count && !counted->failed; i++) {
		uint64_t entry = entries[i].elem.bytes ? load_u64(entries[i].elem.bytes) : 0;
		uint64_t value;

		counted->failed =
		    !entry || !take_step(counted->reader) || !memory_word(memory, entry, &value);
		if (!counted->failed && value)
			counted->count++;
	}
	return !counted->failed;
}

/* sync/map.go, later oldmap.go: what was not stored since the last promotion is in `read`, of a
 * struct readOnly behind an atomic.Value or atomic.Pointer; else all is in `dirty`, where no entry
 * is the one that marks those that are gone. */
static bool count_two_maps(struct value_reader *reader, const struct value_place *place,
			   int64_t *ret)
{
	struct entry_count counted = { .reader = reader };
	struct map_walk walk = {
		.reader = reader, .callback = count_entries, .context = &counted, .few = UINT64_MAX
	};
	struct value_place read, map;
	int64_t amended = 0;
	uint64_t header;

	if (!meaning_field(reader, place, "read", &read))
		return false;
	if (meaning_field(reader, &read, "v", &map) && map.type->kind == GO_KIND_INTERFACE) {
		if (spy_error_caught(value_assert(reader, &map, NULL, &read)))
			read.type = NULL;
	} else if (!behind_atomic(reader, &read, &read)) {
		return false;
	} else if (!read.address) {
		read.type = NULL;
	}
	if (read.type && !meaning_field_number(reader, &read, "amended", &amended))
		return false;
	if (!read.type || amended) {
		if (!meaning_field(reader, place, "dirty", &map))
			return false;
	} else if (!meaning_field(reader, &read, "m", &map)) {
		return false;
	}
	if (map.type->kind != GO_KIND_MAP ||
	    value_type_elem(reader->types, map.type)->kind != GO_KIND_POINTER)
		return false;
	walk.type = map.type;
	if (!memory_word(&reader->memory, map.address, &header))
		return false;
	if (header && map_walk(&walk, header))
		return false;
	*ret = counted.count;
	return !counted.failed;
}

/* internal/sync/hashtriemap.go: an inner node has 16 pointers to others; an entry begins with a
 * byte that says so, and then leads to those with the same hash. */
struct trie {
	struct value_reader *reader;
	struct value_memory *memory;
	uint64_t children, count; /* of an inner node: offset, number */
	uint64_t steps;
	int64_t entries;
};

static bool trie_step(struct trie *trie)
{
	return ++trie->steps <= TRIE_STEPS_MAX && take_step(trie->reader);
}

static bool count_trie(struct trie *trie, uint64_t node, unsigned depth)
{
	enum { CHILDREN_MAX = 64, OVERFLOW_OFFSET = 8 };
	uint8_t is_entry, words[CHILDREN_MAX * WORD];

	if (depth > TRIE_DEPTH_MAX || !trie_step(trie) ||
	    !memory_read(trie->memory, node, &is_entry, sizeof(is_entry)))
		return false;
	while (is_entry && node) {
		trie->entries++;
		if (!trie_step(trie) || !memory_word(trie->memory, node + OVERFLOW_OFFSET, &node))
			return false;
	}
	if (is_entry)
		return true;
	if (trie->count > CHILDREN_MAX ||
	    !memory_read(trie->memory, node + trie->children, words, trie->count * WORD))
		return false;
	for (size_t i = 0; i < trie->count; i++)
		memory_want(trie->memory, load_u64(words + i * WORD), trie->children);
	memory_fetch(trie->memory);
	for (size_t i = 0; i < trie->count; i++) {
		uint64_t child = load_u64(words + i * WORD);

		if (child && !count_trie(trie, child, depth + 1))
			return false;
	}
	return true;
}

static bool count_trie_map(struct value_reader *reader, const struct value_place *place,
			   int64_t *ret)
{
	struct trie trie = { .reader = reader, .memory = &reader->memory };
	struct value_place root, children;
	int64_t inited;

	if (!meaning_field(reader, place, "m.root", &root) ||
	    !meaning_field_number(reader, place, "m.inited", &inited) ||
	    !behind_atomic(reader, &root, &root))
		return false;
	if (inited && root.address) {
		if (!meaning_field(reader, &root, "children", &children) ||
		    children.type->kind != GO_KIND_ARRAY ||
		    children.type->size != children.type->length * WORD)
			return false;
		trie.children = children.address - root.address;
		trie.count = children.type->length;
		if (!count_trie(&trie, root.address, 0))
			return false;
	}
	*ret = trie.entries;
	return true;
}

bool meaning_sync_map(struct value_reader *reader, const struct value_place *place,
		      struct text *text, unsigned depth)
{
	int64_t count;

	(void)depth;
	if (!count_trie_map(reader, place, &count) && !count_two_maps(reader, place, &count))
		return false;
	text_printf(text, count == 1 ? "%lld entry" : "%lld entries", (long long)count);
	return true;
}
