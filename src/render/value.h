/* SPDX-License-Identifier: MIT
 *
 * Values of the target (struct spy_value) as Go-like text, as JSON, as bytes: spy var, spy vars.
 */
#ifndef RENDER_VALUE_H
#define RENDER_VALUE_H

#include "base/vector.h"
#include "render/json.h"
#include "render/output.h"

/* ---- a value by itself --------------------------------------------------------------------- */

struct value_layout {
	size_t width;  /* columns of a line; 0: everything in one line, however long it grows */
	size_t column; /* that the value begins at */
	size_t indent; /* of the line that it begins in */
	bool inner;    /* it is a part of something: where what it means is known, that is shown
			  in place of what it is made of */
};

/*
 * {Name: "bob", Tags: ["a", … 9 more of 10]}: on one line where it fits, else a line for each part.
 * What the target says is escaped. Without an end of line.
 */
void put_value(struct text *text, const struct spy_value *value, const struct value_layout *layout);

/* The same, written out as it grows. */
void output_value(struct output *output, const struct spy_value *value,
		  const struct value_layout *layout);

/* What the JSON of a value itself has no place for: told beside it. */
struct value_note {
	char *path; /* ".Server.Port" */
	char *text;
};
struct value_notes {
	VECTOR(struct value_note) meanings, errors;
	size_t unnoted_errors; /* beyond those */
};

/*
 * The members type, kind, address, size and value of the contract into the object that is open, and
 * beside them what the value has no place for: error, nil, len, cap, meaning, truncated,
 * raw_base64. Meanings of its parts, and why parts could not be read, are added to the notes, if
 * not NULL.
 */
void json_value(struct json *json, const struct spy_value *value, struct value_notes *notes);
void value_notes_free(struct value_notes *notes);

/* ---- what expressions say ------------------------------------------------------------------ */

struct value_options {
	const char *asked; /* the expression; its name is printed where it is called otherwise */
	bool named;        /* print the name in any case: there are several */
	bool one_line;
	bool raw;   /* the bytes of the value; in JSON beside it */
	bool timed; /* when it was read */
};

void render_value_text(struct output *output, const struct spy_value_reading *reading,
		       const struct value_options *options);
void render_value_json(struct output *output, const struct spy_value_reading *reading,
		       const struct value_options *options);

/* An expression that leads nowhere now: why, and since when. */
void render_value_error(struct output *output, const char *why, int64_t at, bool json,
			const struct value_options *options);

/* All that a value says, for comparing it with what it says later. */
void put_value_state(struct text *text, const struct spy_value *value);

/* ---- what the files of this room share ----------------------------------------------------- */

/* The shortest decimal that is this number and no other: the digits that Go prints, with an
 * exponent only below 0.0001 and from 1e+21 on. */
void put_float(struct text *text, double number, bool is_float32);

/* What a value means that is no plain number, or what it points to or holds; or NULL. */
const char *meaning_within(const struct spy_value *value);

/* "… 990 more of 1,000" */
void put_rest(struct text *text, size_t kept, int64_t length);

/* Whether it is a []byte or [n]byte that has any, all of which could be read; and those. */
bool is_byte_list(const struct spy_value *value);
void add_list_bytes(const struct spy_value *value, struct text *bytes);

/* The entries of a map by their keys, as fmt prints them; those of very large maps as they are. The
 * caller frees it. */
const struct spy_value_entry **sorted_entries(const struct spy_value *value);

#endif
