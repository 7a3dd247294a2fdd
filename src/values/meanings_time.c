/* SPDX-License-Identifier: MIT
 *
 * Package time. Offsets in seconds are from 0001-01-01 as the package counts, or Unix ones.
 */
#include <stdio.h>

#include "values/meaning.h"

enum {
	NANOSECOND_BITS = 30,
	SECONDS_OF_DAY = 86400,
	NANOSECONDS = 1000000000,
	TRANSITIONS_MAX = 4096,
	ZONE_HOURS_MAX = 48,
};

/* time/time.go: wallToInternal (1885-01-01), internalToUnix. */
static const int64_t wall_to_internal = 59453308800, internal_to_unix = -62135596800;

/* time/time.go: type Time. With the highest bit of `wall` set it has 33 bits of seconds since 1885,
 * and ext is the monotonic clock; else ext has the seconds. */
static bool seconds_of(uint64_t wall, int64_t ext, int64_t *seconds, int64_t *nanoseconds)
{
	*nanoseconds = (int64_t)(wall & ((1u << NANOSECOND_BITS) - 1));
	if (*nanoseconds >= NANOSECONDS)
		return false;
	if (wall >> 63) {
		*seconds = wall_to_internal + internal_to_unix +
			   (int64_t)(wall << 1 >> (NANOSECOND_BITS + 1));
		return true;
	}
	return !__builtin_add_overflow(ext, internal_to_unix, seconds);
}

/* Days since 1970 as a date of the proleptic Gregorian calendar, whose cycle is 400 years. */
static void add_date(struct text *text, int64_t days)
{
	enum { CYCLE_DAYS = 146097, TO_MARCH_OF_0 = 719468 };
	int64_t shifted = days + TO_MARCH_OF_0;
	int64_t cycle = (shifted >= 0 ? shifted : shifted - (CYCLE_DAYS - 1)) / CYCLE_DAYS;
	int64_t day = shifted - cycle * CYCLE_DAYS;
	int64_t year = (day - day / 1460 + day / 36524 - day / (CYCLE_DAYS - 1)) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153; /* from March */
	int64_t of_month = of_year - (153 * month + 2) / 5 + 1;

	month = month < 10 ? month + 3 : month - 9;
	year += cycle * 400 + (month <= 2 ? 1 : 0);
	text_printf(text, "%s%04lld-%02lld-%02lld", year < 0 ? "-" : "",
		    (long long)(year < 0 ? -year : year), (long long)month, (long long)of_month);
}

static void add_fraction(struct text *text, int64_t nanoseconds)
{
	char digits[16];
	int length = snprintf(digits, sizeof(digits), "%09lld", (long long)nanoseconds);

	while (length > 0 && digits[length - 1] == '0')
		length--;
	if (length > 0)
		text_printf(text, ".%.*s", length, digits);
}

static bool add_time(struct text *text, int64_t seconds, int64_t nanoseconds, int64_t offset)
{
	int64_t local, days, rest;

	if (__builtin_add_overflow(seconds, offset, &local))
		return false;
	days = local / SECONDS_OF_DAY;
	rest = local % SECONDS_OF_DAY;
	if (rest < 0) {
		rest += SECONDS_OF_DAY;
		days--;
	}
	add_date(text, days);
	text_printf(text, "T%02d:%02d:%02d", (int)(rest / 3600), (int)(rest / 60 % 60),
		    (int)(rest % 60));
	add_fraction(text, nanoseconds);
	if (!offset)
		text_add(text, "Z");
	else
		text_printf(text, "%c%02d:%02d", offset < 0 ? '-' : '+',
			    (int)((offset < 0 ? -offset : offset) / 3600),
			    (int)((offset < 0 ? -offset : offset) / 60 % 60));
	return true;
}

/* ---- zones: time/zoneinfo.go, Location.lookup ---------------------------------------------- */

static bool offset_of_zone(struct value_reader *reader, const struct value_place *zone,
			   int64_t *ret)
{
	return meaning_field_number(reader, zone, "offset", ret) &&
	       *ret < (int64_t)ZONE_HOURS_MAX * 3600 && *ret > -(int64_t)ZONE_HOURS_MAX * 3600;
}

static bool cached_offset(struct value_reader *reader, const struct value_place *location,
			  int64_t seconds, int64_t *ret)
{
	int64_t start, end, zone_address;
	struct value_place zone;

	return meaning_field_number(reader, location, "cacheStart", &start) &&
	       meaning_field_number(reader, location, "cacheEnd", &end) &&
	       meaning_field(reader, location, "cacheZone", &zone) &&
	       meaning_number(reader, &zone, &zone_address) && zone_address && start <= seconds &&
	       seconds < end && offset_of_zone(reader, &zone, ret);
}

/* Among the transitions; what is behind the last one may follow a rule that is not told here. */
static bool listed_offset(struct value_reader *reader, const struct value_place *location,
			  int64_t seconds, int64_t *ret)
{
	struct value_place transitions, zones, at;
	int64_t count, zone_count, when, index = 0, extended = 0, low = 0, high;

	if (!meaning_field(reader, location, "tx", &transitions) ||
	    !meaning_field(reader, location, "zone", &zones) ||
	    spy_error_caught(value_length(reader, &transitions, &count)) ||
	    spy_error_caught(value_length(reader, &zones, &zone_count)) || count > TRANSITIONS_MAX)
		return false;
	if (!count && zone_count == 1) /* time.FixedZone */
		return !spy_error_caught(value_index(reader, &zones, 0, &at)) &&
		       offset_of_zone(reader, &at, ret);
	for (high = count; high - low > 1;) {
		int64_t middle = low + (high - low) / 2;

		if (spy_error_caught(value_index(reader, &transitions, middle, &at)) ||
		    !meaning_field_number(reader, &at, "when", &when))
			return false;
		if (seconds < when)
			high = middle;
		else
			low = middle;
	}
	if (meaning_field(reader, location, "extend", &at) &&
	    spy_error_caught(value_length(reader, &at, &extended)))
		return false;
	if (!count || (low == count - 1 && extended) ||
	    spy_error_caught(value_index(reader, &transitions, low, &at)) ||
	    !meaning_field_number(reader, &at, "when", &when) || seconds < when ||
	    !meaning_field_number(reader, &at, "index", &index))
		return false;
	return !spy_error_caught(value_index(reader, &zones, index, &at)) &&
	       offset_of_zone(reader, &at, ret);
}

bool meaning_time(struct value_reader *reader, const struct value_place *place, struct text *text,
		  unsigned depth)
{
	int64_t wall, ext, seconds, nanoseconds, offset = 0, location = 0;
	struct value_place at;
	struct text name = { 0 };

	(void)depth;
	if (!meaning_field_number(reader, place, "wall", &wall) ||
	    !meaning_field_number(reader, place, "ext", &ext) ||
	    !meaning_field(reader, place, "loc", &at) || !meaning_number(reader, &at, &location) ||
	    !seconds_of((uint64_t)wall, ext, &seconds, &nanoseconds))
		return false;
	if (location && !cached_offset(reader, &at, seconds, &offset) &&
	    !listed_offset(reader, &at, seconds, &offset))
		offset = 0;
	if (!add_time(text, seconds, nanoseconds, offset))
		return false;
	/* Not so in UTC, where the Z says it. */
	if (location && meaning_add_string(reader, &at, "name", &name) && name.length &&
	    strcmp(name.bytes, "UTC") != 0)
		text_printf(text, " %s", name.bytes);
	text_free(&name);
	return true;
}

bool meaning_location(struct value_reader *reader, const struct value_place *place,
		      struct text *text, unsigned depth)
{
	(void)depth;
	return meaning_add_string(reader, place, "name", text);
}

/* time/time.go: Duration.String */
bool meaning_duration(struct value_reader *reader, const struct value_place *place,
		      struct text *text, unsigned depth)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} small[] = { { 1, "ns" }, { 1000, "µs" }, { 1000000, "ms" } };
	uint64_t amount, whole;
	int64_t number;
	size_t unit;

	(void)depth;
	if (!meaning_number(reader, place, &number))
		return false;
	amount = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	if (number < 0)
		text_add(text, "-");
	if (amount && amount < NANOSECONDS) {
		unit = amount < small[1].ns ? 0 : amount < small[2].ns ? 1 : 2;
		text_printf(text, "%llu", (unsigned long long)(amount / small[unit].ns));
		add_fraction(text,
			     (int64_t)(amount % small[unit].ns * (NANOSECONDS / small[unit].ns)));
		text_add(text, small[unit].name);
		return true;
	}
	whole = amount / NANOSECONDS;
	if (whole >= 3600)
		text_printf(text, "%lluh", (unsigned long long)(whole / 3600));
	if (whole >= 60)
		text_printf(text, "%llum", (unsigned long long)(whole / 60 % 60));
	text_printf(text, "%llu", (unsigned long long)(whole % 60));
	add_fraction(text, (int64_t)(amount % NANOSECONDS));
	text_add(text, "s");
	return true;
}

static bool add_name_of(struct value_reader *reader, const struct value_place *place,
			const char *const *names, int64_t first, int64_t count, struct text *text)
{
	int64_t number;

	if (!meaning_number(reader, place, &number) || number < first || number >= first + count)
		return false;
	text_add(text, names[number - first]);
	return true;
}

bool meaning_month(struct value_reader *reader, const struct value_place *place, struct text *text,
		   unsigned depth)
{
	static const char *const names[] = { "January",   "February", "March",    "April",
					     "May",       "June",     "July",     "August",
					     "September", "October",  "November", "December" };

	(void)depth;
	return add_name_of(reader, place, names, 1, sizeof(names) / sizeof(names[0]), text);
}

bool meaning_weekday(struct value_reader *reader, const struct value_place *place,
		     struct text *text, unsigned depth)
{
	static const char *const names[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
					     "Thursday", "Friday", "Saturday" };

	(void)depth;
	return add_name_of(reader, place, names, 0, sizeof(names) / sizeof(names[0]), text);
}
