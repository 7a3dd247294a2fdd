/* SPDX-License-Identifier: MIT
 *
 * Why the kernel refuses to let us look into a process, and what the user can do about it.
 */
#ifndef PROCMEM_DENIED_H
#define PROCMEM_DENIED_H

#include "base/error.h"

/* PERMISSION with a hint. `directory` is its open /proc/PID; `action` what was refused: "read" or
 * "stop". */
struct spy_error *denied(int directory, int64_t pid, const char *action) MUST_CHECK;

/* PERMISSION if another process traces it, or thread `tid` of it; else NULL. */
struct spy_error *denied_by_tracer(int directory, int64_t pid, int64_t tid) MUST_CHECK;

/* The name of a user, or the number as text. */
enum { USER_NAME_BYTES = 64 };
void user_name(uint64_t uid, char name[USER_NAME_BYTES]);

#endif
