/* SPDX-License-Identifier: MIT
 *
 * Collections as GODEBUG=gctrace=1 prints them.
 */
#ifndef RENDER_GCTRACE_H
#define RENDER_GCTRACE_H

#include "render/json.h"

/* The line of the runtime, without its end; of a version without stacks and globals (to 1.17)
 * without these. */
void gctrace_line(struct text *text, const struct spy_gc_cycle *cycle);
/* The line and its numbers as a JSON line. */
void gctrace_json(struct output *output, const struct spy_gc_cycle *cycle);

#endif
