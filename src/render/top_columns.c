/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "render/top.h"

#define EVERY    ((1u << TOP_GROUPS) - 1)
#define GROUPED  (EVERY & ~(1u << TOP_GOROUTINE))
#define IN(name) (1u << (name))

#define AT(member) .offset = offsetof(struct top_row, member)

const struct top_column top_columns[] = {
	{ .name = "id",
	  .field = { .title = "ID", .help = "of the goroutine", .unit = UNIT_ID, AT(id) },
	  .groups = IN(TOP_GOROUTINE) },
	{ .name = "count",
	  .field = { .name = "count",
		     .title = "COUNT",
		     .help = "goroutines",
		     .unit = UNIT_COUNT,
		     AT(count) },
	  .groups = GROUPED },
	{ .name = "change",
	  .field = { .name = "change",
		     .title = "CHANGE",
		     .help = "of the count, since the table before",
		     .unit = UNIT_CHANGE,
		     AT(change) },
	  .groups = GROUPED },
	{ .name = "cpu",
	  .field = { .name = "on_cpu_percent",
		     .title = "CPU%",
		     .help = "share of what was met on the processors, looked at each 20 ms",
		     .unit = UNIT_PERCENT,
		     AT(on_cpu_percent) },
	  .groups = EVERY },
	{ .name = "state",
	  .field = { .title = "STATES",
		     .help = "how many are in which state",
		     .unit = UNIT_STATUSES,
		     AT(by_status) },
	  .groups = EVERY },
	{ .name = "wait",
	  .field = { .name = "longest_wait_ns",
		     .title = "WAIT",
		     .help = "how long the one waits that waits longest, as the collector sees it",
		     .unit = UNIT_DURATION,
		     AT(longest_wait_ns) },
	  .groups = EVERY },
	{ .name = "reason",
	  .field = { .name = "wait_reason",
		     .title = "WAITS FOR",
		     .help = "the runtime's words for why it waits",
		     .unit = UNIT_STRING,
		     AT(wait_reason) },
	  .groups = IN(TOP_GOROUTINE) | IN(TOP_STACK) },
	{ .name = "key",
	  .field = { .name = "key",
		     .title = "LABELS",
		     .help = "what the goroutines of the row have in common",
		     .unit = UNIT_STRING,
		     AT(key) },
	  .groups = IN(TOP_LABEL) },
	{ .field = { .title = "WAITS FOR",
		     .help = "why they wait, or their state",
		     .unit = UNIT_STRING,
		     AT(key) },
	  .groups = IN(TOP_WAIT_REASON) },
	{ .name = "function",
	  .field = { .name = "function",
		     .title = "FUNCTION",
		     .help = "that the go statement called; of a stack the innermost that is not "
			     "the runtime's; of a creator the one with the go statement",
		     .unit = UNIT_STRING,
		     AT(function) },
	  .groups = EVERY },
	{ .name = "place",
	  .field = { .title = "FILE:LINE",
		     .help = "where that is",
		     .unit = UNIT_PLACE,
		     AT(file),
		     .count_offset = offsetof(struct top_row, line) },
	  .groups = EVERY },
	{ .name = "creator",
	  .field = { .name = "created_by",
		     .title = "CREATED BY",
		     .help = "the function with the go statement",
		     .unit = UNIT_STRING,
		     AT(created_by) },
	  .groups = EVERY & ~IN(TOP_CREATOR) },
	{ .field = { .title = "STACK",
		     .help = "all of it, the outermost call first, or why there is none",
		     .unit = UNIT_STRING,
		     AT(key) },
	  .groups = IN(TOP_STACK) },
	{ .field = { .name = "labels",
		     .title = "LABELS",
		     .help = "profiler labels",
		     .unit = UNIT_STRING,
		     AT(labels) },
	  .groups = IN(TOP_GOROUTINE) },
	{ .field = { .name = "file", .help = "", .unit = UNIT_STRING, AT(file) } },
	{ .field = { .name = "line", .help = "", .unit = UNIT_COUNT, AT(line) } },
	{ .name = NULL },
};

const char *top_sort_name(size_t index)
{
	const struct top_column *column;

	for (column = top_columns; column->field.help; column++)
		if (column->name && !index--)
			return column->name;
	return NULL;
}

const struct top_column *top_column_named(const char *name)
{
	const struct top_column *column;

	for (column = top_columns; column->field.help; column++)
		if (column->name && !strcmp(column->name, name))
			return column;
	return NULL;
}

bool top_column_falls(const struct top_column *column)
{
	return column->field.unit != UNIT_STRING && column->field.unit != UNIT_PLACE &&
	       column->field.unit != UNIT_ID;
}

/* ---- sorting ------------------------------------------------------------------------------ */

struct order {
	const struct top_column *column;
	bool falls;
};

static int compare_numbers(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_statuses(const int64_t *a, const int64_t *b)
{
	/* what does most comes first */
	static const enum spy_status order[] = { SPY_STATUS_RUNNING, SPY_STATUS_RUNNABLE,
						 SPY_STATUS_SYSCALL, SPY_STATUS_PREEMPTED,
						 SPY_STATUS_LEAKED,  SPY_STATUS_WAITING };
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a[order[i]] != b[order[i]])
			return compare_numbers(a[order[i]], b[order[i]]);
	return 0;
}

/* *unknown: one of them is not known, and goes to the end whichever way it is sorted. */
static int compare_values(const struct field *field, const struct top_row *a,
			  const struct top_row *b, bool *unknown)
{
	const char *x = (const char *)a + field->offset, *y = (const char *)b + field->offset;
	const char *string, *other;
	double real, other_real;

	*unknown = false;
	switch (field->unit) {
	case UNIT_STATUSES:
		return compare_statuses(a->by_status, b->by_status);
	case UNIT_PERCENT:
		memcpy(&real, x, sizeof(real));
		memcpy(&other_real, y, sizeof(other_real));
		*unknown = isnan(real) || isnan(other_real);
		if (*unknown)
			return isnan(real) - isnan(other_real);
		return real < other_real ? -1 : real > other_real;
	case UNIT_STRING:
	case UNIT_PLACE:
		memcpy((void *)&string, x, sizeof(string));
		memcpy((void *)&other, y, sizeof(other));
		*unknown = !string || !other;
		if (*unknown)
			return !string - !other;
		if (strcmp(string, other) != 0 || field->unit == UNIT_STRING)
			return strcmp(string, other);
		return compare_numbers(a->line, b->line);
	default:
		break;
	}
	*unknown = field_number(field, a) == SPY_UNKNOWN || field_number(field, b) == SPY_UNKNOWN;
	if (*unknown)
		return (field_number(field, a) == SPY_UNKNOWN) -
		       (field_number(field, b) == SPY_UNKNOWN);
	return compare_numbers(field_number(field, a), field_number(field, b));
}

static int64_t first_id(const struct top_row *row)
{
	return row->member_count ? row->members[0]->id : INT64_MAX;
}

static int compare_rows(const void *x, const void *y, void *context)
{
	const struct top_row *a = x, *b = y;
	const struct order *order = context;
	bool unknown;
	int result = compare_values(&order->column->field, a, b, &unknown);

	if (result)
		return order->falls && !unknown ? -result : result;
	if (a->count != b->count)
		return compare_numbers(b->count, a->count);
	if (a->samples != b->samples)
		return compare_numbers(b->samples, a->samples);
	if (first_id(a) != first_id(b))
		return compare_numbers(first_id(a), first_id(b));
	return strcmp(a->key, b->key);
}

void top_rows_sort(struct top_rows *rows, const struct top_column *column, bool falls)
{
	struct order order = { .column = column, .falls = falls };

	if (rows->items.count)
		qsort_r(rows->items.items, rows->items.count, sizeof(*rows->items.items),
			compare_rows, &order);
}
