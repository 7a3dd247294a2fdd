/* SPDX-License-Identifier: MIT
 *
 * Snapshots written by hand, to test what shows them without a target.
 */
#ifndef UNIT_FAKE_SNAPSHOT_H
#define UNIT_FAKE_SNAPSHOT_H

#include "spy.h"

enum fake {
	FAKE_USUAL,   /* a small healthy process */
	FAKE_HOSTILE, /* names that would take over a terminal, numbers out of all bounds */
	FAKE_UNKNOWN, /* nothing could be read */
	FAKE_EMPTY,   /* everything could be read, and nothing is there */
	FAKE_COUNT,
};

const struct spy_snapshot *fake_snapshot(enum fake kind);
const struct spy_process_list *fake_processes(enum fake kind);

#endif
