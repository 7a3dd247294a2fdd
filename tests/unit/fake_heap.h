/* SPDX-License-Identifier: MIT
 *
 * Heaps and metrics written by hand, to test what shows them without a target.
 */
#ifndef UNIT_FAKE_HEAP_H
#define UNIT_FAKE_HEAP_H

#include "unit/fake_snapshot.h"

const struct spy_heap *fake_heap(enum fake kind);
const struct spy_metrics *fake_metrics(enum fake kind);

#endif
