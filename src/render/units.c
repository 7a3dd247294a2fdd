/* SPDX-License-Identifier: MIT */
#include "render/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "spy.h"

#define SECOND 1000000000ll

static const char *unknown(char buffer[UNITS_MAX])
{
	return memcpy(buffer, "-", 2);
}

/* Cut off after the first decimal place, not rounded: 999.96 ms are not yet 1000. */
static double tenths(int64_t ns, int64_t unit)
{
	int64_t count = ns / (unit / 10);

	return (double)count / 10;
}

const char *units_count(int64_t count, char buffer[UNITS_MAX])
{
	if (count == SPY_UNKNOWN)
		return unknown(buffer);
	snprintf(buffer, UNITS_MAX, "%lld", (long long)count);
	return buffer;
}

const char *units_bytes(int64_t bytes, char buffer[UNITS_MAX])
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes == SPY_UNKNOWN)
		return unknown(buffer);
	/* 1023.95 would be printed as 1024.0 of the smaller unit */
	while (fabs(value) >= (unit ? 1023.95 : 1024) &&
	       unit + 1 < sizeof(names) / sizeof(*names)) {
		value /= 1024;
		unit++;
	}
	snprintf(buffer, UNITS_MAX, unit ? "%.1f %s" : "%.0f %s", value, names[unit]);
	return buffer;
}

/* Two neighbouring units ("3m20s"), the second left out where it is zero. */
static const char *two_units(int64_t seconds, char buffer[UNITS_MAX])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {
		{ .seconds = 86400, .name = "d" },
		{ .seconds = 3600, .name = "h" },
		{ .seconds = 60, .name = "m" },
		{ .seconds = 1, .name = "s" },
	};
	size_t i = 0;
	int64_t first, rest;

	while (seconds < units[i].seconds)
		i++;
	first = seconds / units[i].seconds;
	rest = i + 1 < sizeof(units) / sizeof(*units)
		   ? seconds % units[i].seconds / units[i + 1].seconds
		   : 0;
	if (rest)
		snprintf(buffer, UNITS_MAX, "%lld%s%lld%s", (long long)first, units[i].name,
			 (long long)rest, units[i + 1].name);
	else
		snprintf(buffer, UNITS_MAX, "%lld%s", (long long)first, units[i].name);
	return buffer;
}

const char *units_duration(int64_t ns, char buffer[UNITS_MAX])
{
	if (ns == SPY_UNKNOWN)
		return unknown(buffer);
	if (ns < 0) /* two clocks that disagree */
		ns = 0;
	if (ns >= 60 * SECOND)
		return two_units(ns / SECOND, buffer);
	if (ns >= SECOND)
		snprintf(buffer, UNITS_MAX, "%.1fs", tenths(ns, SECOND));
	else if (ns >= 1000000)
		snprintf(buffer, UNITS_MAX, "%.1fms", tenths(ns, 1000000));
	else if (ns >= 1000)
		snprintf(buffer, UNITS_MAX, "%.1fus", tenths(ns, 1000));
	else
		snprintf(buffer, UNITS_MAX, "%lldns", (long long)ns);
	return buffer;
}

const char *units_moment(int64_t unix_ns, char buffer[UNITS_MAX])
{
	time_t seconds = unix_ns / SECOND;
	struct tm local;

	if (unix_ns == SPY_UNKNOWN || !localtime_r(&seconds, &local) ||
	    !strftime(buffer, UNITS_MAX, "%Y-%m-%d %H:%M:%S", &local))
		return unknown(buffer);
	return buffer;
}

const char *units_percent(double fraction, char buffer[UNITS_MAX])
{
	if (!isfinite(fraction))
		return unknown(buffer);
	snprintf(buffer, UNITS_MAX, "%.2f%%", fraction * 100);
	return buffer;
}
