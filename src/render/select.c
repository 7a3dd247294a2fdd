/* SPDX-License-Identifier: MIT */
#include "render/select.h"

#include <fnmatch.h>
#include <string.h>

#include "base/map.h"

static bool has_function(const struct spy_goroutine *goroutine, const char *wanted)
{
	size_t i;

	for (i = 0; i < goroutine->frame_count; i++) {
		const char *function = goroutine->frames[i].location->function;

		/* Both, always: "main.(*Server).run" and "main.f[...]" are names as well as globs.
		 */
		if (function && (strstr(function, wanted) || !fnmatch(wanted, function, 0)))
			return true;
	}
	return false;
}

static bool has_label(const struct spy_goroutine *goroutine, const char *wanted)
{
	const char *equals = strchr(wanted, '=');
	size_t length = equals ? (size_t)(equals - wanted) : strlen(wanted), i;
	size_t value_length = equals ? strlen(equals + 1) : 0;

	for (i = 0; i < goroutine->label_count; i++) {
		const struct spy_label *label = &goroutine->labels[i];

		if (label->key_bytes == length && !memcmp(label->key, wanted, length) &&
		    (!equals || (label->value_bytes == value_length &&
				 !memcmp(label->value, equals + 1, value_length))))
			return true;
	}
	return false;
}

static bool matches(const struct spy_goroutine *goroutine, const struct goroutine_filter *filter)
{
	if (filter->statuses && !(filter->statuses & 1u << goroutine->status))
		return false;
	if (filter->wait_reason &&
	    (!goroutine->wait_reason || !strstr(goroutine->wait_reason, filter->wait_reason)))
		return false;
	if (filter->function && !has_function(goroutine, filter->function))
		return false;
	return !filter->label || has_label(goroutine, filter->label);
}

void goroutines_select(const struct spy_snapshot *snapshot, const struct goroutine_filter *filter,
		       struct goroutine_list *list)
{
	size_t limit = filter->limit > 0 ? (size_t)filter->limit : SIZE_MAX, i;

	for (i = 0; i < snapshot->goroutine_count; i++) {
		if (!matches(&snapshot->goroutines[i], filter))
			continue;
		if (list->refs.count < limit)
			*vector_push(&list->refs) = &snapshot->goroutines[i];
		else
			list->left_out++;
	}
}

void goroutine_list_free(struct goroutine_list *list)
{
	vector_free(&list->refs);
	list->left_out = 0;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Locations of one place may be shared, but need not be. */
static bool same_place(const struct spy_location *a, const struct spy_location *b)
{
	return a == b || (a && b && a->pc == b->pc && a->line == b->line &&
			  a->inlined == b->inlined && same_text(a->function, b->function));
}

static uint64_t mix(uint64_t hash, const struct spy_location *location)
{
	if (location)
		hash ^= location->pc + (uint64_t)location->line;
	hash *= 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}

static const struct spy_location *creator(const struct spy_goroutine *goroutine)
{
	return goroutine->created_by ? goroutine->created_by->location : NULL;
}

static uint64_t stack_hash(const struct spy_goroutine *goroutine)
{
	uint64_t hash = mix(goroutine->status, creator(goroutine));
	size_t i;

	for (i = 0; i < goroutine->frame_count; i++)
		hash = mix(hash, goroutine->frames[i].location);
	return hash;
}

static bool same_stack(const struct spy_goroutine *a, const struct spy_goroutine *b)
{
	size_t i;

	if (a->status != b->status || a->frame_count != b->frame_count ||
	    a->locked_to_thread != b->locked_to_thread || !same_place(creator(a), creator(b)) ||
	    !same_text(a->wait_reason, b->wait_reason) || !same_text(a->stack_note, b->stack_note))
		return false;
	for (i = 0; i < a->frame_count; i++) {
		if (!same_place(a->frames[i].location, b->frames[i].location))
			return false;
	}
	return true;
}

static int larger_first(const void *a, const void *b)
{
	const struct goroutine_group *left = a, *right = b;

	if (left->members.count != right->members.count)
		return left->members.count > right->members.count ? -1 : 1;
	return left->members.items[0]->id < right->members.items[0]->id ? -1 : 1;
}

/* The group of a goroutine: the map leads from its hash, or from one of the next where that is
 * taken by another stack, to an index. */
static struct goroutine_group *group_of(struct goroutine_groups *groups, struct map *map,
					const struct spy_goroutine *goroutine)
{
	uint64_t key = stack_hash(goroutine);

	for (;; key++) {
		bool found;
		uint64_t index = map_get(map, key, &found);
		struct goroutine_group *group;

		if (!found) {
			map_put(map, key, groups->items.count);
			return vector_push(&groups->items);
		}
		group = &groups->items.items[index];
		if (same_stack(group->members.items[0], goroutine))
			return group;
	}
}

void goroutines_group(const struct goroutine_list *list, struct goroutine_groups *groups)
{
	struct map map = { 0 };
	size_t i;

	for (i = 0; i < list->refs.count; i++) {
		struct goroutine_group *group = group_of(groups, &map, list->refs.items[i]);

		*vector_push(&group->members) = list->refs.items[i];
	}
	map_free(&map);
	if (groups->items.count)
		qsort(groups->items.items, groups->items.count, sizeof(*groups->items.items),
		      larger_first);
}

void goroutine_groups_free(struct goroutine_groups *groups)
{
	size_t i;

	for (i = 0; i < groups->items.count; i++)
		vector_free(&groups->items.items[i].members);
	vector_free(&groups->items);
}
