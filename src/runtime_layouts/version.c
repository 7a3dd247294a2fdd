/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "runtime_layouts/layouts.h"

enum { OLDEST_MINOR = 10, NUMBER_MAX = 10000 };

/* A number at *at, moved past; -1 if there is none. */
static int number(const char **at)
{
	long value = 0;
	const char *start = *at;

	while (**at >= '0' && **at <= '9' && value < NUMBER_MAX)
		value = value * 10 + (*(*at)++ - '0');
	return *at == start ? -1 : (int)value;
}

/* "go1.22.12", "go1.20", "go1.26rc1", "go1.24.1 X:nospinbitmutex", "go1.19.8-custom",
 * "devel go1.28-abcdef Mon …". */
struct go_version go_version_parse(const char *version)
{
	struct go_version none = { .minor = -1, .patch = -1 }, ret = { .patch = 0 };
	bool devel = strncmp(version, "devel ", 6) == 0;
	const char *at = devel ? version + 6 : version;

	if (strncmp(at, "go1.", 4) != 0)
		return none;
	at += 4;
	ret.minor = number(&at);
	if (ret.minor < 0)
		return none;
	if (at[0] == '.') {
		at++;
		ret.patch = number(&at);
		if (ret.patch < 0)
			return none;
	}
	ret.exact = !devel && *at == '\0';
	return ret;
}

struct spy_error *go_version_check(const char *version)
{
	struct go_version parsed = go_version_parse(version);

	if (parsed.minor < 0 || parsed.minor >= OLDEST_MINOR)
		return NULL;
	return spy_error_with_hint(
	    spy_error_new(SPY_ERROR_NOT_GO, "the target was built by %s: too old", version),
	    "spy reads programs of Go 1.%d and newer", OLDEST_MINOR);
}
