/* SPDX-License-Identifier: MIT
 *
 * The fields of the heap: tables as in fields.h.
 */
#ifndef RENDER_HEAP_FIELDS_H
#define RENDER_HEAP_FIELDS_H

#include "render/fields.h"

extern const struct field heap_fields[], heap_large_fields[], heap_class_fields[], heap_p_fields[],
    cached_span_fields[], span_state_fields[], heap_total_fields[], resident_fields[];

#endif
