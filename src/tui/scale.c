/* SPDX-License-Identifier: MIT
 *
 * Round numbers for the axes of plots.
 */
#include <math.h>
#include <stdio.h>

#include "render/units.h"
#include "spy.h"
#include "tui/plot.h"

/* The least of 1, 2, 5 times a power of ten that is at least so large. */
static double round_up(double least)
{
	double power = pow(10, floor(log10(least)));
	static const double factors[] = { 1, 2, 5, 10 };
	size_t i;

	for (i = 0; i + 1 < sizeof(factors) / sizeof(factors[0]); i++)
		if (factors[i] * power >= least * 0.999999)
			break;
	return factors[i] * power;
}

/* The same of bytes: 1, 2, 4, … 512 of each unit. */
static double round_up_bytes(double least)
{
	return pow(2, ceil(log2(least) - 0.000001));
}

struct plot_scale plot_scale_for(double high, enum plot_unit unit, int lines)
{
	bool bytes = unit == PLOT_BYTES || unit == PLOT_BYTES_PER_SECOND;
	/* What is smaller is noise; of a percent, tenths are told. */
	double least = bytes ? 1024 : unit == PLOT_PERCENT ? 1 : unit == PLOT_DURATION ? 1000 : 1;
	struct plot_scale scale;

	if (lines < 1)
		lines = 1;
	if (!(high > least)) /* NaN as well */
		high = least;
	if (high > 1e18)
		high = 1e18;
	scale.step = bytes ? round_up_bytes(high / lines) : round_up(high / lines);
	/* There is no half of a goroutine. */
	if (unit == PLOT_COUNT && scale.step < 1)
		scale.step = 1;
	scale.top = ceil(high / scale.step - 0.000001) * scale.step;
	return scale;
}

void plot_decades(double low, double high, double *bottom, double *top)
{
	double from = low > 1 ? floor(log10(low) + 0.000001) : 0;
	double to = high > 1 ? ceil(log10(high) - 0.000001) : 0;

	if (to < from + 2)
		to = from + 2;
	*bottom = pow(10, from);
	*top = pow(10, to);
}

struct unit_step {
	double size;
	const char *name;
};

/* So many digits, but all that stand before the point: 1023K, 12800%. */
static const char *in_one(double value, int digits, const char *unit, char buffer[PLOT_LABEL_MAX])
{
	if (fabs(value) >= 999.5)
		snprintf(buffer, PLOT_LABEL_MAX, "%.0f%s", value, unit);
	else
		snprintf(buffer, PLOT_LABEL_MAX, "%.*g%s", digits, value, unit);
	return buffer;
}

static const char *in_units(double value, const struct unit_step *steps, int digits,
			    char buffer[PLOT_LABEL_MAX])
{
	while (steps[1].name && fabs(value) >= steps[1].size * 0.999999)
		steps++;
	return in_one(value / steps->size, digits, steps->name, buffer);
}

static const char *in_digits(double value, enum plot_unit unit, int digits,
			     char buffer[PLOT_LABEL_MAX])
{
	static const struct unit_step counts[] = {
		{ .size = 1, .name = "" },     { .size = 1e3, .name = "k" },
		{ .size = 1e6, .name = "M" },  { .size = 1e9, .name = "G" },
		{ .size = 1e12, .name = "T" }, { .name = NULL },
	};
	static const struct unit_step bytes[] = {
		{ .size = 1, .name = "B" },
		{ .size = 0x1p10, .name = "K" },
		{ .size = 0x1p20, .name = "M" },
		{ .size = 0x1p30, .name = "G" },
		{ .size = 0x1p40, .name = "T" },
		{ .size = 0x1p50, .name = "P" },
		{ .name = NULL },
	};
	static const struct unit_step times[] = {
		{ .size = 1, .name = "ns" },
		{ .size = 1e3, .name = "us" },
		{ .size = 1e6, .name = "ms" },
		{ .size = 1e9, .name = "s" },
		{ .name = NULL },
	};

	switch (unit) {
	case PLOT_BYTES:
	case PLOT_BYTES_PER_SECOND:
		return value == 0 ? in_units(value, counts, digits, buffer)
				  : in_units(value, bytes, digits, buffer);
	case PLOT_DURATION:
		return value == 0 ? in_units(value, counts, digits, buffer)
				  : in_units(value, times, digits, buffer);
	case PLOT_PERCENT:
		return in_one(value, digits, "%", buffer);
	case PLOT_COUNT:
		break;
	}
	return in_units(value, counts, digits, buffer);
}

const char *plot_label(double value, enum plot_unit unit, char buffer[PLOT_LABEL_MAX])
{
	enum { DIGITS = 4 }; /* of 512 KiB and the like all are needed */

	return in_digits(value, unit, DIGITS, buffer);
}

const char *plot_least(double value, enum plot_unit unit, char buffer[PLOT_VALUE_MAX])
{
	enum { DIGITS = 3 };

	if (isnan(value) || fabs(value) > 9e18)
		snprintf(buffer, PLOT_VALUE_MAX, "-");
	else
		in_digits(value, unit, DIGITS, buffer);
	return buffer;
}

const char *plot_value(double value, enum plot_unit unit, char buffer[PLOT_VALUE_MAX])
{
	char text[UNITS_MAX];
	bool known = !isnan(value) && fabs(value) < 9e18;
	int64_t whole = known ? (int64_t)value : SPY_UNKNOWN;

	switch (unit) {
	case PLOT_BYTES:
		snprintf(buffer, PLOT_VALUE_MAX, "%s", units_bytes(whole, text));
		break;
	case PLOT_BYTES_PER_SECOND:
		snprintf(buffer, PLOT_VALUE_MAX, "%s%s", units_bytes(whole, text),
			 known ? "/s" : "");
		break;
	case PLOT_DURATION:
		snprintf(buffer, PLOT_VALUE_MAX, "%s", units_duration(whole, text));
		break;
	case PLOT_PERCENT:
		snprintf(buffer, PLOT_VALUE_MAX, known ? "%.1f%%" : "-", value);
		break;
	case PLOT_COUNT:
		if (known && value != floor(value))
			snprintf(buffer, PLOT_VALUE_MAX, "%.1f", value);
		else
			snprintf(buffer, PLOT_VALUE_MAX, "%s", units_count(whole, text));
		break;
	}
	return buffer;
}

int64_t plot_time_step(int64_t least_seconds)
{
	static const int64_t steps[] = { 1,   2,   5,   10,  15,   30,   60,
					 120, 300, 600, 900, 1800, 3600, 7200 };
	size_t i;

	for (i = 0; i + 1 < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i] >= least_seconds)
			break;
	return steps[i];
}
