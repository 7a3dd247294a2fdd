/* SPDX-License-Identifier: MIT */
#include "render/top_groups.h"

#include <string.h>
#include <time.h>

static const char none[] = "(none)";

/* ---- what goroutines have in common ------------------------------------------------------- */

/* Names are the target's choice: without a secret it could choose some that all fall together. */
uint64_t top_seed(void)
{
	static uint64_t secret;
	struct timespec now;

	if (!secret) {
		clock_gettime(CLOCK_REALTIME, &now);
		secret = ((uint64_t)now.tv_nsec << 32 ^ (uintptr_t)&now ^ (uint64_t)now.tv_sec) | 1;
	}
	return secret;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	__extension__ unsigned __int128 product =
	    (unsigned __int128)(hash ^ word ^ 0xa0761d6478bd642f) *
	    (top_seed() ^ 0xe7037ed1a0b428db);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t mix_bytes(uint64_t hash, const char *bytes, size_t size)
{
	uint64_t word;

	for (; size >= sizeof(word); bytes += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = mix(hash, word);
	}
	word = size;
	if (size)
		memcpy((char *)&word + 1, bytes, size);
	return mix(hash, word);
}

uint64_t top_mix_string(uint64_t hash, const char *string)
{
	return string ? mix_bytes(hash, string, strlen(string)) : mix(hash, 1);
}

bool top_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_function(const struct spy_location *a, const struct spy_location *b)
{
	return a == b || (a && b && top_same_text(a->function, b->function));
}

static bool same_place(const struct spy_location *a, const struct spy_location *b)
{
	return same_function(a, b) &&
	       (a == b || (a->line == b->line && top_same_text(a->file, b->file)));
}

static uint64_t mix_place(uint64_t hash, const struct spy_location *location)
{
	if (!location)
		return mix(hash, 2);
	return top_mix_string(mix(hash, (uint64_t)location->line), location->function);
}

static const struct spy_label *label_named(const struct spy_goroutine *goroutine, const char *name)
{
	size_t length = strlen(name), i;

	for (i = 0; i < goroutine->label_count; i++)
		if (goroutine->labels[i].key_bytes == length &&
		    !memcmp(goroutine->labels[i].key, name, length))
			return &goroutine->labels[i];
	return NULL;
}

static bool same_bytes(const char *a, size_t a_size, const char *b, size_t b_size)
{
	return a_size == b_size && !memcmp(a, b, a_size);
}

static bool same_label(const struct spy_label *a, const struct spy_label *b)
{
	return a == b || (a && b && same_bytes(a->key, a->key_bytes, b->key, b->key_bytes) &&
			  same_bytes(a->value, a->value_bytes, b->value, b->value_bytes));
}

/* Labels are sorted by their keys. */
static bool same_labels(const struct spy_goroutine *a, const struct spy_goroutine *b,
			const char *name)
{
	size_t i;

	if (name)
		return same_label(label_named(a, name), label_named(b, name));
	if (a->label_count != b->label_count)
		return false;
	for (i = 0; i < a->label_count; i++)
		if (!same_label(&a->labels[i], &b->labels[i]))
			return false;
	return true;
}

static uint64_t mix_label(uint64_t hash, const struct spy_label *label)
{
	if (!label)
		return mix(hash, 3);
	return mix_bytes(mix_bytes(hash, label->key, label->key_bytes), label->value,
			 label->value_bytes);
}

static uint64_t mix_labels(uint64_t hash, const struct spy_goroutine *goroutine, const char *name)
{
	size_t i;

	if (name)
		return mix_label(hash, label_named(goroutine, name));
	for (i = 0; i < goroutine->label_count; i++)
		hash = mix_label(hash, &goroutine->labels[i]);
	return hash;
}

/* What it waits for, or its state if it does not wait. */
static const char *reason(const struct spy_goroutine *goroutine)
{
	return goroutine->wait_reason ? goroutine->wait_reason : spy_status_name(goroutine->status);
}

static uint64_t stack_hash(const struct spy_goroutine *goroutine)
{
	uint64_t hash = top_seed();
	size_t i;

	/* two places with one pc and line are rare: whether they are the same is asked later */
	for (i = 0; i < goroutine->frame_count; i++)
		hash = mix(hash, goroutine->frames[i].location->pc * 31 +
				     (uint64_t)goroutine->frames[i].location->line);
	return goroutine->frame_count ? hash : top_mix_string(hash, goroutine->stack_note);
}

static bool same_stack(const struct spy_goroutine *a, const struct spy_goroutine *b)
{
	size_t i;

	if (a->frame_count != b->frame_count)
		return false;
	for (i = 0; i < a->frame_count; i++) {
		const struct spy_location *x = a->frames[i].location, *y = b->frames[i].location;

		if (x != y && (x->pc != y->pc || !same_place(x, y)))
			return false;
	}
	return a->frame_count || top_same_text(a->stack_note, b->stack_note);
}

uint64_t top_hash(const struct top_options *options, const struct spy_goroutine *goroutine)
{
	switch (options->group) {
	case TOP_FUNCTION:
		return top_mix_string(top_seed(),
				      goroutine->start ? goroutine->start->function : NULL);
	case TOP_STACK:
		return stack_hash(goroutine);
	case TOP_CREATOR:
		return mix_place(top_seed(), goroutine->caller);
	case TOP_WAIT_REASON:
		return top_mix_string(top_seed(), reason(goroutine));
	case TOP_LABEL:
		return mix_labels(top_seed(), goroutine, options->label);
	case TOP_GOROUTINE:
	case TOP_GROUPS:
		break;
	}
	return mix(top_seed(), (uint64_t)goroutine->id);
}

bool top_same(const struct top_options *options, const struct spy_goroutine *a,
	      const struct spy_goroutine *b)
{
	switch (options->group) {
	case TOP_FUNCTION:
		return same_function(a->start, b->start);
	case TOP_STACK:
		return same_stack(a, b);
	case TOP_CREATOR:
		return same_place(a->caller, b->caller);
	case TOP_WAIT_REASON:
		return top_same_text(reason(a), reason(b));
	case TOP_LABEL:
		return same_labels(a, b, options->label);
	case TOP_GOROUTINE:
	case TOP_GROUPS:
		break;
	}
	return a->id == b->id;
}

/* ---- the words for it --------------------------------------------------------------------- */

static void add_stack(struct text *text, const struct spy_goroutine *goroutine)
{
	size_t i;

	/* folded, as flame graphs have it: the outermost first */
	for (i = goroutine->frame_count; i-- > 0;) {
		const char *function = goroutine->frames[i].location->function;

		text_add(text, function ? function : "?");
		if (i)
			text_add(text, ";");
	}
	if (!goroutine->frame_count)
		text_add(text, goroutine->stack_note ? goroutine->stack_note : none);
}

void top_add_labels(struct text *text, const struct spy_goroutine *goroutine)
{
	size_t i;

	for (i = 0; i < goroutine->label_count; i++) {
		const struct spy_label *label = &goroutine->labels[i];

		if (i)
			text_add(text, ", ");
		text_add_bytes(text, label->key, label->key_bytes);
		text_add(text, "=");
		text_add_bytes(text, label->value, label->value_bytes);
	}
}

void top_add_key(struct text *text, const struct top_options *options,
		 const struct spy_goroutine *goroutine)
{
	const struct spy_location *place = goroutine->start;
	const struct spy_label *label;

	switch (options->group) {
	case TOP_FUNCTION:
		text_add(text, place && place->function ? place->function : "?");
		break;
	case TOP_STACK:
		add_stack(text, goroutine);
		break;
	case TOP_CREATOR:
		place = goroutine->caller;
		if (place)
			text_printf(text, "%s %s:%lld", place->function ? place->function : "?",
				    place->file ? place->file : "?", (long long)place->line);
		break;
	case TOP_WAIT_REASON:
		text_add(text, reason(goroutine));
		break;
	case TOP_LABEL:
		label = options->label ? label_named(goroutine, options->label) : NULL;
		if (label && !label->value_bytes)
			text_add(text, "\"\""); /* which is not none */
		else if (label)
			text_add_bytes(text, label->value, label->value_bytes);
		else if (!options->label)
			top_add_labels(text, goroutine);
		break;
	case TOP_GOROUTINE:
	case TOP_GROUPS:
		text_printf(text, "%lld", (long long)goroutine->id);
		break;
	}
	if (!text->length)
		text_add(text, none);
}
