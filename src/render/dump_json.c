/* SPDX-License-Identifier: MIT
 *
 * Stacks as JSON: spy dump --json.
 */
#include "render/json.h"
#include "render/locals.h"
#include "render/places.h"
#include "render/render.h"

static void location_json(struct json *json, const struct spy_location *location)
{
	json_string(json, "function", location->function ? location->function : "?");
	json_string(json, "file", location->file ? location->file : "?");
	json_number(json, "line", location->line);
	json_address(json, "pc", location->pc);
	json_bool(json, "inlined", location->inlined);
}

static size_t frame_json(struct text *text, const struct spy_location *location)
{
	struct json json;

	json_begin_text(&json, text);
	json_open_object(&json, NULL);
	location_json(&json, location);
	json_close_object(&json);
	json_end(&json);
	return text->length; /* one part */
}

/* A frame with its variables: no two are the same. */
static void whole_frame_json(struct json *json, const struct spy_frame *frame)
{
	json_open_object(json, NULL);
	location_json(json, frame->location);
	locals_json(json, frame);
	json_close_object(json);
}

static void frames_json(struct json *json, const struct spy_goroutine *goroutine, bool locals,
			struct places *places)
{
	size_t i;

	json_open_array(json, "frames");
	for (i = 0; i < goroutine->frame_count; i++) {
		const struct place *place;

		if (locals) {
			whole_frame_json(json, &goroutine->frames[i]);
			continue;
		}
		place = places_get(places, goroutine->frames[i].location);
		json_raw(json, NULL, places->text.bytes + place->offset,
			 place->end - place->offset);
	}
	json_close_array(json);
}

static void labels_json(struct json *json, const struct spy_goroutine *goroutine)
{
	size_t i;

	json_open_object(json, "labels");
	for (i = 0; i < goroutine->label_count; i++) {
		const struct spy_label *label = &goroutine->labels[i];

		json_bytes(json, label->key, label->key_bytes, label->value, label->value_bytes);
	}
	json_close_object(json);
}

static void created_by_json(struct json *json, const struct spy_created_by *created_by)
{
	const struct spy_location *location;

	if (!created_by) {
		json_null(json, "created_by");
		return;
	}
	location = created_by->location;
	json_open_object(json, "created_by");
	json_string(json, "function", location->function ? location->function : "?");
	json_string(json, "file", location->file ? location->file : "?");
	json_number(json, "line", location->line);
	json_number(json, "goroutine", created_by->goroutine);
	json_close_object(json);
}

/* What it waits on; beside the contract. */
static void waits_on_json(struct json *json, const struct spy_wait *wait)
{
	static const char *const kinds[] = {
		[SPY_WAIT_RECEIVE] = "receive",
		[SPY_WAIT_SEND] = "send",
		[SPY_WAIT_SELECT] = "select",
		[SPY_WAIT_LOCK] = "lock",
	};
	bool is_channel = wait->kind != SPY_WAIT_LOCK;

	if (wait->kind == SPY_WAIT_NONE) {
		json_null(json, "waits_on");
		return;
	}
	json_open_object(json, "waits_on");
	json_string(json, "kind", kinds[wait->kind]);
	json_address(json, "address", wait->address);
	if (is_channel) {
		json_string(json, "element_type", wait->element_type);
		json_number(json, "element_size", wait->element_bytes);
		json_number(json, "cap", wait->capacity);
		json_number(json, "len", wait->length);
		json_number(json, "cases", wait->cases);
	}
	json_close_object(json);
}

static void goroutine_json(struct json *json, const struct spy_goroutine *goroutine, bool locals,
			   struct places *places)
{
	json_open_object(json, NULL);
	json_number(json, "id", goroutine->id);
	json_string(json, "status", spy_status_name(goroutine->status));
	json_string(json, "wait_reason", goroutine->wait_reason);
	json_number(json, "wait_ns", goroutine->wait_ns);
	json_bool(json, "system", goroutine->system);
	json_bool(json, "locked_to_thread", goroutine->locked_to_thread);
	json_number(json, "thread", goroutine->thread);
	json_number(json, "m", goroutine->m);
	json_address(json, "address", goroutine->address);
	waits_on_json(json, &goroutine->wait);
	labels_json(json, goroutine);
	created_by_json(json, goroutine->created_by);
	json_string(json, "stack_note", goroutine->stack_note);
	frames_json(json, goroutine, locals, places);
	json_close_object(json);
}

/* Which of the goroutines above share a stack; beside the contract. */
static void groups_json(struct json *json, const struct goroutine_list *list)
{
	struct goroutine_groups groups = { 0 };
	size_t i, k;

	goroutines_group(list, &groups);
	json_open_array(json, "groups");
	for (i = 0; i < groups.items.count; i++) {
		const struct goroutine_group *group = &groups.items.items[i];

		json_open_object(json, NULL);
		json_number(json, "count", (int64_t)group->members.count);
		json_open_array(json, "goroutines");
		for (k = 0; k < group->members.count; k++)
			json_number(json, NULL, group->members.items[k]->id);
		json_close_array(json);
		json_close_object(json);
	}
	json_close_array(json);
	goroutine_groups_free(&groups);
}

static void warnings_json(struct json *json, const struct spy_snapshot *snapshot, size_t left_out)
{
	struct text line = { 0 };
	size_t i;

	json_open_array(json, "warnings");
	for (i = 0; i < snapshot->warning_count; i++)
		json_string(json, NULL, snapshot->warnings[i]);
	if (left_out) {
		text_printf(&line, "%zu more goroutines left out by --limit", left_out);
		json_string(json, NULL, line.bytes);
	}
	json_close_array(json);
	text_free(&line);
}

void render_dump_json(struct output *output, const struct spy_snapshot *snapshot,
		      const struct dump_options *options)
{
	struct goroutine_list list = { 0 };
	struct places places = { .render = frame_json };
	struct json json;
	size_t i;

	goroutines_select(snapshot, &options->filter, &list);
	json_begin(&json, output);
	json_open_object(&json, NULL);
	json_number(&json, "pid", snapshot->pid);
	json_string(&json, "go_version", snapshot->go_version);
	json_number(&json, "paused_ns", snapshot->paused_ns);
	json_open_array(&json, "goroutines");
	for (i = 0; i < list.refs.count; i++)
		goroutine_json(&json, list.refs.items[i], options->locals, &places);
	json_close_array(&json);
	if (options->group)
		groups_json(&json, &list);
	warnings_json(&json, snapshot, list.left_out);
	json_close_object(&json);
	json_end(&json);
	places_free(&places);
	goroutine_list_free(&list);
}
