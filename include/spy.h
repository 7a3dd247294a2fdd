/* SPDX-License-Identifier: MIT
 *
 * libspy: look inside a running Go process from outside.
 *
 * Open a target, take snapshots, read them, free them:
 *
 *	struct spy *spy;
 *	struct spy_snapshot *snapshot;
 *	struct spy_options options = { .pid = 1234 };
 *	struct spy_request request = { .collect = SPY_COLLECT_GOROUTINES };
 *
 *	error = spy_open(&options, &spy);
 *	error = spy_snapshot_take(spy, &request, &snapshot);
 *	…
 *	spy_snapshot_free(snapshot);
 *	spy_close(spy);
 *
 * Rules that hold for every function:
 * - A fallible function returns NULL on success, or an error that the caller frees with
 *   spy_error_free(). Out-parameters come last and are not touched on error.
 * - Everything that a snapshot points at belongs to the snapshot and lives until it is freed.
 *   A snapshot outlives the struct spy that it was taken from.
 * - Durations are nanoseconds (`_ns`), sizes bytes (`_bytes`), moments Unix nanoseconds (`_at`).
 * - A number that could not be read is SPY_UNKNOWN, a string that could not be read is NULL; the
 *   snapshot's warnings say why.
 * - Strings that come from the target (names, labels, paths) are bytes of an untrusted program: a
 *   caller that prints them escapes them.
 * - A struct spy and its snapshots are used by one thread at a time. The library never prints,
 *   never exits, installs no signal handlers and keeps no state of its own.
 */
#ifndef SPY_H
#define SPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SPY_API        __attribute__((visibility("default")))
#define SPY_MUST_CHECK __attribute__((warn_unused_result))

/* A number that could not be read. Never 0, never a guess. */
#define SPY_UNKNOWN INT64_MIN

/* ---- errors ------------------------------------------------------------------------------- */

/* What went wrong. The numbers are the exit statuses of the spy program (docs: spy.1). */
enum spy_error_code {
	SPY_ERROR_DATA = 1,       /* the target or its data could not be read */
	SPY_ERROR_USAGE = 2,      /* the caller asked for what cannot be */
	SPY_ERROR_NO_PROCESS = 3, /* no such process, or it ended */
	SPY_ERROR_PERMISSION = 4, /* not permitted to read or stop it */
	SPY_ERROR_NOT_GO = 5,     /* not a Go program, or a Go version that is not supported */
};

struct spy_error {
	enum spy_error_code code;
	char *message;    /* one line about the thing, without a final newline */
	char *hint;       /* what the user can do about it, one line, or NULL */
	uint64_t address; /* of the read that failed, where has_address is set */
	bool has_address;
};

/* Frees an error; NULL is ignored. */
SPY_API void spy_error_free(struct spy_error *error);

/* ---- finding and opening a target --------------------------------------------------------- */

/* How much the target's files say of it. */
enum spy_debug_info {
	SPY_DEBUG_NONE,    /* stripped: neither symbol table nor DWARF */
	SPY_DEBUG_SYMBOLS, /* a symbol table */
	SPY_DEBUG_DWARF,   /* DWARF */
};

/* Where the offsets of the Go runtime's structures come from. */
enum spy_layout_source {
	SPY_LAYOUT_DWARF, /* the target's own DWARF */
	SPY_LAYOUT_BIN,   /* the DWARF or symbols of the file given as options.bin */
	SPY_LAYOUT_TABLE, /* the row of the Go version, checked against the live process */
};

/* What told where the runtime's variables are. */
enum spy_symbols_source {
	SPY_SYMBOLS_TARGET,     /* the target's own symbol table or DWARF */
	SPY_SYMBOLS_BIN,        /* the file given as options.bin */
	SPY_SYMBOLS_DEBUG_FILE, /* a separate debug file that was found for it */
	SPY_SYMBOLS_CODE,       /* nothing has names: what the runtime's code refers to, checked */
};

struct spy_options {
	int64_t pid;      /* the process, or 0: take `name`, or else the only Go process there is */
	const char *name; /* base name of the executable, or NULL */
	const char *core; /* an ELF core file in place of a live process, or NULL */
	const char *bin;  /* take symbols and DWARF from this file, or NULL */
	bool non_blocking; /* never stop the target */
	/* Called some times a second while a debuginfod server is waited for, by the thread that
	 * opens, with the time since it was asked; false gives up, and the target is read without
	 * what the server has. May be NULL. */
	bool (*waiting)(void *context, int64_t waited_ns);
	void *waiting_context;
};

struct spy;

/*
 * Opens a target: finds the process, reads its binary's tables, resolves the runtime's variables
 * and the layout. Does not stop it. Needs the right to ptrace the process (same user and a
 * permissive Yama, or CAP_SYS_PTRACE). Errors: NO_PROCESS, PERMISSION, NOT_GO, USAGE (several
 * candidates; the message lists them), DATA.
 */
SPY_API SPY_MUST_CHECK struct spy_error *spy_open(const struct spy_options *options,
						  struct spy **ret);
/* Closes it; the target runs on as it was found. NULL is ignored. */
SPY_API void spy_close(struct spy *spy);

/* One Go process of this machine, as `spy ps` lists it. */
struct spy_process {
	int64_t pid;
	const char *exe;            /* path as the kernel tells it, " (deleted)" included */
	const char *const *command; /* argv, command_count strings */
	size_t command_count;
	const char *user;       /* name, or the number as text */
	const char *go_version; /* as runtime.Version(), or NULL */
	const char *module;     /* main module path, or NULL */
	const char *module_version;
	enum spy_debug_info debug_info;
	int64_t goroutines; /* runtime.NumGoroutine(), or SPY_UNKNOWN */
	int64_t rss_bytes;
	int64_t started_at;
	const char *unreadable; /* why it could not be looked into, or NULL */
};

struct spy_process_list {
	const struct spy_process *processes;
	size_t count;
	int64_t unreadable; /* processes that could not be examined for want of permission */
};

/* Lists the Go processes that can be seen, by pid. Never stops one. */
SPY_API SPY_MUST_CHECK struct spy_error *spy_process_list(struct spy_process_list **ret);
SPY_API void spy_process_list_free(struct spy_process_list *list);

/* ---- the model ---------------------------------------------------------------------------- */

/* Goroutine status, as runtime2.go names them without the _G. */
enum spy_status {
	SPY_STATUS_IDLE,
	SPY_STATUS_RUNNABLE,
	SPY_STATUS_RUNNING,
	SPY_STATUS_SYSCALL,
	SPY_STATUS_WAITING,
	SPY_STATUS_DEAD,
	SPY_STATUS_COPYSTACK,
	SPY_STATUS_PREEMPTED,
	SPY_STATUS_LEAKED,
	SPY_STATUS_COUNT,
};

/* "idle", "runnable", …: the names that the contract gives them. */
SPY_API const char *spy_status_name(enum spy_status status);

/* A profiler label. Its bytes are the program's own choice: they may hold NUL, which is why they
 * have their sizes (a NUL follows them all the same). */
struct spy_label {
	const char *key, *value;
	size_t key_bytes, value_bytes;
};

/* A place in the code: shared by all frames that stand at the same pc. */
struct spy_location {
	const char *function; /* as a traceback prints it: "main.f[...]", "panic" */
	const char *file;     /* "?" where the table has none */
	int64_t line;
	uint64_t pc;        /* the pc or return address in the frame */
	uint64_t pc_offset; /* pc minus the function's entry: the traceback's "+0x1d" */
	bool inlined;       /* into the function of the next location */
};

struct spy_value;

/* A local variable, or an argument. */
struct spy_local {
	const char *name;
	const char *type; /* as Go writes it; NULL if nothing tells it */
	bool argument;
	const struct spy_value *value; /* NULL: unknown, for the reason that `note` gives */
	const char *note;
};

struct spy_frame {
	const struct spy_location *location;
	/* As between a traceback's parentheses: "0x1, {0xc000…, 0x3}", "..." for an inlined call.
	 * NULL unless SPY_COLLECT_ARGUMENTS. Words of spy's own, safe to print. */
	const char *arguments;
	/* Arguments first. None unless SPY_COLLECT_LOCALS. The note says why there are none, or
	 * what is to be thought of them: compilers that optimise put assignments off. */
	const struct spy_local *locals;
	size_t local_count;
	const char *locals_note;
};

struct spy_created_by {
	const struct spy_location *location;
	int64_t goroutine; /* id of the creator; SPY_UNKNOWN before Go 1.21 */
};

/* What a goroutine waits on. */
enum spy_wait_kind {
	SPY_WAIT_NONE,    /* not waiting on an object that can be told */
	SPY_WAIT_RECEIVE, /* from a channel */
	SPY_WAIT_SEND,    /* to a channel */
	SPY_WAIT_SELECT,  /* on several channels; the first is told */
	SPY_WAIT_LOCK,    /* on a semaphore: mutex, RWMutex, WaitGroup, Cond */
};

struct spy_wait {
	enum spy_wait_kind kind;
	uint64_t address;         /* of the channel, or of the semaphore word */
	const char *element_type; /* of the channel, "main.job"; NULL where it could not be read */
	int64_t element_bytes;
	int64_t capacity, length; /* of the channel's buffer */
	int64_t cases;            /* of a select; 1 otherwise */
};

struct spy_goroutine {
	int64_t id;
	uint64_t address; /* of its runtime.g */
	enum spy_status status;
	const char *wait_reason; /* the runtime's own words; NULL unless it waits */
	int64_t wait_ns; /* since the collector first saw it wait; SPY_UNKNOWN if it has not */
	bool system;     /* one of the runtime's own, as runtime.isSystemGoroutine */
	bool locked_to_thread;
	int64_t thread; /* OS thread that runs it, in our PID namespace; SPY_UNKNOWN if none */
	int64_t m;      /* id of its M; SPY_UNKNOWN if none */
	const struct spy_label *labels;
	size_t label_count;
	const struct spy_created_by *created_by; /* NULL where a traceback prints none */
	const struct spy_location *start;        /* the function that the go statement called */
	const struct spy_location *caller;  /* the go statement; NULL for the first goroutine */
	const struct spy_location *current; /* where it stands: its innermost frame */
	struct spy_wait wait;
	const struct spy_frame *frames; /* innermost first; none unless SPY_COLLECT_STACKS */
	size_t frame_count;
	const char *stack_note; /* why there are no frames, or why they end early; else NULL */
};

struct spy_p {
	int64_t id;
	const char *status; /* "idle", "running", "syscall", "gcstop", "dead" */
	int64_t run_queue;  /* goroutines in its queue, runnext included */
	int64_t m;          /* id of its M, or SPY_UNKNOWN */
	int64_t goroutine;  /* that runs on it, or SPY_UNKNOWN */
	int64_t scheduler_ticks, syscall_ticks;
};

struct spy_m {
	int64_t id;
	int64_t thread; /* in our PID namespace; SPY_UNKNOWN for an M that waits for a C thread */
	int64_t p;      /* id, or SPY_UNKNOWN */
	int64_t goroutine;
	int64_t locked_goroutine;
	bool blocked, spinning;
};

struct spy_setting {
	const char *key, *value;
};

/* What `go version -m` knows. All NULL in GOPATH builds and before Go 1.12. */
struct spy_build {
	const char *path, *module, *version;
	const struct spy_setting *settings;
	size_t setting_count;
};

struct spy_thread_states {
	int64_t total, running, sleeping, disk_sleep, stopped, zombie, other;
};

struct spy_scheduler {
	int64_t global_run_queue, idle_ps, idle_ms, spinning_ms, freed_ms, system_goroutines;
	int64_t gomaxprocs, ncpu;
};

/* Names and meaning of runtime.MemStats where one is given. */
struct spy_gc {
	const char *phase;       /* "off", "mark", "mark termination" */
	int64_t cycles;          /* NumGC */
	int64_t forced;          /* NumForcedGC */
	int64_t last_at;         /* LastGC; SPY_UNKNOWN before the first */
	int64_t next_heap_bytes; /* NextGC; -1 where that is 2^64-1: the collector is off */
	int64_t pause_total_ns;
	int64_t percent;            /* GOGC; -1 is off */
	int64_t memory_limit_bytes; /* GOMEMLIMIT; SPY_UNKNOWN before Go 1.19 */
	double cpu_fraction;        /* GCCPUFraction; NaN where it could not be read */
};

struct spy_memory {
	int64_t heap_alloc_bytes, heap_inuse_bytes, heap_sys_bytes, heap_live_bytes;
	int64_t heap_objects, mallocs, frees;
	int64_t stack_inuse_bytes, sys_bytes, rss_bytes;
};

/* One of runtime.MemStats.BySize. */
struct spy_size_class {
	int64_t size_bytes; /* of an object, the largest that the class takes */
	int64_t mallocs, frees;
};

enum { SPY_PAUSES = 256, SPY_SIZE_CLASSES = 61 };

/*
 * runtime.MemStats: what runtime.ReadMemStats would return at that moment, which flushes the caches
 * of the Ps before it counts; computed, nothing is flushed. Names and meaning are those of
 * runtime.MemStats.
 */
struct spy_memstats {
	int64_t alloc_bytes, total_alloc_bytes, sys_bytes;
	int64_t lookups, mallocs, frees;
	int64_t heap_alloc_bytes, heap_sys_bytes, heap_idle_bytes, heap_inuse_bytes;
	int64_t heap_released_bytes, heap_objects;
	int64_t stack_inuse_bytes, stack_sys_bytes;
	int64_t mspan_inuse_bytes, mspan_sys_bytes, mcache_inuse_bytes, mcache_sys_bytes;
	int64_t buckhash_sys_bytes, gc_sys_bytes, other_sys_bytes;
	int64_t next_gc_bytes;  /* -1 where that is 2^64-1: the collector is off */
	int64_t last_gc_at;     /* 0 before the first */
	int64_t pause_total_ns; /* since the start */
	int64_t pause_ns[SPY_PAUSES],
	    pause_end_at[SPY_PAUSES]; /* of collection n at [(n+255)%256] */
	int64_t num_gc, num_forced_gc;
	double gc_cpu_fraction; /* NaN where it could not be read */
	bool enable_gc, debug_gc;
	struct spy_size_class by_size[SPY_SIZE_CLASSES];
};

struct spy_goroutine_counts {
	int64_t count; /* runtime.NumGoroutine() */
	int64_t by_status[SPY_STATUS_COUNT];
	const struct spy_wait_count *by_wait_reason; /* most first */
	size_t wait_reason_count;
	int64_t system, dead;
};

struct spy_wait_count {
	const char *reason;
	int64_t count;
};

/* ---- snapshots ---------------------------------------------------------------------------- */

enum spy_collect {
	SPY_COLLECT_GOROUTINES = 1 << 0, /* the goroutine list; counts are there always */
	SPY_COLLECT_STACKS = 1 << 1,     /* frames of each */
	SPY_COLLECT_ARGUMENTS = 1 << 2,  /* and the words of their arguments */
	SPY_COLLECT_LABELS = 1 << 3,
	SPY_COLLECT_WAITS = 1 << 4,  /* channels and locks */
	SPY_COLLECT_MEMORY = 1 << 5, /* struct spy_memory, gc.next_heap_bytes */
	SPY_COLLECT_LOCALS = 1 << 6, /* and the variables of the frames, by DWARF; the target must
					be stopped for it: not with options.non_blocking */
};

enum spy_view {
	SPY_VIEW_TRACEBACK, /* all frames, as SIGQUIT under GOTRACEBACK=system */
	SPY_VIEW_USER,      /* those that runtime.Stack(buf, true) prints */
};

struct spy_value_limits;

struct spy_request {
	unsigned collect; /* of enum spy_collect */
	enum spy_view view;
	bool system_goroutines; /* list the runtime's own goroutines, too */
	int64_t goroutine;      /* only the one with this id; 0 for all */
	size_t limit;           /* list this many, those with the lowest ids; 0 for all */
	const struct spy_value_limits *locals; /* how much of each variable; NULL: what is usual */
	bool non_blocking;                     /* as options.non_blocking, for this one */
};

struct spy_snapshot {
	int64_t pid;
	const char *exe, *go_version;
	struct spy_build build;
	enum spy_debug_info debug_info;
	enum spy_layout_source layout_from;
	enum spy_symbols_source symbols_from;
	const char *symbols_file; /* the file of options.bin, or the debug file; else NULL */
	int64_t paused_ns; /* how long the target stood still for this snapshot; 0 if it did not */
	int64_t taken_at;
	int64_t started_at;
	int64_t uptime_ns;
	struct spy_thread_states threads;
	struct spy_scheduler scheduler;
	struct spy_goroutine_counts goroutine_counts;
	struct spy_gc gc;
	struct spy_memory memory;
	const struct spy_memstats *memstats; /* NULL unless SPY_COLLECT_MEMORY */
	const struct spy_p *ps;
	size_t p_count;
	const struct spy_m *ms;
	size_t m_count;
	const struct spy_goroutine *goroutines; /* by id; no dead ones */
	size_t goroutine_count;
	size_t goroutines_left_out; /* beyond request.limit */
	int64_t goroutines_torn;    /* left out, for they changed whenever they were read */
	const char *const *warnings;
	size_t warning_count;
};

/*
 * Takes a snapshot. Unless options.non_blocking was set, all threads of the target stand still
 * while the bytes are copied (snapshot->paused_ns) and run again before anything is made of them.
 * Errors: NO_PROCESS if it ended meanwhile, PERMISSION, DATA.
 */
SPY_API SPY_MUST_CHECK struct spy_error *
spy_snapshot_take(struct spy *spy, const struct spy_request *request, struct spy_snapshot **ret);
SPY_API void spy_snapshot_free(struct spy_snapshot *snapshot);

/* ---- readings one after the other --------------------------------------------------------- */

/* Goroutines by what they do, the runtime's own among them, as runtime/metrics counts them from
 * 1.26 on; so they add up to more than runtime.NumGoroutine(). Those that wait for a lock, a
 * channel, a timer or the network are all `waiting`. */
struct spy_goroutine_states {
	int64_t running, runnable, in_syscall, waiting;
};

/* How long goroutines that could run waited for a processor (1.17+). The runtime measures one in
 * eight of them (runtime2.go: gTrackingPeriod) in steps of a quarter, so these are upper bounds. */
struct spy_latencies {
	int64_t count;                  /* measured; 0: the others are SPY_UNKNOWN */
	int64_t p50_ns, p99_ns, max_ns; /* half of them, 99 %, all of them waited no longer */
};

/* One reading of the memory statistics of a process, and what the kernel counts of it. */
struct spy_stats {
	int64_t pid;
	int64_t taken_at;
	int64_t paused_ns;  /* 0 unless it was stopped for the reading */
	int64_t reading_ns; /* how long it took: it began so long before taken_at */
	int64_t goroutines; /* runtime.NumGoroutine() */
	struct spy_goroutine_states states;
	struct spy_latencies latencies; /* since the reading before, or the start */
	int64_t threads;                /* of the operating system */
	int64_t rss_bytes;              /* resident memory */
	int64_t cpu_user_ns; /* processor time since the process started, by the kernel's ticks */
	int64_t cpu_system_ns;
	int64_t cpu_ns; /* both together, to the nanosecond; SPY_UNKNOWN for a core */
	int64_t started_at;
	int64_t repeated; /* readings that were torn, and taken again, for this one */
	struct spy_memstats memstats;
	const char *exe, *go_version; /* valid until spy_close(); NULL where unknown */
	const char *const *warnings;  /* valid until the next reading or spy_close() */
	size_t warning_count;
};

/*
 * Reads the statistics, as often as one likes: the work that need not be done for each is done by
 * the first. Stops the target for it where `stop` is set; else what changed under the reading is
 * noticed and read again, and what cannot be had that way is SPY_UNKNOWN, with a warning. Errors:
 * NO_PROCESS if it ended, PERMISSION, DATA.
 */
SPY_API SPY_MUST_CHECK struct spy_error *spy_stats_read(struct spy *spy, bool stop,
							struct spy_stats *ret);

/* A goroutine that runs on a P. */
struct spy_running {
	int64_t p, goroutine;              /* their ids */
	const struct spy_location *start;  /* the function that the go statement called, or NULL */
	const struct spy_location *caller; /* the go statement; NULL for the first goroutine */
};

/* What runs at one moment. */
struct spy_running_list {
	int64_t taken_at;
	int64_t ps;                      /* GOMAXPROCS */
	const struct spy_running *items; /* valid until the next reading or spy_close() */
	size_t count;
	int64_t unread; /* Ps on which so much changed that it cannot be told what runs there */
};

/*
 * Tells which goroutine runs on each P: four small reads, without stopping the target, so that it
 * may be asked a hundred times a second to see where the time goes. A goroutine in a system call
 * or in C runs on none. The locations in it live until spy_close(). Errors: NO_PROCESS,
 * PERMISSION, DATA.
 */
SPY_API SPY_MUST_CHECK struct spy_error *spy_running_read(struct spy *spy,
							  struct spy_running_list *ret);

/* One completed collection, as the line of GODEBUG=gctrace=1 tells it. */
struct spy_gc_cycle {
	int64_t pid;
	int64_t ended_at;
	int64_t number;      /* 1 is the first; 0: none is complete */
	int64_t start_ns;    /* since the runtime started */
	int64_t cpu_percent; /* of the program's time that collecting took so far */
	int64_t sweep_termination_ns, mark_ns, mark_termination_ns; /* on the clock */
	/* Processor time of the same; the middle one is assists, workers, idle workers. */
	int64_t sweep_termination_cpu_ns, assist_cpu_ns, worker_cpu_ns, idle_cpu_ns;
	int64_t mark_termination_cpu_ns;
	int64_t heap_start_bytes, heap_end_bytes, heap_marked_bytes, heap_goal_bytes;
	int64_t stacks_bytes, globals_bytes; /* to scan; SPY_UNKNOWN before Go 1.18 */
	int64_t procs;
	bool forced;      /* by runtime.GC() */
	bool finds_leaks; /* looked for leaked goroutines (1.26+) */
};

/* How many collections are complete: one small read. */
SPY_API SPY_MUST_CHECK struct spy_error *spy_gc_count(struct spy *spy, int64_t *ret);
/* The last completed one. *complete is false where the next has begun and some of its numbers are
 * gone; never stops the target. */
SPY_API SPY_MUST_CHECK struct spy_error *
spy_gc_cycle_read(struct spy *spy, struct spy_gc_cycle *ret, bool *complete);

/* ---- the heap ----------------------------------------------------------------------------- */

/* The spans that hold objects of one size class. */
struct spy_heap_class {
	int64_t number;     /* 1 is the smallest; 0 stands for the large objects */
	int64_t size_bytes; /* of an object, the largest that the class takes; 0 for large ones */
	int64_t spans, unswept_spans; /* unswept: objects that died are still counted there */
	int64_t objects_in_use, objects_capacity, free_slots;
	int64_t in_use_bytes;   /* objects_in_use * size_bytes; of large ones their sizes */
	int64_t reserved_bytes; /* the spans */
	int64_t tail_bytes;     /* of the spans that no object has: remainders, bitmaps */
	int64_t waste_bytes;    /* within the objects in use: at most so much, if each were as
				   small as its class allows; SPY_UNKNOWN for large ones */
	int64_t mallocs, frees; /* since the start */
	int64_t malloc_bytes, free_bytes;
};

/* A span that a P allocates from. */
struct spy_cached_span {
	int64_t class_number;
	bool noscan; /* its objects have no pointers */
	int64_t size_bytes, pages, allocated, capacity;
};

struct spy_heap_p {
	int64_t id;
	int64_t flush_generation; /* sweep generation of its last flush; SPY_UNKNOWN before 1.12 */
	int64_t tiny_allocs;      /* not yet told to the statistics */
	int64_t tiny_used_bytes;  /* of the 16-byte block that tiny objects share now */
	const struct spy_cached_span *spans;
	size_t span_count;
};

/* Spans by what they are for; pages of 8 KiB. */
struct spy_span_state {
	const char *name; /* "in_use", "manual" (stacks and the like), "free" (to 1.13), "dead" */
	int64_t spans, pages;
};

/* Where the resident memory lies, by the kernel's word on each mapping (/proc/PID/smaps); all
 * SPY_UNKNOWN for a core, or where it cannot be read. They add up to rss_bytes. */
struct spy_residents {
	int64_t rss_bytes;
	int64_t arenas_bytes;    /* what the Go heap has of address space: objects and stacks */
	int64_t anonymous_bytes; /* other memory without a file: the runtime's own structures, C */
	int64_t files_bytes;     /* program, libraries, mapped files */
	int64_t stack_bytes;     /* of the first thread */
	int64_t other_bytes;     /* what the kernel maps */
};

struct spy_heap {
	int64_t pid;
	const char *go_version;
	int64_t paused_ns, taken_at;
	int64_t page_bytes;
	int64_t pages_in_use, pages_swept; /* swept in this cycle */
	int64_t sweep_done;                /* 1, 0 */
	int64_t sweep_generation;
	int64_t sweepers; /* that are at it */
	int64_t spans;
	const struct spy_span_state *states;
	size_t state_count;
	int64_t large_allocs, large_alloc_bytes, large_frees, large_free_bytes;
	struct spy_heap_class large;
	const struct spy_heap_class *classes; /* from class 1 on */
	size_t class_count;
	struct spy_heap_class total; /* of all, large ones included */
	int64_t unswept_dead_bytes;  /* that the sweep is going to free; of all classes */
	int64_t unswept_dead_objects;
	int64_t arenas, arena_bytes; /* address space that the heap has reserved so far */
	int64_t free_bytes;          /* of the heap's, idle and not given back */
	int64_t released_bytes;      /* given back to the system */
	int64_t unused_bytes;        /* of spans in use, not in objects: fragmentation */
	int64_t heap_live_bytes;     /* as the collector's pacer counts it */
	int64_t heap_goal_bytes;     /* of this cycle; -1 is never */
	int64_t memory_limit_bytes, percent;
	const struct spy_heap_p *ps;
	size_t p_count;
	struct spy_memory memory;
	const struct spy_memstats *memstats;
	struct spy_residents residents;
	const char *const *warnings;
	size_t warning_count;
};

/*
 * Reads the whole heap by its spans. Unless options.non_blocking was set, all threads of the target
 * stand still meanwhile. Errors: NO_PROCESS if it ended, PERMISSION, DATA.
 */
SPY_API SPY_MUST_CHECK struct spy_error *spy_heap_take(struct spy *spy, struct spy_heap **ret);
SPY_API void spy_heap_free(struct spy_heap *heap);

/* ---- runtime/metrics ---------------------------------------------------------------------- */

enum spy_metric_kind { SPY_METRIC_UINT64, SPY_METRIC_FLOAT64, SPY_METRIC_HISTOGRAM };

struct spy_metric {
	const char *name; /* "/gc/heap/live:bytes"; what follows the colon is the unit */
	const char *help; /* half a line */
	enum spy_metric_kind kind;
	bool known;      /* false: it could not be read; a warning says why */
	uint64_t number; /* of a SPY_METRIC_UINT64 */
	double real;     /* of a SPY_METRIC_FLOAT64 */
	/* Of a SPY_METRIC_HISTOGRAM: counts[i] values from bounds[i] to below bounds[i + 1]; the
	 * first and the last bound may be infinite. */
	const uint64_t *counts;
	const double *bounds; /* count + 1 of them */
	size_t count;
};

struct spy_metrics {
	int64_t pid;
	const char *go_version;
	int64_t paused_ns, taken_at;
	const struct spy_metric *metrics; /* by name */
	size_t count;
	const char *const *warnings;
	size_t warning_count;
};

/*
 * What runtime/metrics.Read would tell of all metrics of the target's version, but for
 * "/godebug/…". Stops the target as spy_heap_take() does. Errors: DATA before Go 1.16, which has
 * none; NO_PROCESS, PERMISSION.
 */
SPY_API SPY_MUST_CHECK struct spy_error *spy_metrics_take(struct spy *spy,
							  struct spy_metrics **ret);
SPY_API void spy_metrics_free(struct spy_metrics *metrics);

/* ---- package variables -------------------------------------------------------------------- */

/* One variable of the program's packages. */
struct spy_variable {
	const char *name;    /* with its import path, unescaped: "example.com/app.v2/db.pool" */
	const char *package; /* the import path */
	const char *type;    /* as Go writes it; NULL if nothing tells it */
	uint64_t address;
	int64_t size_bytes; /* SPY_UNKNOWN if nothing tells it */
};

struct spy_variable_list {
	int64_t pid;
	const char *go_version;
	const struct spy_variable *variables; /* by name */
	size_t count;
	const char *const *warnings;
	size_t warning_count;
};

/* Lists the variables; reads the program's files only. Of a program without DWARF only those of the
 * runtime that spy itself needs, with a warning that says what helps. Errors: DATA. */
SPY_API SPY_MUST_CHECK struct spy_error *spy_variable_list(struct spy *spy,
							   struct spy_variable_list **ret);
SPY_API void spy_variable_list_free(struct spy_variable_list *list);

/* What a value is made of: reflect.Kind, as far as it matters to a reader. */
enum spy_value_kind {
	SPY_VALUE_UNKNOWN, /* a type that could not be understood; only its error is there */
	SPY_VALUE_BOOL,
	SPY_VALUE_INT,  /* signed, of any size */
	SPY_VALUE_UINT, /* unsigned, uintptr too */
	SPY_VALUE_FLOAT,
	SPY_VALUE_COMPLEX,
	SPY_VALUE_STRING,
	SPY_VALUE_ARRAY,
	SPY_VALUE_SLICE,
	SPY_VALUE_STRUCT,
	SPY_VALUE_POINTER,
	SPY_VALUE_UNSAFE_POINTER,
	SPY_VALUE_MAP,
	SPY_VALUE_INTERFACE,
	SPY_VALUE_FUNC,
	SPY_VALUE_CHAN,
	SPY_VALUE_KINDS,
};

struct spy_type {
	const char *name;         /* as Go writes it: "map[string]*main.user"; never NULL */
	const char *kind_name;    /* as reflect.Kind spells it: "int32", "ptr", "map" */
	enum spy_value_kind kind; /* says which member of a value is set */
	int64_t size_bytes;       /* of a value; SPY_UNKNOWN if nothing tells it */
};

struct spy_value_field;
struct spy_value_entry;

/*
 * A value as a tree. What a limit cut off is marked: `cut` is set, and the full length stands
 * beside what is there. What could not be read has an `error`, and the rest of the tree is there.
 */
struct spy_value {
	const struct spy_type *type;
	uint64_t address;    /* where it lies; 0: in no memory of the target (a register, len(x)) */
	const char *error;   /* why it could not be read, one line; else NULL */
	const char *meaning; /* what it says to a reader, "2026-11-21T18:46:26Z", "1.5s", "locked, 2
				wait"; safe to print; NULL where the value says it itself */
	bool nil;            /* pointers, maps, slices, channels, functions, interfaces */
	bool cut;            /* there is more of it than is here */
	bool cycle;          /* leads to what it is itself a part of, and is not followed: a
				pointer without pointee, a slice or map without elements */
	union {
		bool boolean;
		int64_t integer;
		uint64_t natural; /* UINT, and the word of an UNSAFE_POINTER */
		double real[2];   /* FLOAT: the first; COMPLEX: both */
		struct {
			const char *bytes; /* untrusted, may hold NUL; a NUL follows them */
			size_t kept;
			int64_t length; /* in the target */
		} string;
		struct {
			const struct spy_value *items;
			size_t kept;
			int64_t length, capacity; /* in the target */
		} list;                           /* ARRAY, SLICE */
		struct {
			const struct spy_value_field *fields;
			size_t count;
		} structure;
		struct {
			uint64_t to;
			const struct spy_value *pointee; /* NULL: nil, cut, or a cycle */
		} pointer;
		struct {
			const struct spy_value_entry *entries; /* in no order, as in Go */
			size_t kept;
			int64_t length; /* in the target */
		} map;
		struct {
			const struct spy_value *value; /* of the dynamic type; NULL: nil, cut */
		} interface;
		struct {
			uint64_t pc;             /* its entry */
			const char *name, *file; /* NULL if the function table does not know it */
			int64_t line;
			const struct spy_value_field *captured; /* by a closure, where DWARF or the
								   method value tell them */
			size_t captured_count;
		} function;
		struct {
			const struct spy_value *items; /* its buffer, the oldest first */
			size_t kept;
			int64_t length, capacity;
			int64_t receivers, senders; /* goroutines that wait on it */
			bool closed;
		} channel;
	};
};

struct spy_value_field {
	const char *name;
	bool embedded;
	struct spy_value value;
};

struct spy_value_entry {
	struct spy_value key, value;
};

/* How much of a value is read; 0 stands for what is usual, -1 for all there is (which is bounded,
 * too: 16 million values in one tree). */
struct spy_value_limits {
	int64_t depth;        /* of pointers, interfaces, elements and fields in each other */
	int64_t elements;     /* of each array, slice, map and channel */
	int64_t string_bytes; /* of each string */
};

/* What an expression says at one moment. Its types belong to the struct spy: unlike a snapshot it
 * is to be freed before that is closed. */
struct spy_value_reading {
	int64_t pid;
	const char *go_version;
	int64_t paused_ns, taken_at;
	const char *name; /* what was read, with its import path and the name that this version of
			     Go has for it: "runtime.numCPUStartup" */
	struct spy_value value;
	const uint8_t *raw; /* the bytes of the value itself, raw_bytes of them; NULL if it lies in
			       no memory */
	size_t raw_bytes;
	const char *const *warnings;
	size_t warning_count;
};

/*
 * Reads an expression: a package variable and a path into it, as Go writes them: `main.cfg.Server`,
 * `main.users["bob"].Tags[2]`, `main.table[3:7]`, `*main.ptr`, `main.iface.(*pkg.T).field`,
 * `len(main.queue)`. The last element of an import path will do where no two packages have it. May
 * be called as often as one likes: what need not be done again is not. Unless options.non_blocking
 * was set, the target stands still while it is read. Errors: USAGE: the expression is none, or
 * there is no such variable, field or key (the hint names the nearest); DATA; NO_PROCESS.
 */
SPY_API SPY_MUST_CHECK struct spy_error *spy_value_read(struct spy *spy, const char *expression,
							const struct spy_value_limits *limits,
							struct spy_value_reading **ret);
SPY_API void spy_value_reading_free(struct spy_value_reading *reading);

/* The version of the library and program, "0.1.0". */
SPY_API const char *spy_version(void);

#ifdef __cplusplus
}
#endif

#endif
