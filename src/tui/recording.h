/* SPDX-License-Identifier: MIT
 *
 * Recordings: the lines of `spy stats --json` in a file.
 */
#ifndef TUI_RECORDING_H
#define TUI_RECORDING_H

#include "tui/subject.h"

typedef VECTOR(struct subject *) subject_list;

/* Reads a recording; each process becomes a subject, but one that began when another of its name
 * had ended goes on in its picture. At most 16 of them, in the order in which they began. DATA with
 * the line that is none; a last line that was cut off is left out. */
SPY_MUST_CHECK struct spy_error *recording_read(const char *path, subject_list *ret);

/* Creates a file for lines; refuses one that is there. */
SPY_MUST_CHECK struct spy_error *recording_create(const char *path, int *ret);
/* Appends a line, its end included. DATA if it could not be written. */
SPY_MUST_CHECK struct spy_error *recording_write(int file, const char *path, const char *line);

#endif
