/* SPDX-License-Identifier: MIT
 *
 * A text table: cells are collected, then printed with columns as wide as their widest cell.
 *
 * To add a cell, add its text to table->text and end it with table_cell(). On a terminal a row that
 * is too long is cut in its last column; where that column holds a path, it loses its beginning.
 */
#ifndef RENDER_TABLE_H
#define RENDER_TABLE_H

#include "base/vector.h"
#include "render/output.h"

struct table_column {
	const char *title;
	bool right;    /* aligned to the right */
	bool keep_end; /* where the last column is cut, it keeps its end: a path with its line */
};

struct table_cell {
	size_t offset, length;
	size_t width; /* columns on the screen */
	enum colour colour;
};

struct table {
	const struct table_column *columns;
	size_t column_count;
	VECTOR(struct table_cell) cells;
	struct text text;
};

void table_cell(struct table *table, enum colour colour);
/* Prints the titles (where the table has any rows) and rows, each after `indent` spaces. */
void table_print(const struct table *table, struct output *output, unsigned indent);
void table_free(struct table *table);

#endif
