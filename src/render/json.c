/* SPDX-License-Identifier: MIT */
#include "render/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_gen.h>

/* \u202e; a pair of surrogates for what is beyond 16 bits. */
static void add_escape(struct text *text, unsigned point)
{
	if (point < 0x10000)
		text_printf(text, "\\u%04x", point);
	else
		text_printf(text, "\\u%04x\\u%04x", 0xd800 + ((point - 0x10000) >> 10),
			    0xdc00 + ((point - 0x10000) & 0x3ff));
}

/* yajl escapes what JSON asks for. What a terminal would obey as well is escaped on the way: such
 * characters stand in strings only, and no piece ends in the middle of one. */
static void print(void *context, const char *bytes, size_t size)
{
	size_t plain = 0, i = 0;

	while (i < size) {
		size_t length = 1;
		unsigned point = (unsigned char)bytes[i];

		if (point >= 0x7f) {
			length = text_utf8(bytes + i, size - i, &point);
			length = length ? length : 1;
			if (text_is_unsafe(point)) {
				text_add_bytes(context, bytes + plain, i - plain);
				add_escape(context, point);
				plain = i + length;
			}
		}
		i += length;
	}
	text_add_bytes(context, bytes + plain, size - plain);
}

void json_begin_text(struct json *json, struct text *text)
{
	*json = (struct json){ .generator = yajl_gen_alloc(NULL), .text = text };
	yajl_gen_config(json->generator, yajl_gen_print_callback, print, json->text);
}

void json_begin(struct json *json, struct output *output)
{
	json_begin_text(json, &output->text);
	json->output = output;
}

void json_end(struct json *json)
{
	yajl_gen_free(json->generator);
	if (json->output) {
		text_add(json->text, "\n");
		output_drain(json->output);
	}
	*json = (struct json){ 0 };
}

/* Length of the leading bytes that are UTF-8. */
static size_t valid_length(const char *string, size_t size)
{
	size_t i = 0;

	while (i < size) {
		unsigned point;
		size_t length =
		    (unsigned char)string[i] < 0x80 ? 1 : text_utf8(string + i, size - i, &point);

		if (!length)
			break;
		i += length;
	}
	return i;
}

static void string_value(struct json *json, const char *string, size_t size)
{
	struct text clean = { 0 };
	size_t valid = valid_length(string, size);

	if (valid == size) {
		yajl_gen_string(json->generator, (const unsigned char *)string, size);
		return;
	}
	for (;;) {
		text_add_bytes(&clean, string, valid);
		if (valid == size)
			break;
		text_add(&clean, "\xef\xbf\xbd"); /* U+FFFD */
		string += valid + 1;
		size -= valid + 1;
		valid = valid_length(string, size);
	}
	yajl_gen_string(json->generator, (const unsigned char *)clean.bytes, clean.length);
	text_free(&clean);
}

static void add_key(struct json *json, const char *key)
{
	if (json->output)
		output_drain(json->output);
	if (key)
		string_value(json, key, strlen(key));
}

void json_open_object(struct json *json, const char *key)
{
	add_key(json, key);
	yajl_gen_map_open(json->generator);
}

void json_close_object(struct json *json)
{
	yajl_gen_map_close(json->generator);
}

void json_open_array(struct json *json, const char *key)
{
	add_key(json, key);
	yajl_gen_array_open(json->generator);
}

void json_close_array(struct json *json)
{
	yajl_gen_array_close(json->generator);
}

void json_null(struct json *json, const char *key)
{
	add_key(json, key);
	yajl_gen_null(json->generator);
}

void json_bytes(struct json *json, const char *key, size_t key_size, const char *value,
		size_t value_size)
{
	if (json->output)
		output_drain(json->output);
	string_value(json, key, key_size);
	string_value(json, value, value_size);
}

void json_string_bytes(struct json *json, const char *key, const char *value, size_t size)
{
	add_key(json, key);
	string_value(json, value, size);
}

void json_string(struct json *json, const char *key, const char *value)
{
	if (!value) {
		json_null(json, key);
		return;
	}
	add_key(json, key);
	string_value(json, value, strlen(value));
}

void json_number(struct json *json, const char *key, int64_t value)
{
	if (value == SPY_UNKNOWN) {
		json_null(json, key);
		return;
	}
	add_key(json, key);
	yajl_gen_integer(json->generator, value);
}

void json_goal(struct json *json, const char *key, int64_t bytes)
{
	static const char never[] = "18446744073709551615";

	if (bytes != -1) {
		json_number(json, key, bytes);
		return;
	}
	add_key(json, key);
	yajl_gen_number(json->generator, never, sizeof(never) - 1);
}

/* yajl's own integers are signed. */
void json_unsigned(struct json *json, const char *key, uint64_t value)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);

	add_key(json, key);
	yajl_gen_number(json->generator, digits, (size_t)length);
}

void json_double(struct json *json, const char *key, double value)
{
	if (!isfinite(value)) { /* JSON has no word for it */
		json_null(json, key);
		return;
	}
	add_key(json, key);
	yajl_gen_double(json->generator, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	add_key(json, key);
	yajl_gen_bool(json->generator, value);
}

void json_address(struct json *json, const char *key, uint64_t value)
{
	char hex[24];
	int length = snprintf(hex, sizeof(hex), "0x%llx", (unsigned long long)value);

	add_key(json, key);
	yajl_gen_string(json->generator, (const unsigned char *)hex, (size_t)length);
}

void json_raw(struct json *json, const char *key, const char *bytes, size_t size)
{
	add_key(json, key);
	/* yajl checks nothing of a "number": it is how a ready value is put in */
	yajl_gen_number(json->generator, bytes, size);
}

void json_strings(struct json *json, const char *key, const char *const *strings, size_t count)
{
	size_t i;

	json_open_array(json, key);
	for (i = 0; i < count; i++)
		json_string(json, NULL, strings[i]);
	json_close_array(json);
}
