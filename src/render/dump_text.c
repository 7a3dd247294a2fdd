/* SPDX-License-Identifier: MIT
 *
 * Stacks as a Go traceback: spy dump.
 */
#include "render/render.h"
#include "render/traceback.h"

#define GROUP_IDS_SHOWN 10

static void one_goroutine(struct output *output, const struct spy_goroutine *goroutine,
			  const struct dump_options *options, struct places *places)
{
	struct text *text = &output->text;

	text_add(text, "goroutine ");
	put_number(text, goroutine->id);
	text_add(text, " ");
	traceback_state(text, goroutine, true);
	if (options->labels)
		traceback_labels(text, goroutine);
	text_add(text, ":\n");
	traceback_stack(text, goroutine, true, places);
}

/* "12 goroutines [chan receive] 5, 7, 9, ...:" and the stack that they share. */
static void one_group(struct output *output, const struct goroutine_group *group,
		      struct places *places)
{
	const struct spy_goroutine *first = group->members.items[0];
	struct text *text = &output->text;
	size_t i;

	put_number(text, (int64_t)group->members.count);
	text_add(text, group->members.count == 1 ? " goroutine " : " goroutines ");
	traceback_state(text, first, false);
	for (i = 0; i < group->members.count && i < GROUP_IDS_SHOWN; i++) {
		text_add(text, i ? ", " : " ");
		put_number(text, group->members.items[i]->id);
	}
	text_add(text, i < group->members.count ? ", ...:\n" : ":\n");
	traceback_stack(text, first, false, places); /* the arguments are not the same in all */
}

static void groups_text(struct output *output, const struct goroutine_list *list,
			struct places *places)
{
	struct goroutine_groups groups = { 0 };
	size_t i;

	goroutines_group(list, &groups);
	for (i = 0; i < groups.items.count; i++) {
		if (i)
			text_add(&output->text, "\n");
		one_group(output, &groups.items.items[i], places);
		output_drain(output);
	}
	goroutine_groups_free(&groups);
}

void render_dump_text(struct output *output, const struct spy_snapshot *snapshot,
		      const struct dump_options *options)
{
	struct goroutine_list list = { 0 };
	struct places places = { .render = traceback_place };
	size_t i;

	goroutines_select(snapshot, &options->filter, &list);
	if (options->group)
		groups_text(output, &list, &places);
	for (i = 0; !options->group && i < list.refs.count; i++) {
		if (i)
			text_add(&output->text, "\n");
		one_goroutine(output, list.refs.items[i], options, &places);
		output_drain(output);
	}
	if (list.left_out)
		text_printf(&output->text, "\n...%zu more goroutines left out by --limit...\n",
			    list.left_out);
	places_free(&places);
	goroutine_list_free(&list);
}
