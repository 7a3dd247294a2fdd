/* SPDX-License-Identifier: MIT
 *
 * runtime/metrics as text and as JSON: spy metrics.
 */
#include <fnmatch.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "render/json.h"
#include "render/render.h"
#include "render/table.h"
#include "render/units.h"

#define BAR_WIDTH 30

/* A pattern without a wildcard is a part of the name. */
static bool matches(const struct spy_metric *metric, const char *pattern)
{
	if (!pattern)
		return true;
	if (strpbrk(pattern, "*?["))
		return fnmatch(pattern, metric->name, 0) == 0;
	return strstr(metric->name, pattern) != NULL;
}

size_t metrics_matching(const struct spy_metrics *metrics, const char *pattern)
{
	size_t count = 0, i;

	for (i = 0; i < metrics->count; i++)
		count += matches(&metrics->metrics[i], pattern);
	return count;
}

/* ---- text --------------------------------------------------------------------------------- */

static const char *unit_of(const struct spy_metric *metric)
{
	const char *colon = strchr(metric->name, ':');

	return colon ? colon + 1 : "";
}

/* A value in the metric's unit, as people read it. */
static void add_value(struct text *text, const struct spy_metric *metric, double value)
{
	const double ns = 1e9, max = 9e18;
	const char *unit = unit_of(metric);
	char buffer[UNITS_MAX];

	if (isinf(value))
		text_add(text, value < 0 ? "-Inf" : "+Inf");
	else if (isnan(value) || fabs(value) * ns > max)
		text_add(text, "-");
	else if (strcmp(unit, "bytes") == 0)
		text_add(text, units_bytes((int64_t)value, buffer));
	else if (strcmp(unit, "seconds") == 0 || strcmp(unit, "cpu-seconds") == 0)
		text_add(text, units_duration((int64_t)(value * ns + 0.5), buffer));
	else
		text_printf(text, "%g", value);
}

static void add_number(struct text *text, const struct spy_metric *metric)
{
	char buffer[UNITS_MAX];

	/* What Go says where there is no limit, and where the collector is off. */
	if (metric->number == INT64_MAX && strcmp(unit_of(metric), "bytes") == 0)
		text_add(text, "none");
	else if (metric->number == UINT64_MAX && strcmp(unit_of(metric), "percent") == 0)
		text_add(text, "off");
	else if (metric->number < INT64_MAX && strcmp(unit_of(metric), "bytes") == 0)
		text_add(text, units_bytes((int64_t)metric->number, buffer));
	else
		text_printf(text, "%" PRIu64, metric->number);
}

static uint64_t total_of(const struct spy_metric *metric)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < metric->count; i++)
		total += metric->counts[i];
	return total;
}

/* The bucket that holds the value below which so many are. */
static size_t quantile(const struct spy_metric *metric, uint64_t total, double part)
{
	uint64_t seen = 0;
	double wanted = (double)total * part;
	size_t i, last = 0;

	for (i = 0; i < metric->count; i++) {
		seen += metric->counts[i];
		if (metric->counts[i])
			last = i;
		if (seen && (double)seen >= wanted)
			break;
	}
	return i == metric->count ? last : i;
}

/* The upper bound of a bucket: its values are below it; "> " and the lower one where it has none.
 */
static void add_bound(struct text *text, const struct spy_metric *metric, size_t bucket)
{
	bool open = isinf(metric->bounds[bucket + 1]);

	if (open)
		text_add(text, "> ");
	add_value(text, metric, metric->bounds[open ? bucket : bucket + 1]);
}

/* "1234, p50 3.0us, p90 12.2us, p99 1.0ms, max 4.1ms" */
static void add_histogram(struct text *text, const struct spy_metric *metric)
{
	static const struct {
		const char *name;
		double part;
	} quantiles[] = { { .name = "p50", .part = 0.5 },
			  { .name = "p90", .part = 0.9 },
			  { .name = "p99", .part = 0.99 },
			  { .name = "max", .part = 1 } };
	uint64_t total = total_of(metric);
	size_t i;

	text_printf(text, "%" PRIu64, total);
	for (i = 0; total && i < sizeof(quantiles) / sizeof(*quantiles); i++) {
		text_printf(text, ", %s ", quantiles[i].name);
		add_bound(text, metric, quantile(metric, total, quantiles[i].part));
	}
}

static void add_metric(struct text *text, const struct spy_metric *metric)
{
	if (!metric->known)
		text_add(text, "-");
	else if (metric->kind == SPY_METRIC_UINT64)
		add_number(text, metric);
	else if (metric->kind == SPY_METRIC_FLOAT64)
		add_value(text, metric, metric->real);
	else
		add_histogram(text, metric);
}

/* The buckets that have anything, each with a bar. */
static void buckets(struct output *output, const struct spy_metric *metric)
{
	static const char bar[BAR_WIDTH + 1] = "##############################";
	static const struct table_column columns[] = {
		{ .title = "FROM", .right = true },
		{ .title = "TO", .right = true },
		{ .title = "COUNT", .right = true },
		{ .title = "" },
	};
	struct table table = { .columns = columns,
			       .column_count = sizeof(columns) / sizeof(*columns) };
	uint64_t largest = 1;
	size_t i;

	for (i = 0; i < metric->count; i++)
		if (metric->counts[i] > largest)
			largest = metric->counts[i];
	for (i = 0; i < metric->count; i++) {
		double length = (double)metric->counts[i] / (double)largest * BAR_WIDTH;

		if (!metric->counts[i])
			continue;
		add_value(&table.text, metric, metric->bounds[i]);
		table_cell(&table, COLOUR_NONE);
		add_value(&table.text, metric, metric->bounds[i + 1]);
		table_cell(&table, COLOUR_NONE);
		text_printf(&table.text, "%" PRIu64, metric->counts[i]);
		table_cell(&table, COLOUR_NONE);
		text_printf(&table.text, "%.*s", length < 1 ? 1 : (int)(length + 0.5), bar);
		table_cell(&table, COLOUR_GREEN);
	}
	text_printf(&output->text, "\n%s", output_colour(output, COLOUR_BOLD));
	put_string(&output->text, metric->name);
	text_printf(&output->text, "%s\n", output_colour(output, COLOUR_NONE));
	table_print(&table, output, 2);
	table_free(&table);
}

void render_metrics_text(struct output *output, const struct spy_metrics *metrics,
			 const struct metrics_options *options)
{
	static const struct table_column columns[] = {
		{ .title = "METRIC" },
		{ .title = "VALUE" },
		{ .title = "MEANING" },
	};
	struct table table = { .columns = columns,
			       .column_count = sizeof(columns) / sizeof(*columns) };
	size_t i;

	for (i = 0; i < metrics->count; i++) {
		const struct spy_metric *metric = &metrics->metrics[i];

		if (!matches(metric, options->pattern))
			continue;
		put_string(&table.text, metric->name);
		table_cell(&table, COLOUR_NONE);
		add_metric(&table.text, metric);
		table_cell(&table, COLOUR_BOLD);
		put_string(&table.text, metric->help);
		table_cell(&table, COLOUR_DIM);
	}
	table_print(&table, output, 0);
	table_free(&table);
	for (i = 0; options->buckets && i < metrics->count; i++)
		if (metrics->metrics[i].kind == SPY_METRIC_HISTOGRAM && metrics->metrics[i].known &&
		    matches(&metrics->metrics[i], options->pattern))
			buckets(output, &metrics->metrics[i]);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static void bound_json(struct json *json, double bound)
{
	if (isinf(bound))
		json_string(json, NULL, bound < 0 ? "-Inf" : "+Inf");
	else
		json_double(json, NULL, bound);
}

static void histogram_json(struct json *json, const struct spy_metric *metric)
{
	size_t i;

	if (!metric->known) {
		json_null(json, "buckets");
		json_null(json, "counts");
		return;
	}
	json_open_array(json, "buckets");
	for (i = 0; i <= metric->count; i++)
		bound_json(json, metric->bounds[i]);
	json_close_array(json);
	json_open_array(json, "counts");
	for (i = 0; i < metric->count; i++)
		json_unsigned(json, NULL, metric->counts[i]);
	json_close_array(json);
}

static void metric_json(struct json *json, const struct spy_metric *metric)
{
	static const char *const kinds[] = {
		[SPY_METRIC_UINT64] = "uint64",
		[SPY_METRIC_FLOAT64] = "float64",
		[SPY_METRIC_HISTOGRAM] = "float64-histogram",
	};

	json_open_object(json, metric->name);
	json_string(json, "kind", kinds[metric->kind]);
	if (metric->kind == SPY_METRIC_HISTOGRAM)
		histogram_json(json, metric);
	else if (!metric->known)
		json_null(json, "value");
	else if (metric->kind == SPY_METRIC_UINT64)
		json_unsigned(json, "value", metric->number);
	else
		json_double(json, "value", metric->real);
	json_close_object(json);
}

void render_metrics_json(struct output *output, const struct spy_metrics *metrics,
			 const struct metrics_options *options)
{
	struct json json;
	size_t i;

	json_begin(&json, output);
	json_open_object(&json, NULL);
	json_number(&json, "pid", metrics->pid);
	json_string(&json, "go_version", metrics->go_version);
	json_number(&json, "paused_ns", metrics->paused_ns);
	json_number(&json, "taken_at", metrics->taken_at);
	json_open_object(&json, "metrics");
	for (i = 0; i < metrics->count; i++)
		if (matches(&metrics->metrics[i], options->pattern))
			metric_json(&json, &metrics->metrics[i]);
	json_close_object(&json);
	json_strings(&json, "warnings", metrics->warnings, metrics->warning_count);
	json_close_object(&json);
	json_end(&json);
}
