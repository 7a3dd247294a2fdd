/* SPDX-License-Identifier: MIT
 *
 * A process at a glance as JSON: spy summary --json.
 */
#include "render/fields.h"
#include "render/render.h"

static void build_json(struct json *json, const struct spy_build *build)
{
	size_t i;

	json_open_object(json, "build");
	json_string(json, "path", build->path);
	json_string(json, "module", build->module);
	json_string(json, "version", build->version);
	json_open_object(json, "settings");
	for (i = 0; i < build->setting_count; i++)
		json_string(json, build->settings[i].key ? build->settings[i].key : "?",
			    build->settings[i].value);
	json_close_object(json);
	json_close_object(json);
}

static void goroutines_json(struct json *json, const struct spy_goroutine_counts *counts)
{
	size_t i;

	json_open_object(json, "goroutines");
	json_number(json, "count", counts->count);
	json_open_object(json, "by_status");
	for (i = 0; i < SPY_STATUS_COUNT; i++) {
		if (counts->by_status[i])
			json_number(json, spy_status_name((enum spy_status)i),
				    counts->by_status[i]);
	}
	json_close_object(json);
	json_open_object(json, "by_wait_reason");
	for (i = 0; i < counts->wait_reason_count; i++) {
		const struct spy_wait_count *wait = &counts->by_wait_reason[i];

		json_number(json, wait->reason ? wait->reason : "?", wait->count);
	}
	json_close_object(json);
	json_number(json, "system", counts->system);
	json_number(json, "dead", counts->dead);
	json_close_object(json);
}

static void entity_json(struct json *json, const char *key, const struct field *fields,
			const void *entity)
{
	json_open_object(json, key);
	fields_json(json, fields, entity);
	json_close_object(json);
}

static void entities_json(struct json *json, const char *key, const struct field *fields,
			  const void *entities, size_t count, size_t size)
{
	size_t i;

	json_open_array(json, key);
	for (i = 0; i < count; i++)
		entity_json(json, NULL, fields, (const char *)entities + i * size);
	json_close_array(json);
}

void render_summary_json(struct output *output, const struct spy_snapshot *snapshot)
{
	struct json json;

	json_begin(&json, output);
	json_open_object(&json, NULL);
	json_number(&json, "pid", snapshot->pid);
	json_string(&json, "exe", snapshot->exe);
	json_string(&json, "go_version", snapshot->go_version);
	build_json(&json, &snapshot->build);
	json_string(&json, "debug_info", debug_info_name(snapshot->debug_info));
	json_string(&json, "layout_from", layout_source_name(snapshot->layout_from));
	json_string(&json, "symbols_from", symbols_source_name(snapshot->symbols_from));
	json_string(&json, "symbols_file", snapshot->symbols_file);
	json_number(&json, "paused_ns", snapshot->paused_ns);
	json_number(&json, "gomaxprocs", snapshot->scheduler.gomaxprocs);
	json_number(&json, "ncpu", snapshot->scheduler.ncpu);
	json_number(&json, "threads", snapshot->threads.total);
	entity_json(&json, "threads_by_state", thread_state_fields, &snapshot->threads);
	json_number(&json, "started_at", snapshot->started_at);
	json_number(&json, "taken_at", snapshot->taken_at);
	json_number(&json, "uptime_ns", snapshot->uptime_ns);
	goroutines_json(&json, &snapshot->goroutine_counts);
	entity_json(&json, "sched", scheduler_fields, &snapshot->scheduler);
	entities_json(&json, "ps", p_fields, snapshot->ps, snapshot->p_count,
		      sizeof(*snapshot->ps));
	entities_json(&json, "ms", m_fields, snapshot->ms, snapshot->m_count,
		      sizeof(*snapshot->ms));
	entity_json(&json, "gc", gc_fields, &snapshot->gc);
	entity_json(&json, "memory", memory_fields, &snapshot->memory);
	json_strings(&json, "warnings", snapshot->warnings, snapshot->warning_count);
	json_close_object(&json);
	json_end(&json);
}
