/* SPDX-License-Identifier: MIT
 *
 * The list of processes: spy ps.
 */
#include <inttypes.h>

#include "render/fields.h"
#include "render/render.h"

void render_processes_text(struct output *output, const struct spy_process_list *list)
{
	fields_table(output, process_fields, list->processes, list->count, sizeof(*list->processes),
		     0);
}

void notes_of_processes(const struct spy_process_list *list, struct notes *notes)
{
	struct text line = { 0 };
	size_t i;

	if (!list->count)
		*vector_push(&notes->lines) = memory_string("no Go process was found");
	if (list->unreadable > 0) {
		text_printf(&line,
			    "%" PRId64 " %s could not be examined for want of permission: "
			    "run spy as root to see all",
			    list->unreadable, list->unreadable == 1 ? "process" : "processes");
		*vector_push(&notes->lines) = text_take(&line);
	}
	for (i = 0; i < list->count; i++) {
		const struct spy_process *process = &list->processes[i];

		if (!process->unreadable)
			continue;
		text_printf(&line, "could not look into process %" PRId64 ": %s", process->pid,
			    process->unreadable);
		*vector_push(&notes->lines) = text_take(&line);
	}
}

void notes_free(struct notes *notes)
{
	size_t i;

	for (i = 0; i < notes->lines.count; i++)
		free(notes->lines.items[i]);
	vector_free(&notes->lines);
}

void render_processes_json(struct output *output, const struct spy_process_list *list)
{
	struct notes notes = { 0 };
	struct json json;
	size_t i;

	json_begin(&json, output);
	json_open_object(&json, NULL);
	json_open_array(&json, "processes");
	for (i = 0; i < list->count; i++) {
		json_open_object(&json, NULL);
		fields_json(&json, process_fields, &list->processes[i]);
		json_close_object(&json);
	}
	json_close_array(&json);
	notes_of_processes(list, &notes);
	json_strings(&json, "warnings", (const char *const *)notes.lines.items, notes.lines.count);
	json_close_object(&json);
	json_end(&json);
	notes_free(&notes);
}
