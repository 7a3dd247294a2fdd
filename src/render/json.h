/* SPDX-License-Identifier: MIT
 *
 * JSON as the contract wants it, streamed by yajl into an output: SPY_UNKNOWN, NULL and NaN are
 * null, addresses are strings "0x…", bytes that are not UTF-8 become U+FFFD, and what a terminal
 * would obey is escaped.
 *
 * `key` is the member's name inside an object and NULL inside an array.
 */
#ifndef RENDER_JSON_H
#define RENDER_JSON_H

#include "render/output.h"

struct yajl_gen_t;
struct json {
	struct yajl_gen_t *generator;
	struct output *output; /* NULL: everything goes to `text` */
	struct text *text;
};

/* Begins a document; `json` must stay where it is until json_end(), which ends the line. */
void json_begin(struct json *json, struct output *output);
/* The same into a text, without the end of line: a piece to be put in by json_raw(). */
void json_begin_text(struct json *json, struct text *text);
void json_end(struct json *json);

void json_open_object(struct json *json, const char *key);
void json_close_object(struct json *json);
void json_open_array(struct json *json, const char *key);
void json_close_array(struct json *json);

void json_string(struct json *json, const char *key, const char *value);
/* A string that may hold NUL. */
void json_string_bytes(struct json *json, const char *key, const char *value, size_t size);
/* runtime.MemStats.NextGC: -1 stands for 2^64-1, which int64_t cannot hold. */
void json_goal(struct json *json, const char *key, int64_t bytes);
/* A pair of which neither part ends at a NUL. */
void json_bytes(struct json *json, const char *key, size_t key_size, const char *value,
		size_t value_size);
void json_number(struct json *json, const char *key, int64_t value);
void json_unsigned(struct json *json, const char *key, uint64_t value);
void json_double(struct json *json, const char *key, double value);
void json_bool(struct json *json, const char *key, bool value);
void json_address(struct json *json, const char *key, uint64_t value);
void json_null(struct json *json, const char *key);
/* A value that was rendered before. */
void json_raw(struct json *json, const char *key, const char *bytes, size_t size);
/* An array of strings. */
void json_strings(struct json *json, const char *key, const char *const *strings, size_t count);

#endif
