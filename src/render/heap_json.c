/* SPDX-License-Identifier: MIT
 *
 * The heap as JSON: spy heap --json.
 */
#include "render/heap_fields.h"
#include "render/render.h"
#include "render/stats.h"

static void states_json(struct json *json, const struct spy_heap *heap)
{
	size_t i;

	json_open_object(json, "span_states");
	for (i = 0; i < heap->state_count; i++) {
		json_open_object(json, heap->states[i].name);
		fields_json(json, span_state_fields, &heap->states[i]);
		json_close_object(json);
	}
	json_close_object(json);
}

static void classes_json(struct json *json, const struct spy_heap *heap)
{
	size_t i;

	json_open_array(json, "size_classes");
	for (i = 0; i < heap->class_count; i++) {
		json_open_object(json, NULL);
		fields_json(json, heap_class_fields, &heap->classes[i]);
		json_close_object(json);
	}
	json_close_array(json);
}

static void ps_json(struct json *json, const struct spy_heap *heap)
{
	size_t i, k;

	json_open_array(json, "ps");
	for (i = 0; i < heap->p_count; i++) {
		json_open_object(json, NULL);
		fields_json(json, heap_p_fields, &heap->ps[i]);
		json_open_array(json, "spans");
		for (k = 0; k < heap->ps[i].span_count; k++) {
			json_open_object(json, NULL);
			fields_json(json, cached_span_fields, &heap->ps[i].spans[k]);
			json_close_object(json);
		}
		json_close_array(json);
		json_close_object(json);
	}
	json_close_array(json);
}

void render_heap_json(struct output *output, const struct spy_heap *heap)
{
	struct json json;

	json_begin(&json, output);
	json_open_object(&json, NULL);
	json_number(&json, "pid", heap->pid);
	json_string(&json, "go_version", heap->go_version);
	json_number(&json, "paused_ns", heap->paused_ns);
	json_number(&json, "taken_at", heap->taken_at);
	if (heap->sweep_done == SPY_UNKNOWN)
		json_null(&json, "sweep_done");
	else
		json_bool(&json, "sweep_done", heap->sweep_done);
	fields_json(&json, heap_fields, heap);
	json_open_object(&json, "large");
	fields_json(&json, heap_large_fields, &heap->large);
	json_close_object(&json);
	json_open_object(&json, "total");
	fields_json(&json, heap_total_fields, &heap->total);
	json_close_object(&json);
	states_json(&json, heap);
	classes_json(&json, heap);
	ps_json(&json, heap);
	json_open_object(&json, "resident");
	fields_json(&json, resident_fields, &heap->residents);
	json_close_object(&json);
	json_open_object(&json, "memstats");
	render_memstats_json(&json, heap->memstats, true);
	json_close_object(&json);
	json_strings(&json, "warnings", heap->warnings, heap->warning_count);
	json_close_object(&json);
	json_end(&json);
}
