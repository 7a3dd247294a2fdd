/* SPDX-License-Identifier: MIT
 *
 * The implementation of spy.h: an open target, and the making of a snapshot from what was
 * collected.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "base/vector.h"
#include "runtime/collect.h"
#include "runtime/latencies.h"
#include "runtime/states.h"
#include "session/usage.h"
#include "unwind/unwind.h"

/* What is kept from one reading to the next. */
struct spy_readings {
	struct memory_state *memory; /* NULL before the first */
	struct states_reader *states;
	struct latencies latencies;
	int directory; /* /proc/PID, or -1 */
	VECTOR(const char *) warnings;
	uint8_t *gc_work;         /* copies of the collector's variables, see gctrace.c */
	int64_t gc_finding_leaks; /* the collection that was seen to look for leaked goroutines */
	int64_t gc_number, gc_forced; /* the last collection that was read; forced ones by then */
};
/* session/stats.c */
void readings_free(struct spy_readings *readings);

struct values;
struct running_readings;

struct spy {
	struct target *target;
	struct go_runtime runtime;
	bool non_blocking;
	struct spy_readings readings;
	struct values *values;            /* NULL before the first variable is asked for */
	struct running_readings *running; /* NULL before the first */
};
/* session/running.c */
void running_readings_free(struct running_readings *readings);

/* session/vars.c: what reads variables, with the DWARF; belongs to the target. */
struct values *values_of(struct spy *spy);
struct debug_info *values_debug_info(const struct values *values); /* NULL: there is none */
struct value_reader *values_reader(const struct values *values);
void values_free(struct values *values);

/* A snapshot in the making; the public part comes first, spy_snapshot_free() frees the whole. */
struct snapshot {
	struct spy_snapshot public;
	struct arena arena;
};

/* What a goroutine is by the function that it started with. */
enum start_kind {
	START_USER,
	START_SYSTEM,
	START_FINALIZERS,
	START_CLEANUPS,
	START_NAMELESS, /* its name was taken out of the program */
};

/* What the steps of making one share. */
struct making {
	struct spy *spy;
	const struct spy_request *request;
	const struct collected *collected;
	struct snapshot *snapshot;
	struct unwinder *unwinder;
	struct map types;        /* descriptor → name, of the arena */
	struct map wait_reasons; /* index → string of the arena */
	/* What the goroutine before had: most often the next has the same. */
	uint64_t last_reason;
	const char *last_reason_words;
	uint64_t last_start;
	enum start_kind last_start_kind;
	bool last_start_known;
	/* Stacks that were made while the target stood still, by g: struct made_stack. */
	struct map stacks;
	size_t labels_unread;
	size_t running_unread; /* running goroutines whose stacks could not be read */
	VECTOR(const char *) warnings;
};

/* A warning for the user; belongs to the snapshot. */
void making_warn(struct making *making, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* session/goroutines.c: counts, and the list if it was asked for. */
void make_goroutines(struct making *making);

/* Whether a goroutine is listed, if there is room for it. */
bool is_listed(struct making *making, const struct raw_g *raw);

/* The frames of one goroutine. */
struct made_stack {
	const struct spy_frame *frames;
	size_t frame_count;
	const char *note;
};
/* session/stacks.c. With `places` the unwinder knows where the frames are. */
struct made_stack make_stack(struct making *making, const struct raw_g *raw, bool places);
void fill_stack(struct making *making, const struct raw_g *raw, struct spy_goroutine *ret);

/*
 * session/locals.c: makes the stacks of the goroutines that are listed, with the variables of their
 * frames, into making->stacks; called before the target is stopped, for what takes longest, and
 * while it stands still.
 */
struct locals;
struct spy_error *locals_new(struct making *making, struct locals **ret) MUST_CHECK;
void locals_free(struct locals *locals);
void locals_rehearse(struct locals *locals, const struct collected *collected);
void locals_read(void *locals, const struct collected *collected);
/* What they need of the target is copied, warnings are given. */
void locals_finish(struct locals *locals);

/* session/scheduler.c: Ps, Ms, threads. */
void make_scheduler(struct making *making);

/* Id of an M or P by its address, SPY_UNKNOWN for none. */
int64_t m_id(const struct making *making, uint64_t address);
/* OS thread of an M, in our PID namespace. */
int64_t m_thread(const struct making *making, uint64_t address);

/* session/find.c: the target that options name. */
struct spy_error *find_target(const struct spy_options *options, struct target **ret) MUST_CHECK;

#endif
