/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "render/top.h"
#include "render/units.h"

enum { IDS_SHOWN = 100 }; /* of a row, in JSON */

const char *top_group_name(size_t index)
{
	static const char *const names[TOP_GROUPS] = {
		[TOP_FUNCTION] = "function", [TOP_STACK] = "stack",
		[TOP_CREATOR] = "creator",   [TOP_WAIT_REASON] = "wait_reason",
		[TOP_LABEL] = "label",       [TOP_GOROUTINE] = "goroutine",
	};

	return index < TOP_GROUPS ? names[index] : NULL;
}

static size_t rows_shown(const struct top_view *view)
{
	size_t count = view->rows->items.count;

	return view->limit && view->limit < count ? view->limit : count;
}

/* ---- text --------------------------------------------------------------------------------- */

static void print_title(struct output *output, const struct top_view *view)
{
	const struct spy_snapshot *snapshot = view->snapshot;
	char buffer[UNITS_MAX];
	struct text *text = &output->text;

	put_string(text, snapshot->exe);
	text_add(text, " (");
	put_number(text, snapshot->pid);
	text_add(text, ")  ");
	put_string(text, snapshot->go_version);
	text_add(text, "  goroutines: ");
	put_number(text, snapshot->goroutine_counts.count);
	if (view->rows->hidden)
		text_printf(text, " (%lld not shown)", (long long)view->rows->hidden);
	if (snapshot->paused_ns)
		text_printf(text, "  stopped for %s", units_duration(snapshot->paused_ns, buffer));
	if (view->samples && view->samples->readings)
		text_printf(text, "  CPU%% of %lld looks", (long long)view->samples->readings);
	text_add(text, "\n");
}

void render_top_text(struct output *output, const struct top_view *view)
{
	struct field fields[32] = { 0 };
	const struct top_column *column;
	size_t count = 0, shown = rows_shown(view);

	for (column = top_columns; column->field.help; column++) {
		if (!(column->groups & 1u << view->rows->options.group))
			continue;
		fields[count] = column->field;
		if (!fields[count].name)
			fields[count].name = "";
		count++;
	}
	print_title(output, view);
	fields_table(output, fields, view->rows->items.items, shown,
		     sizeof(*view->rows->items.items), 0);
	if (shown < view->rows->items.count)
		text_printf(&output->text, "... and %zu more rows\n",
			    view->rows->items.count - shown);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static void statuses_json(struct json *json, const int64_t *by_status)
{
	size_t i;

	json_open_object(json, "by_status");
	for (i = 0; i < SPY_STATUS_COUNT; i++)
		if (by_status[i])
			json_number(json, spy_status_name((enum spy_status)i), by_status[i]);
	json_close_object(json);
}

static void frames_json(struct json *json, const struct spy_goroutine *goroutine)
{
	size_t i;

	json_open_array(json, "frames");
	for (i = 0; i < goroutine->frame_count; i++) {
		const struct spy_location *location = goroutine->frames[i].location;

		json_open_object(json, NULL);
		json_string(json, "function", location->function);
		json_string(json, "file", location->file);
		json_number(json, "line", location->line);
		json_close_object(json);
	}
	json_close_array(json);
}

static void row_json(struct json *json, const struct top_view *view, const struct top_row *row)
{
	const struct top_column *column;
	size_t i;

	json_open_object(json, NULL);
	for (column = top_columns; column->field.help; column++)
		if (column->field.name)
			field_json(json, &column->field, row);
	statuses_json(json, row->by_status);
	json_open_array(json, "goroutines");
	for (i = 0; i < row->member_count && i < IDS_SHOWN; i++)
		json_number(json, NULL, row->members[i]->id);
	json_close_array(json);
	if (view->rows->options.group == TOP_STACK && row->member_count)
		frames_json(json, row->members[0]);
	json_close_object(json);
}

static void warnings_json(struct json *json, const struct top_view *view)
{
	size_t i;

	json_open_array(json, "warnings");
	for (i = 0; i < view->snapshot->warning_count; i++)
		json_string(json, NULL, view->snapshot->warnings[i]);
	for (i = 0; i < view->warning_count; i++)
		json_string(json, NULL, view->warnings[i]);
	json_close_array(json);
}

void render_top_json(struct output *output, const struct top_view *view)
{
	const struct spy_snapshot *snapshot = view->snapshot;
	struct json json;
	size_t i;

	json_begin(&json, output);
	json_open_object(&json, NULL);
	json_number(&json, "pid", snapshot->pid);
	json_string(&json, "go_version", snapshot->go_version);
	json_number(&json, "time", snapshot->taken_at);
	json_number(&json, "paused_ns", snapshot->paused_ns);
	json_string(&json, "group_by", top_group_name(view->rows->options.group));
	json_string(&json, "label", view->rows->options.label);
	json_number(&json, "goroutines", snapshot->goroutine_counts.count);
	json_number(&json, "shown", view->rows->shown);
	json_number(&json, "hidden", view->rows->hidden);
	json_number(&json, "samples", view->samples ? view->samples->readings : SPY_UNKNOWN);
	json_number(&json, "unread_samples", view->samples ? view->samples->unread : SPY_UNKNOWN);
	json_number(&json, "row_count", (int64_t)view->rows->items.count);
	json_open_array(&json, "rows");
	for (i = 0; i < rows_shown(view); i++)
		row_json(&json, view, &view->rows->items.items[i]);
	json_close_array(&json);
	warnings_json(&json, view);
	json_close_object(&json);
	json_end(&json);
}
