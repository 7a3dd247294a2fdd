/* SPDX-License-Identifier: MIT
 *
 * Inside the room: what the meanings of values are made with.
 */
#ifndef VALUES_MEANING_H
#define VALUES_MEANING_H

#include "base/text.h"
#include "values/meanings.h"
#include "values/reader.h"

enum {
	MEANING_DEPTH_MAX = 24, /* errors and contexts that hold each other */
	MEANING_STRING_MAX = 512,
};

/* Adds to the text what a value says. False if it could not be read, or is not as it should be. */
typedef bool meaning_fn(struct value_reader *reader, const struct value_place *place,
			struct text *text, unsigned depth);

struct value_meaning {
	const char *type; /* its name; up to a "[" the beginning of it */
	enum go_kind kind;
	meaning_fn *say;
};

/* A field of a struct, "wall" or through others "mu.state"; of a pointer, of what it leads to. */
bool meaning_field(struct value_reader *reader, const struct value_place *from, const char *path,
		   struct value_place *ret);

/* A number, wrapped as atomic.Int32 or not. */
bool meaning_number(struct value_reader *reader, const struct value_place *place, int64_t *ret);
bool meaning_field_number(struct value_reader *reader, const struct value_place *from,
			  const char *path, int64_t *ret);

/* Bytes of a string or []byte, at most `max`; *length is that in the target. They are of the
 * reader's scratch. */
const uint8_t *meaning_bytes(struct value_reader *reader, const struct value_place *place,
			     size_t max, int64_t *length);
/* A string, escaped, as it is or in part. */
bool meaning_add_string(struct value_reader *reader, const struct value_place *from,
			const char *path, struct text *text);
/* What the value in an interface or behind a pointer says; its type if it says nothing. */
bool meaning_add_held(struct value_reader *reader, const struct value_place *place,
		      struct text *text, unsigned depth);

/* The word that such a variable holds; false if the program has none, or its DWARF does not tell.
 */
bool meaning_variable(struct value_reader *reader, enum reader_variable variable, uint64_t *ret);

/* meanings_time.c */
meaning_fn meaning_time, meaning_duration, meaning_month, meaning_weekday, meaning_location;
/* meanings_net.c */
meaning_fn meaning_ip, meaning_ip_net, meaning_ip_mask, meaning_hardware_addr, meaning_socket_addr,
    meaning_netip_addr, meaning_netip_addr_port, meaning_netip_prefix, meaning_url;
/* meanings_sync.c */
meaning_fn meaning_mutex, meaning_rw_mutex, meaning_wait_group, meaning_once, meaning_atomic,
    meaning_atomic_bool, meaning_atomic_pointer, meaning_sync_map;
/* meanings_context.c */
meaning_fn meaning_context, meaning_message, meaning_path_error, meaning_syscall_error,
    meaning_errno;
/* meanings_big.c */
meaning_fn meaning_big_int, meaning_big_rat;

#endif
