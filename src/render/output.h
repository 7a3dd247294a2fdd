/* SPDX-License-Identifier: MIT
 *
 * Where rendered text goes: a large buffer in front of a file descriptor, which knows whether it
 * ends at a terminal. Nothing here fails; what could not be written is told once, by
 * output_close().
 */
#ifndef RENDER_OUTPUT_H
#define RENDER_OUTPUT_H

#include <stdbool.h>

#include "base/text.h"
#include "spy.h"

enum colour_mode { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

enum colour {
	COLOUR_NONE,
	COLOUR_BOLD,
	COLOUR_DIM,
	COLOUR_RED,
	COLOUR_GREEN,
	COLOUR_YELLOW,
	COLOUR_BLUE,
};

struct output {
	struct text text; /* rendered, not yet written */
	int fd;           /* -1: everything stays in `text` */
	int failure;      /* errno of the write that failed; nothing is written after it */
	unsigned width;   /* columns of the terminal; 0 where it is none and rows are not cut */
	bool colour;
};

/*
 * Output to fd. COLOUR_AUTO colours on a terminal, unless NO_COLOR is set and not empty
 * (https://no-color.org) or TERM is "dumb". The width is COLUMNS, or what the terminal says.
 */
struct output output_to(int fd, enum colour_mode mode);
/* Output that stays in memory: no colour, rows not cut. */
struct output output_to_memory(void);

/* Writes the buffer out where it has grown large; to be called after each row or so. */
void output_drain(struct output *output);
/* Writes it out in any case: before something is said on another descriptor. */
void output_flush(struct output *output);
/* Writes what is left and frees the buffer; the descriptor stays open. The error of the first write
 * that failed, but for EPIPE: a reader that has seen enough is no failure. */
SPY_MUST_CHECK struct spy_error *output_close(struct output *output);

/* The escape sequence that switches a colour on; COLOUR_NONE ends any. "" without colour. */
const char *output_colour(const struct output *output, enum colour colour);

/* A string of the target, escaped; "-" where it is NULL. */
void put_string(struct text *text, const char *string);
/* A decimal number, without the cost of printf; "-" for SPY_UNKNOWN. */
void put_number(struct text *text, int64_t number);
/* "0x1f" */
void put_hex(struct text *text, uint64_t number);

#endif
