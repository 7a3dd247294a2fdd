/* SPDX-License-Identifier: MIT
 *
 * The variables of a frame: spy dump --locals.
 */
#ifndef RENDER_LOCALS_H
#define RENDER_LOCALS_H

#include "render/json.h"

/* A line for each below its frame, "    name = value"; of an unknown one "-" and why. Nothing where
 * they were not collected. */
void put_locals(struct text *text, const struct spy_frame *frame);

/* The members locals and locals_note into the object that is open. */
void locals_json(struct json *json, const struct spy_frame *frame);

#endif
