/* SPDX-License-Identifier: MIT
 *
 * Values written by hand, to test what shows them without a target.
 */
#ifndef UNIT_FAKE_VALUE_H
#define UNIT_FAKE_VALUE_H

#include "unit/fake_snapshot.h"

/* Of an expression: each fake has a value of every kind in it. */
const struct spy_value_reading *fake_reading(enum fake kind);
const struct spy_variable_list *fake_variables(enum fake kind);

/* Types that values of tests are of. */
extern const struct spy_type fake_int, fake_int32, fake_uint8, fake_string, fake_float64;

#endif
