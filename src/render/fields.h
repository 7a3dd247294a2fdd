/* SPDX-License-Identifier: MIT
 *
 * The fields of the entities of spy.h as data: one table per entity, which text and JSON walk. The
 * names are those of the contract (spy(1)); a field without a title has no column of its own.
 */
#ifndef RENDER_FIELDS_H
#define RENDER_FIELDS_H

#include "render/json.h"
#include "render/output.h"

enum unit {
	UNIT_COUNT,
	UNIT_ID,
	UNIT_BYTES,
	UNIT_GOAL, /* bytes at which the heap is collected; -1 is 2^64-1: never */
	UNIT_DURATION,
	UNIT_MOMENT,
	UNIT_FRACTION, /* a double */
	UNIT_PERCENT,  /* a double that is one already */
	UNIT_CHANGE,   /* a count with its sign */
	UNIT_BOOL,
	UNIT_STRING,
	UNIT_STRINGS,    /* an array, its length at count_offset */
	UNIT_DEBUG_INFO, /* enum spy_debug_info */
	UNIT_STATUSES,   /* goroutines by enum spy_status, SPY_STATUS_COUNT numbers; text only */
	UNIT_PLACE,      /* a file, its line at count_offset; text only */
};

struct field {
	const char *name;  /* in JSON */
	const char *title; /* of its column in text, or NULL */
	const char *help;
	enum unit unit;
	size_t offset, count_offset;
};

/* Tables end with a field without a name. */
extern const struct field process_fields[], p_fields[], m_fields[], scheduler_fields[], gc_fields[],
    memory_fields[], thread_state_fields[];

/* The value of a field that is a whole number. */
int64_t field_number(const struct field *field, const void *entity);
/* A field's value as people read it. */
void field_text(struct text *text, const struct field *field, const void *entity);
/* The field as a member of the object that is open. */
void field_json(struct json *json, const struct field *field, const void *entity);
/* All fields as members of the object that is open. */
void fields_json(struct json *json, const struct field *fields, const void *entity);
/* A table of `count` entities of `size` bytes each, with a column per title. */
void fields_table(struct output *output, const struct field *fields, const void *entities,
		  size_t count, size_t size, unsigned indent);

/* "dwarf", "symbols", "none"; "dwarf", "bin", "table": the words of the contract. */
const char *debug_info_name(enum spy_debug_info debug_info);
const char *layout_source_name(enum spy_layout_source source);
const char *symbols_source_name(enum spy_symbols_source source);

#endif
