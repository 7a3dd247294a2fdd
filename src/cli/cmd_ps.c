/* SPDX-License-Identifier: MIT
 *
 * spy ps: the Go processes of this machine.
 */
#include "cli/command.h"
#include "cli/target.h"
#include "render/render.h"

#include "base/error.h"

static void cleanup_list(struct spy_process_list **list)
{
	spy_process_list_free(*list);
}

static struct spy_error *run(const void *arguments, struct output *output)
{
	const struct arguments *common = arguments;
	struct spy_process_list *list _cleanup_(cleanup_list) = NULL;
	struct notes notes = { 0 };

	TRY(spy_process_list(&list));
	if (common->json) {
		render_processes_json(output, list);
		return NULL;
	}
	render_processes_text(output, list);
	notes_of_processes(list, &notes);
	print_warnings(output, (const char *const *)notes.lines.items, notes.lines.count);
	notes_free(&notes);
	return NULL;
}

const struct command command_ps = {
	.name = "ps",
	.summary = "list the Go processes of this machine",
	.description = "Lists the Go processes that can be seen, by pid. None of them is stopped.\n"
		       "What could not be read is shown as \"-\".\n",
	.flags = COMMAND_JSON,
	.columns = process_fields,
	.arguments_size = sizeof(struct arguments),
	.run = run,
};
