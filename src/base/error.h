/* SPDX-License-Identifier: MIT
 *
 * The one error type of the project (struct spy_error, include/spy.h) and how to make one.
 *
 * A message is one line about the thing that was wrong, not about the function that failed; lower
 * errors are passed up as they are. Strings from the target that go into a message are escaped
 * here, so that an error can be printed as it stands.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "spy.h"

#define MUST_CHECK                 __attribute__((warn_unused_result))
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))

/* A new error; never NULL. Control bytes in the text become \xNN. */
struct spy_error *spy_error_new(enum spy_error_code code, const char *format, ...) MUST_CHECK
    PRINTF_LIKE(2, 3);

/* A read of `size` bytes of the target at `address` that failed. */
struct spy_error *spy_error_fault(uint64_t address, size_t size) MUST_CHECK;

/* The same error with a hint for the user; replaces one that is there. */
struct spy_error *spy_error_with_hint(struct spy_error *error, const char *format, ...) MUST_CHECK
    PRINTF_LIKE(2, 3);

/* The same error with "prefix: " before its message: what was being read. */
struct spy_error *spy_error_in(struct spy_error *error, const char *format, ...) MUST_CHECK
    PRINTF_LIKE(2, 3);

/* Swallows an error where there is another way to go on. Returns whether there was one. */
bool spy_error_caught(struct spy_error *error);

/* Returns from the calling function if the expression is an error. */
#define TRY(expression)                                                                            \
	do {                                                                                       \
		struct spy_error *try_error_ = (expression);                                       \
		if (try_error_)                                                                    \
			return try_error_;                                                         \
	} while (0)

#endif
