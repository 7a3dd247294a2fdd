/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "render/top.h"

enum where {
	ANYWHERE,
	FUNCTION,
	STATE,
	WAIT,
	LABEL,
	ID,
};

struct term {
	enum where where;
	bool not ;
	const char *word;
	int64_t id;           /* the word as a number, or -1 */
	struct map locations; /* location → whether its function has the word */
};

struct top_filter {
	char *words; /* cut into the terms */
	VECTOR(struct term) terms;
	struct text label; /* a label as text */
};

static const struct {
	const char *prefix;
	enum where where;
} places[] = {
	{ .prefix = "fn:", .where = FUNCTION }, { .prefix = "function:", .where = FUNCTION },
	{ .prefix = "state:", .where = STATE }, { .prefix = "status:", .where = STATE },
	{ .prefix = "wait:", .where = WAIT },   { .prefix = "label:", .where = LABEL },
	{ .prefix = "id:", .where = ID },
};

static int64_t number(const char *word)
{
	size_t digits = strspn(word, "0123456789");

	return digits && !word[digits] && digits < 19 ? (int64_t)strtoull(word, NULL, 10) : -1;
}

static void add_term(struct top_filter *filter, const char *word)
{
	struct term term = { .where = ANYWHERE };
	size_t i;

	if (word[0] == '!' && word[1]) {
		term.not = true;
		word++;
	}
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t length = strlen(places[i].prefix);

		if (!strncmp(word, places[i].prefix, length)) {
			term.where = places[i].where;
			word += length;
			break;
		}
	}
	/* "state:" is on its way to be something: it lets everything pass until it is */
	if (!*word)
		return;
	term.word = word;
	term.id = number(word);
	*vector_push(&filter->terms) = term;
}

struct top_filter *top_filter_new(const char *words)
{
	struct top_filter *filter = memory_zeroed(1, sizeof(*filter));
	char *rest, *word;

	filter->words = memory_string(words ? words : "");
	for (word = strtok_r(filter->words, " \t", &rest); word;
	     word = strtok_r(NULL, " \t", &rest))
		add_term(filter, word);
	return filter;
}

void top_filter_free(struct top_filter *filter)
{
	if (!filter)
		return;
	top_filter_forget(filter);
	vector_free(&filter->terms);
	text_free(&filter->label);
	free(filter->words);
	free(filter);
}

void top_filter_forget(struct top_filter *filter)
{
	size_t i;

	for (i = 0; filter && i < filter->terms.count; i++)
		map_free(&filter->terms.items[i].locations);
}

unsigned top_filter_needs(const struct top_filter *filter)
{
	size_t i;

	for (i = 0; filter && i < filter->terms.count; i++) {
		enum where where = filter->terms.items[i].where;

		if (where == ANYWHERE || where == LABEL)
			return SPY_COLLECT_LABELS;
	}
	return 0;
}

static bool has(const char *string, const char *word)
{
	return string && strcasestr(string, word);
}

static bool location_has(struct term *term, const struct spy_location *location)
{
	bool found, answer;
	uint64_t known;

	if (!location)
		return false;
	known = map_get(&term->locations, (uintptr_t)location, &found);
	if (found)
		return known;
	answer = has(location->function, term->word);
	map_put(&term->locations, (uintptr_t)location, answer);
	return answer;
}

static bool any_function_has(struct term *term, const struct spy_goroutine *goroutine)
{
	size_t i;

	if (location_has(term, goroutine->start) || location_has(term, goroutine->caller) ||
	    location_has(term, goroutine->current))
		return true;
	for (i = 0; i < goroutine->frame_count; i++)
		if (location_has(term, goroutine->frames[i].location))
			return true;
	return false;
}

/* Labels may hold NUL, which is no end of them. */
static bool bytes_have(const char *bytes, size_t size, const char *word)
{
	const char *end = bytes + size;

	for (; bytes < end; bytes += strlen(bytes) + 1)
		if (strcasestr(bytes, word))
			return true;
	return false;
}

static bool any_label_has(struct top_filter *filter, const char *word,
			  const struct spy_goroutine *goroutine)
{
	struct text *text = &filter->label;
	size_t i;

	for (i = 0; i < goroutine->label_count; i++) {
		const struct spy_label *label = &goroutine->labels[i];

		text->length = 0;
		text_add_bytes(text, label->key, label->key_bytes);
		text_add(text, "=");
		text_add_bytes(text, label->value, label->value_bytes);
		if (bytes_have(text->bytes, text->length, word))
			return true;
	}
	return false;
}

static bool term_fits(struct top_filter *filter, struct term *term,
		      const struct spy_goroutine *goroutine)
{
	const char *status = spy_status_name(goroutine->status);

	switch (term->where) {
	case FUNCTION:
		return any_function_has(term, goroutine);
	case STATE:
		return has(status, term->word);
	case WAIT:
		return has(goroutine->wait_reason, term->word);
	case LABEL:
		return any_label_has(filter, term->word, goroutine);
	case ID:
		return goroutine->id == term->id;
	case ANYWHERE:
		break;
	}
	return has(status, term->word) || has(goroutine->wait_reason, term->word) ||
	       (term->id >= 0 && goroutine->id == term->id) || any_function_has(term, goroutine) ||
	       any_label_has(filter, term->word, goroutine);
}

bool top_filter_passes(struct top_filter *filter, const struct spy_goroutine *goroutine)
{
	size_t i;

	for (i = 0; filter && i < filter->terms.count; i++) {
		struct term *term = &filter->terms.items[i];

		if (term_fits(filter, term, goroutine) == term->not )
			return false;
	}
	return true;
}
