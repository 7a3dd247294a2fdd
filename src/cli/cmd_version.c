/* SPDX-License-Identifier: MIT
 *
 * spy version
 */
#include "cli/command.h"
#include "render/json.h"

static struct spy_error *run(const void *arguments, struct output *output)
{
	const struct arguments *common = arguments;
	struct json json;

	if (!common->json) {
		text_printf(&output->text, "spy %s\n", spy_version());
		return NULL;
	}
	json_begin(&json, output);
	json_open_object(&json, NULL);
	json_string(&json, "version", spy_version());
	json_strings(&json, "warnings", NULL, 0);
	json_close_object(&json);
	json_end(&json);
	return NULL;
}

const struct command command_version = {
	.name = "version",
	.summary = "print the version of spy",
	.description = "Prints the version of spy.\n",
	.flags = COMMAND_JSON,
	.arguments_size = sizeof(struct arguments),
	.run = run,
};
