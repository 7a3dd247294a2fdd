/* SPDX-License-Identifier: MIT
 *
 * Parts of values that text and JSON both need: numbers, bytes, maps in order.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/value.h"

/* To sort a million keys takes as long as to read them. */
#define SORTED_MAX 10000

/* ---- numbers ------------------------------------------------------------------------------ */

static bool is_same(const char *digits, double number, bool is_float32)
{
	if (is_float32)
		return strtof(digits, NULL) == (float)number;
	return strtod(digits, NULL) == number;
}

/* "1.2345e+02" with no digit more than needed. 15 (6) digits survive the way there and back
 * (DBL_DIG, FLT_DIG), so where they are enough, the shortest are the same without zeros; numbers
 * below the normal ones have fewer. */
static void shortest(double number, bool is_float32, char buffer[static 40])
{
	int enough = is_float32 ? 6 : 15, most = is_float32 ? 9 : 17, digits;
	bool normal = is_float32 ? fabs(number) >= (double)1.17549435e-38F
				 : fabs(number) >= 2.2250738585072014e-308;

	for (digits = normal ? enough : 1; digits < most; digits++) {
		snprintf(buffer, 40, "%.*e", digits - 1, number);
		if (is_same(buffer, number, is_float32))
			return;
	}
	snprintf(buffer, 40, "%.*e", most - 1, number);
}

/* Digits without the point, and the zeros at the end. */
static size_t significant(const char *shortest_form, char digits[static 24])
{
	size_t count = 0;

	for (; *shortest_form && *shortest_form != 'e'; shortest_form++)
		if (*shortest_form >= '0' && *shortest_form <= '9')
			digits[count++] = *shortest_form;
	while (count > 1 && digits[count - 1] == '0')
		count--;
	digits[count] = '\0';
	return count;
}

void put_float(struct text *text, double number, bool is_float32)
{
	char form[40], digits[24];
	int exponent, i;
	size_t count;

	if (isnan(number) || isinf(number)) {
		text_add(text, isnan(number) ? "NaN" : number < 0 ? "-Inf" : "+Inf");
		return;
	}
	shortest(number, is_float32, form);
	count = significant(form, digits);
	exponent = (int)strtol(strchr(form, 'e') + 1, NULL, 10);
	if (signbit(number))
		text_add(text, "-");
	if (exponent < -4 || exponent >= 21) {
		text_printf(text, "%c%s%se%c%02d", digits[0], count > 1 ? "." : "", digits + 1,
			    exponent < 0 ? '-' : '+', abs(exponent));
		return;
	}
	if (exponent < 0)
		text_add(text, "0.");
	for (i = exponent; i < -1; i++)
		text_add(text, "0");
	for (i = 0; i < (int)count || i <= exponent; i++) {
		if (exponent >= 0 && i == exponent + 1)
			text_add(text, ".");
		text_add_bytes(text, i < (int)count ? &digits[i] : "0", 1);
	}
}

/* ---- bytes -------------------------------------------------------------------------------- */

bool is_byte_list(const struct spy_value *value)
{
	size_t i;

	if ((value->type->kind != SPY_VALUE_SLICE && value->type->kind != SPY_VALUE_ARRAY) ||
	    value->nil || value->error || !value->list.kept)
		return false;
	for (i = 0; i < value->list.kept; i++) {
		const struct spy_value *item = &value->list.items[i];

		if (item->type->kind != SPY_VALUE_UINT || item->type->size_bytes != 1 ||
		    item->error || item->meaning)
			return false;
	}
	return true;
}

void add_list_bytes(const struct spy_value *value, struct text *bytes)
{
	size_t i;

	for (i = 0; i < value->list.kept; i++)
		text_add_bytes(bytes, &(char){ (char)value->list.items[i].natural }, 1);
}

/* ---- maps --------------------------------------------------------------------------------- */

static int order(bool less, bool more)
{
	return more - less;
}

static int by_string(const struct spy_value *a, const struct spy_value *b)
{
	size_t size = a->string.kept < b->string.kept ? a->string.kept : b->string.kept;
	int difference = size ? memcmp(a->string.bytes, b->string.bytes, size) : 0;

	return difference ? difference
			  : order(a->string.kept<b->string.kept, a->string.kept> b->string.kept);
}

/* NaN before all numbers, as internal/fmtsort. */
static int by_real(double a, double b)
{
	if (isnan(a) || isnan(b))
		return order(isnan(a) && !isnan(b), isnan(b) && !isnan(a));
	return order(a<b, a> b);
}

static int compare(const struct spy_value *a, const struct spy_value *b)
{
	if (a->type->kind != b->type->kind || a->error || b->error)
		return order(a->type->kind<b->type->kind, a->type->kind> b->type->kind);
	switch (a->type->kind) {
	case SPY_VALUE_BOOL:
		return order(a->boolean<b->boolean, a->boolean> b->boolean);
	case SPY_VALUE_INT:
		return order(a->integer<b->integer, a->integer> b->integer);
	case SPY_VALUE_UINT:
	case SPY_VALUE_UNSAFE_POINTER:
		return order(a->natural<b->natural, a->natural> b->natural);
	case SPY_VALUE_FLOAT:
		return by_real(a->real[0], b->real[0]);
	case SPY_VALUE_STRING:
		return by_string(a, b);
	case SPY_VALUE_POINTER:
		return order(a->pointer.to<b->pointer.to, a->pointer.to> b->pointer.to);
	default:
		return 0;
	}
}

static int by_key(const void *a, const void *b)
{
	const struct spy_value_entry *x = *(const struct spy_value_entry *const *)a,
				     *y = *(const struct spy_value_entry *const *)b;
	const struct spy_value *k = &x->key, *l = &y->key;
	int difference;

	while (k->type->kind == SPY_VALUE_INTERFACE && !k->error && k->interface.value)
		k = k->interface.value;
	while (l->type->kind == SPY_VALUE_INTERFACE && !l->error && l->interface.value)
		l = l->interface.value;
	difference = compare(k, l);
	return difference ? difference : order(x<y, x> y);
}

const struct spy_value_entry **sorted_entries(const struct spy_value *value)
{
	const struct spy_value_entry **entries = memory_new(value->map.kept, sizeof(*entries));
	size_t i;

	for (i = 0; i < value->map.kept; i++)
		entries[i] = &value->map.entries[i];
	if (value->map.kept > 1 && value->map.kept <= SORTED_MAX)
		qsort(entries, value->map.kept, sizeof(const struct spy_value_entry *), by_key);
	return entries;
}
