/* SPDX-License-Identifier: MIT
 *
 * Numbers as people read them. SPY_UNKNOWN is "-" everywhere.
 */
#ifndef RENDER_UNITS_H
#define RENDER_UNITS_H

#include <stdint.h>

/* Room for any of them. */
#define UNITS_MAX 48

/* Each writes into `buffer` and returns it. */
const char *units_count(int64_t count, char buffer[UNITS_MAX]);    /* 1234567 */
const char *units_bytes(int64_t bytes, char buffer[UNITS_MAX]);    /* 512 B, 1.2 MiB */
const char *units_duration(int64_t ns, char buffer[UNITS_MAX]);    /* 850ns, 1.5ms, 3m20s, 4d3h */
const char *units_moment(int64_t unix_ns, char buffer[UNITS_MAX]); /* 2024-05-01 13:37:00 (local) */
const char *units_percent(double fraction, char buffer[UNITS_MAX]); /* 0.05%; NaN, Inf are "-" */

#endif
