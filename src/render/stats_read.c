/* SPDX-License-Identifier: MIT
 *
 * yajl's parser calls us for each key and value, and holds no tree; what we did not write is
 * skipped at whatever depth it stands.
 */
#include "render/stats_read.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/error.h"

enum {
	KEY_MAX = 64,
	NUMBER_MAX = 64,
	DEPTH_MAX = 64,
	DEPTH_ROW = 1,   /* in the object of the line */
	DEPTH_PAUSE = 3, /* in an object in the array "Pauses" */
};

struct reading {
	struct stats_record *record;
	char key[KEY_MAX]; /* of the value that comes next, in the row or in a pause */
	bool in_pauses;
	size_t depth;
	struct stats_pause pause;
};

/* ---- numbers ------------------------------------------------------------------------------ */

static double real_of(const char *text)
{
	return strtod(text, NULL);
}

/* SPY_UNKNOWN where it is no whole number that fits. */
static int64_t whole_of(const char *text)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	return errno || *end ? SPY_UNKNOWN : number;
}

static void store(const struct field *field, void *entity, const char *text)
{
	void *member = (char *)entity + field->offset;
	int64_t number;
	double real;

	switch (field->unit) {
	case UNIT_FRACTION:
		real = text ? real_of(text) : NAN;
		memcpy(member, &real, sizeof(real));
		break;
	case UNIT_BOOL:
	case UNIT_STRING:
	case UNIT_STRINGS:
	case UNIT_DEBUG_INFO:
		break;
	case UNIT_GOAL:
		if (text && strcmp(text, "18446744073709551615") == 0)
			text = "-1";
		/* fall through */
	default:
		number = text ? whole_of(text) : SPY_UNKNOWN;
		memcpy(member, &number, sizeof(number));
	}
}

static const struct field *field_named(const struct field *fields, const char *name)
{
	const struct field *field;

	for (field = fields; field->name; field++)
		if (strcmp(field->name, name) == 0)
			return field;
	return NULL;
}

/* A number, or NULL for null, at the key that was read last. */
static void put(struct reading *reading, const char *text)
{
	struct stats_record *record = reading->record;
	const struct field *field;

	if (reading->depth == DEPTH_PAUSE && reading->in_pauses) {
		int64_t number = text ? whole_of(text) : SPY_UNKNOWN;

		if (strcmp(reading->key, "ended_at") == 0)
			reading->pause.ended_at = number;
		else if (strcmp(reading->key, "ns") == 0)
			reading->pause.ns = number;
		return;
	}
	if (reading->depth != DEPTH_ROW)
		return;
	field = field_named(stats_row_fields, reading->key);
	if (field)
		store(field, &record->row, text);
	field = field_named(memstats_fields, reading->key);
	if (field)
		store(field, &record->stats.memstats, text);
}

/* ---- what yajl calls ---------------------------------------------------------------------- */

static int on_null(void *context)
{
	put(context, NULL);
	return 1;
}

static int on_number(void *context, const char *bytes, size_t size)
{
	char text[NUMBER_MAX];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, bytes, size);
	text[size] = '\0';
	put(context, text);
	return 1;
}

static void copy(char *to, size_t room, const unsigned char *bytes, size_t size)
{
	size_t length = size < room ? size : room - 1;

	memcpy(to, bytes, length);
	to[length] = '\0';
}

static int on_string(void *context, const unsigned char *bytes, size_t size)
{
	struct reading *reading = context;
	struct stats_record *record = reading->record;

	if (reading->depth != DEPTH_ROW)
		return 1;
	if (strcmp(reading->key, "exe") == 0) {
		copy(record->exe, sizeof(record->exe), bytes, size);
		record->stats.exe = record->exe;
	} else if (strcmp(reading->key, "go_version") == 0) {
		copy(record->go_version, sizeof(record->go_version), bytes, size);
		record->stats.go_version = record->go_version;
	}
	return 1;
}

static int on_key(void *context, const unsigned char *bytes, size_t size)
{
	struct reading *reading = context;

	if (reading->depth == DEPTH_ROW || (reading->depth == DEPTH_PAUSE && reading->in_pauses))
		copy(reading->key, sizeof(reading->key), bytes, size);
	if (reading->depth == DEPTH_ROW)
		reading->in_pauses = strcmp(reading->key, "Pauses") == 0;
	return 1;
}

static int on_begin(void *context)
{
	struct reading *reading = context;

	if (++reading->depth == DEPTH_PAUSE)
		reading->pause = (struct stats_pause){ SPY_UNKNOWN, SPY_UNKNOWN };
	return reading->depth <= DEPTH_MAX;
}

static int on_end(void *context)
{
	struct reading *reading = context;
	struct stats_row *row = &reading->record->row;

	if (reading->depth == DEPTH_PAUSE && reading->in_pauses &&
	    reading->pause.ended_at != SPY_UNKNOWN && row->pause_count < SPY_PAUSES)
		row->pauses[row->pause_count++] = reading->pause;
	reading->depth--;
	return 1;
}

static void make_unknown(struct stats_record *record)
{
	const struct field *field;

	*record = (struct stats_record){ .row.stats = &record->stats };
	for (field = stats_row_fields; field->name; field++)
		store(field, &record->row, NULL);
	for (field = memstats_fields; field->name; field++)
		store(field, &record->stats.memstats, NULL);
}

/* What a row has twice. */
static void settle(struct stats_record *record)
{
	struct stats_row *row = &record->row;

	record->stats.pid = row->pid;
	record->stats.taken_at = row->time;
	record->stats.goroutines = row->goroutines;
	record->stats.threads = row->threads;
	record->stats.rss_bytes = row->rss;
	record->stats.cpu_user_ns = row->cpu_user_ns;
	record->stats.cpu_system_ns = row->cpu_system_ns;
	record->stats.states = row->states;
	record->stats.latencies = row->latencies;
	record->stats.cpu_ns = record->stats.started_at = SPY_UNKNOWN;
	if (row->missed == SPY_UNKNOWN)
		row->missed = 0;
}

struct spy_error *stats_record_read(const char *line, size_t size, struct stats_record *ret)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null,
		.yajl_number = on_number,
		.yajl_string = on_string,
		.yajl_map_key = on_key,
		.yajl_start_map = on_begin,
		.yajl_end_map = on_end,
		.yajl_start_array = on_begin,
		.yajl_end_array = on_end,
	};
	struct reading reading = { .record = ret };
	yajl_handle parser;
	yajl_status status;

	if (size > STATS_LINE_MAX)
		return spy_error_new(SPY_ERROR_DATA, "a line of %zu bytes", size);
	make_unknown(ret);
	parser = yajl_alloc(&callbacks, NULL, &reading);
	status = yajl_parse(parser, (const unsigned char *)line, size);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(parser);
	yajl_free(parser);
	if (status != yajl_status_ok)
		return spy_error_new(SPY_ERROR_DATA, "not JSON");
	if (ret->row.time == SPY_UNKNOWN || ret->row.pid == SPY_UNKNOWN)
		return spy_error_new(SPY_ERROR_DATA, "no line of \"spy stats --json\"");
	settle(ret);
	return NULL;
}
