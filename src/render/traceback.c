/* SPDX-License-Identifier: MIT */
#include "render/traceback.h"

#include <string.h>

#include "render/locals.h"
#include "render/output.h"

#define MINUTE_NS 60000000000ll

/* runtime/traceback.go, goroutineheader() of Go 1.27; earlier ones print a part of it. */
void traceback_state(struct text *text, const struct spy_goroutine *goroutine, bool age)
{
	bool leaked = goroutine->status == SPY_STATUS_LEAKED;
	bool blocked =
	    goroutine->status == SPY_STATUS_WAITING || goroutine->status == SPY_STATUS_SYSCALL;
	const char *reason = goroutine->wait_reason;

	text_add(text, "[");
	put_string(text, reason ? reason : spy_status_name(goroutine->status));
	if (leaked)
		text_add(text, " (leaked)");
	if (age && blocked && goroutine->wait_ns >= MINUTE_NS) {
		text_add(text, ", ");
		put_number(text, goroutine->wait_ns / MINUTE_NS);
		text_add(text, " minutes");
	}
	if (goroutine->locked_to_thread)
		text_add(text, ", locked to thread");
	text_add(text, "]");
}

/* runtime/traceback.go, tracebackStringNeedsQuoting() of Go 1.27 */
static bool needs_quotes(const char *bytes, size_t size)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "./_";
	size_t i;

	for (i = 0; i < size; i++)
		if (!memchr(plain, bytes[i], sizeof(plain) - 1))
			return true;
	return false;
}

static void label_word(struct text *text, const char *word, size_t size)
{
	const char *quote;

	if (!needs_quotes(word, size)) {
		text_add_bytes(text, word, size);
		return;
	}
	text_add(text, "\"");
	while ((quote = memchr(word, '"', size))) {
		size_t before = (size_t)(quote - word);

		text_add_escaped(text, word, before);
		text_add(text, "\\\"");
		word += before + 1;
		size -= before + 1;
	}
	text_add_escaped(text, word, size);
	text_add(text, "\"");
}

void traceback_labels(struct text *text, const struct spy_goroutine *goroutine)
{
	size_t i;

	for (i = 0; i < goroutine->label_count; i++) {
		const struct spy_label *label = &goroutine->labels[i];

		text_add(text, i ? ", " : " {");
		label_word(text, label->key, label->key_bytes);
		text_add(text, ": ");
		label_word(text, label->value, label->value_bytes);
	}
	if (i)
		text_add(text, "}");
}

/* "main.f(" and ")\n\t/path/file.go:12 +0x1d\n": no offset for an inlined call, nor at a function's
 * entry (runtime/traceback.go, traceback2()). */
size_t traceback_place(struct text *text, const struct spy_location *location)
{
	size_t split;

	put_string(text, location->function ? location->function : "?");
	text_add(text, "(");
	split = text->length;
	text_add(text, ")\n\t");
	put_string(text, location->file ? location->file : "?");
	text_add(text, ":");
	put_number(text, location->line);
	if (!location->inlined && location->pc_offset) {
		text_add(text, " +");
		put_hex(text, location->pc_offset);
	}
	text_add(text, "\n");
	return split;
}

static void add_part(struct text *text, const struct places *places, size_t start, size_t end)
{
	text_add_bytes(text, places->text.bytes + start, end - start);
}

static void add_frame(struct text *text, const struct spy_frame *frame, bool arguments,
		      struct places *places)
{
	const struct spy_location *location = frame->location;
	const struct place *place = places_get(places, location);

	add_part(text, places, place->offset, place->split);
	if (arguments && !location->inlined && frame->arguments)
		text_add(text, frame->arguments); /* spy's own words: nothing to escape */
	else
		text_add(text, "...");
	add_part(text, places, place->split, place->end);
	put_locals(text, frame);
}

static void add_creator(struct text *text, const struct spy_created_by *created_by,
			struct places *places)
{
	const struct place *place = places_get(places, created_by->location);

	text_add(text, "created by ");
	add_part(text, places, place->offset, place->split - strlen("("));
	if (created_by->goroutine != SPY_UNKNOWN) {
		text_add(text, " in goroutine ");
		put_number(text, created_by->goroutine);
	}
	add_part(text, places, place->split + strlen(")"), place->end);
}

void traceback_stack(struct text *text, const struct spy_goroutine *goroutine, bool arguments,
		     struct places *places)
{
	size_t i;

	for (i = 0; i < goroutine->frame_count; i++)
		add_frame(text, &goroutine->frames[i], arguments, places);
	if (goroutine->stack_note) {
		text_add(text, "\t");
		put_string(text, goroutine->stack_note);
		text_add(text, "\n");
	}
	if (goroutine->created_by)
		add_creator(text, goroutine->created_by, places);
}
