/* SPDX-License-Identifier: MIT
 *
 * pprof labels of a goroutine. Up to Go 1.23 g.labels points at a map[string]string
 * (runtime/pprof/label.go: labelMap), since 1.24 at a slice of key and value (LabelSet).
 */
#include "base/cursor.h"
#include "runtime/collect.h"

enum {
	LABELS_MAX = 4096,
	LABEL_BYTES_MAX = 64 << 10,
	BUCKET_SLOTS = 8,
	STRING = 16,
	LABEL = 2 * STRING,
	/* runtime/map.go: bmap of a map[string]string: tophash[8], keys, values, overflow */
	BUCKET_KEYS = BUCKET_SLOTS,
	BUCKET_VALUES = BUCKET_KEYS + BUCKET_SLOTS * STRING,
	BUCKET_OVERFLOW = BUCKET_VALUES + BUCKET_SLOTS * STRING,
	BUCKET_BYTES = BUCKET_OVERFLOW + 8,
	BUCKETS_LOG_MAX = 9,
	OVERFLOWS_MAX = 64,
	HMAP_BYTES = 48,
	SAME_SIZE_GROW = 8, /* runtime/map.go: sameSizeGrow */
};

typedef void label_fn(void *context, const uint8_t *key, const uint8_t *value);

/* One array of buckets and what overflows them. */
static void each_in_buckets(const struct go_runtime *runtime, const struct copy *copy,
			    uint64_t buckets, unsigned log, label_fn *visit, void *context)
{
	uint8_t used = runtime->layout.traits->labels_min_top_hash;
	size_t i, slot;
	int depth;

	if (!buckets || log > BUCKETS_LOG_MAX)
		return;
	for (i = 0; i < (size_t)1 << log; i++) {
		const uint8_t *bucket = copy_at(copy, buckets + i * BUCKET_BYTES, BUCKET_BYTES);

		for (depth = 0; bucket && depth < OVERFLOWS_MAX; depth++) {
			uint64_t overflow = load_u64(bucket + BUCKET_OVERFLOW);

			for (slot = 0; slot < BUCKET_SLOTS; slot++)
				if (bucket[slot] >= used)
					visit(context, bucket + BUCKET_KEYS + slot * STRING,
					      bucket + BUCKET_VALUES + slot * STRING);
			bucket = overflow ? copy_at(copy, overflow, BUCKET_BYTES) : NULL;
		}
	}
}

static const uint8_t *hmap_of(const struct copy *copy, uint64_t labels)
{
	const void *pointer = copy_at(copy, labels, 8);

	return pointer ? copy_at(copy, load_u64(pointer), HMAP_BYTES) : NULL;
}

static void each_in_map(const struct go_runtime *runtime, const struct copy *copy, uint64_t labels,
			label_fn *visit, void *context)
{
	const struct runtime_layout *layout = &runtime->layout;
	const uint8_t *hmap = hmap_of(copy, labels);
	unsigned log, flags;

	if (!hmap)
		return;
	log = (unsigned)layout_number(layout, FIELD_hmap_b, hmap);
	flags = (unsigned)layout_number(layout, FIELD_hmap_flags, hmap);
	each_in_buckets(runtime, copy, layout_number(layout, FIELD_hmap_buckets, hmap), log, visit,
			context);
	each_in_buckets(runtime, copy, layout_number(layout, FIELD_hmap_oldbuckets, hmap),
			flags & SAME_SIZE_GROW ? log : log - (log > 0), visit, context);
}

static void each_in_slice(const struct copy *copy, uint64_t labels, label_fn *visit, void *context)
{
	const uint8_t *header = copy_at(copy, labels, STRING), *items;
	uint64_t count = header ? load_u64(header + 8) : 0, i;

	if (!count || count > LABELS_MAX)
		return;
	items = copy_at(copy, load_u64(header), count * LABEL);
	for (i = 0; items && i < count; i++)
		visit(context, items + i * LABEL, items + i * LABEL + STRING);
}

static void each_label(const struct go_runtime *runtime, const struct copy *copy, uint64_t labels,
		       label_fn *visit, void *context)
{
	if (runtime->layout.traits->labels_min_top_hash)
		each_in_map(runtime, copy, labels, visit, context);
	else
		each_in_slice(copy, labels, visit, context);
}

/* ---- copying ------------------------------------------------------------------------------ */

struct wanted {
	struct copy *copy;
	uint32_t owner;
};

static void want_string(const struct wanted *wanted, const uint8_t *header)
{
	uint64_t size = load_u64(header + 8);

	if (size && size <= LABEL_BYTES_MAX)
		copy_want(wanted->copy, load_u64(header), size, wanted->owner);
}

static void want_label(void *context, const uint8_t *key, const uint8_t *value)
{
	want_string(context, key);
	want_string(context, value);
}

static void want_buckets(struct copy *copy, uint64_t address, unsigned log, uint32_t owner)
{
	if (address && log <= BUCKETS_LOG_MAX)
		copy_want(copy, address, (uint64_t)BUCKET_BYTES << log, owner);
}

static void want_overflows(const struct go_runtime *runtime, struct copy *copy, uint64_t labels,
			   uint32_t owner)
{
	const struct runtime_layout *layout = &runtime->layout;
	const uint8_t *hmap = hmap_of(copy, labels);
	uint64_t buckets = hmap ? layout_number(layout, FIELD_hmap_buckets, hmap) : 0, i;
	unsigned log = hmap ? (unsigned)layout_number(layout, FIELD_hmap_b, hmap) : 0;

	for (i = 0; buckets && log <= BUCKETS_LOG_MAX && i < 1u << log; i++) {
		const uint8_t *bucket = copy_at(copy, buckets + i * BUCKET_BYTES, BUCKET_BYTES);
		uint64_t overflow = bucket ? load_u64(bucket + BUCKET_OVERFLOW) : 0;

		if (overflow)
			copy_want(copy, overflow, BUCKET_BYTES, owner);
	}
}

static void want_map_round(const struct go_runtime *runtime, struct copy *copy, uint64_t labels,
			   uint32_t owner, int round)
{
	const struct runtime_layout *layout = &runtime->layout;
	const void *pointer = copy_at(copy, labels, 8);
	const uint8_t *hmap;
	unsigned log;

	if (round == 1 && pointer)
		copy_want(copy, load_u64(pointer), HMAP_BYTES, owner);
	hmap = round == 2 ? hmap_of(copy, labels) : NULL;
	if (hmap) {
		log = (unsigned)layout_number(layout, FIELD_hmap_b, hmap);
		want_buckets(copy, layout_number(layout, FIELD_hmap_buckets, hmap), log, owner);
		want_buckets(copy, layout_number(layout, FIELD_hmap_oldbuckets, hmap), log, owner);
	}
	if (round == 3)
		want_overflows(runtime, copy, labels, owner);
}

/* Rounds: the word or slice; the map or the array; buckets; overflow buckets; strings. Goroutines
 * share labels with those that they start, so each set is copied once (`seen`: set → round). */
bool want_labels(struct go_runtime *runtime, struct copy *copy, struct map *seen, uint64_t labels,
		 uint32_t owner, int round)
{
	struct wanted wanted = { .copy = copy, .owner = owner };
	bool in_map = runtime->layout.traits->labels_min_top_hash, known;
	uint64_t next = map_get(seen, labels, &known);

	if (known && next > (uint64_t)round)
		return true;
	map_put(seen, labels, (uint64_t)round + 1);
	if (round == 0)
		copy_want(copy, labels, STRING, owner);
	else if (in_map && round < LABEL_ROUNDS - 1)
		want_map_round(runtime, copy, labels, owner, round);
	else if (!in_map && round == 1) {
		const uint8_t *header = copy_at(copy, labels, STRING);
		uint64_t count = header ? load_u64(header + 8) : 0;

		if (count && count <= LABELS_MAX)
			copy_want(copy, load_u64(header), count * LABEL, owner);
	}
	if (round == LABEL_ROUNDS - 1 || (!in_map && round == 2))
		each_label(runtime, copy, labels, want_label, &wanted);
	return round < LABEL_ROUNDS - 1;
}

/* ---- meaning ------------------------------------------------------------------------------ */

struct decoded {
	const struct copy *copy;
	struct arena *arena;
	VECTOR(struct spy_label) labels;
	size_t unread;
};

static const char *string_of(const struct decoded *decoded, const uint8_t *header)
{
	uint64_t size = load_u64(header + 8);
	const void *bytes;

	if (!size)
		return "";
	bytes = size <= LABEL_BYTES_MAX ? copy_at(decoded->copy, load_u64(header), size) : NULL;
	return bytes ? arena_bytes(decoded->arena, bytes, size) : NULL;
}

static void decode_label(void *context, const uint8_t *key, const uint8_t *value)
{
	struct decoded *decoded = context;
	struct spy_label label = { .key = string_of(decoded, key),
				   .value = string_of(decoded, value),
				   .key_bytes = load_u64(key + 8),
				   .value_bytes = load_u64(value + 8) };

	if (label.key && label.value && decoded->labels.count < LABELS_MAX)
		*vector_push(&decoded->labels) = label;
	else
		decoded->unread++;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct spy_label *)a)->key, ((const struct spy_label *)b)->key);
}

size_t collected_labels(const struct go_runtime *runtime, const struct copy *copy, uint64_t labels,
			struct arena *arena, const struct spy_label **ret, size_t *count)
{
	struct decoded decoded = { .copy = copy, .arena = arena };
	struct spy_label *items;

	each_label(runtime, copy, labels, decode_label, &decoded);
	*count = decoded.labels.count;
	items = arena_alloc(arena, *count, sizeof(*items));
	if (*count) {
		qsort(decoded.labels.items, *count, sizeof(*items), by_key);
		memcpy(items, decoded.labels.items, *count * sizeof(*items));
	}
	*ret = items;
	vector_free(&decoded.labels);
	return decoded.unread;
}
