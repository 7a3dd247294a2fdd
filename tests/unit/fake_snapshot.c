/* SPDX-License-Identifier: MIT */
#include "unit/fake_snapshot.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MINUTE_NS    60000000000ll

/* A title, a newline, a bidirectional override, a broken UTF-8 sequence, a quote, a backslash. */
#define EVIL                                                                                       \
	"a\033]0;owned\007b\nc\xe2\x80\xae"                                                        \
	"d\xff\xc3(e\"f\\g"

/* ---- usual -------------------------------------------------------------------------------- */

static const struct spy_location park = {
	.function = "runtime.gopark",
	.file = "/go/src/runtime/proc.go",
	.line = 398,
	.pc = 0x43dbce,
	.pc_offset = 0xce,
};
static const struct spy_location work = {
	.function = "main.(*Server[...]).work",
	.file = "/src/main.go",
	.line = 24,
	.pc = 0x48f1d6,
	.pc_offset = 0x36,
};
static const struct spy_location inlined = {
	.function = "main.helper",
	.file = "/src/helper.go",
	.line = 7,
	.pc = 0x48f1d6,
	.inlined = true,
};
static const struct spy_location entry = {
	.function = "main.main",
	.file = "/src/main.go",
	.line = 10,
	.pc = 0x48f000,
};
static const struct spy_location go_statement = {
	.function = "main.main",
	.file = "/src/main.go",
	.line = 12,
	.pc = 0x48f0a5,
	.pc_offset = 0xa5,
};

static const struct spy_created_by by_main = { .location = &go_statement, .goroutine = 1 };
static const struct spy_created_by by_unknown = { .location = &go_statement,
						  .goroutine = SPY_UNKNOWN };

static const struct spy_frame parked_frames[] = {
	{ .location = &park, .arguments = "0x0?, {0xc000012345, 0x3}" },
	{ .location = &inlined, .arguments = "..." },
	{ .location = &work },
};
static const struct spy_frame main_frames[] = {
	{ .location = &entry, .arguments = "" },
};
static const struct spy_label labels[] = {
	{ .key = "tenant",
	  .value = "acme",
	  .key_bytes = sizeof("tenant") - 1,
	  .value_bytes = sizeof("acme") - 1 },
	{ .key = "a key",
	  .value = "say \"hi\"",
	  .key_bytes = sizeof("a key") - 1,
	  .value_bytes = sizeof("say \"hi\"") - 1 },
};

static const struct spy_goroutine goroutines[] = {
	{ .id = 1,
	  .address = 0xc000002000,
	  .status = SPY_STATUS_RUNNING,
	  .wait_ns = SPY_UNKNOWN,
	  .thread = 4242,
	  .m = 0,
	  .start = &entry,
	  .current = &entry,
	  .frames = main_frames,
	  .frame_count = COUNT(main_frames) },
	{ .id = 18,
	  .address = 0xc000002100,
	  .status = SPY_STATUS_WAITING,
	  .wait_reason = "chan receive",
	  .wait_ns = 5 * MINUTE_NS + 1,
	  .locked_to_thread = true,
	  .thread = SPY_UNKNOWN,
	  .m = SPY_UNKNOWN,
	  .labels = labels,
	  .label_count = COUNT(labels),
	  .created_by = &by_main,
	  .start = &work,
	  .caller = &go_statement,
	  .current = &park,
	  .wait = { .kind = SPY_WAIT_RECEIVE,
		    .address = 0xc000010000,
		    .element_type = "main.job",
		    .element_bytes = 24,
		    .capacity = 8,
		    .length = 3,
		    .cases = 1 },
	  .frames = parked_frames,
	  .frame_count = COUNT(parked_frames) },
	{ .id = 19,
	  .status = SPY_STATUS_WAITING,
	  .wait_reason = "select",
	  .wait_ns = MINUTE_NS - 1,
	  .thread = SPY_UNKNOWN,
	  .m = SPY_UNKNOWN,
	  .created_by = &by_unknown,
	  .start = &work,
	  .caller = &go_statement,
	  .current = &park,
	  .wait = { .kind = SPY_WAIT_SELECT, .element_type = "int", .cases = 3 },
	  .frames = parked_frames,
	  .frame_count = COUNT(parked_frames) },
	{ .id = 20,
	  .status = SPY_STATUS_WAITING,
	  .wait_reason = "select",
	  .wait_ns = SPY_UNKNOWN,
	  .thread = SPY_UNKNOWN,
	  .m = SPY_UNKNOWN,
	  .created_by = &by_unknown,
	  .start = &work,
	  .caller = &go_statement,
	  .current = &park,
	  .wait = { .kind = SPY_WAIT_LOCK, .address = 0xc000020000, .cases = 1 },
	  .frames = parked_frames,
	  .frame_count = COUNT(parked_frames) },
	{ .id = 21,
	  .status = SPY_STATUS_SYSCALL,
	  .wait_ns = 2 * MINUTE_NS,
	  .thread = 4243,
	  .m = 3,
	  .created_by = &by_main,
	  .start = &work,
	  .stack_note = "goroutine running on other thread; stack unavailable" },
};

static const struct spy_p ps[] = {
	{ .id = 0,
	  .status = "running",
	  .run_queue = 2,
	  .m = 0,
	  .goroutine = 1,
	  .scheduler_ticks = 100,
	  .syscall_ticks = 7 },
	{ .id = 1,
	  .status = "idle",
	  .run_queue = 0,
	  .m = SPY_UNKNOWN,
	  .goroutine = SPY_UNKNOWN,
	  .scheduler_ticks = 4,
	  .syscall_ticks = 0 },
};
static const struct spy_m ms[] = {
	{ .id = 0,
	  .thread = 4242,
	  .p = 0,
	  .goroutine = 1,
	  .locked_goroutine = SPY_UNKNOWN,
	  .spinning = true },
};
static const struct spy_setting settings[] = {
	{ .key = "-buildmode", .value = "exe" },
	{ .key = "vcs.revision", .value = "0123abcd" },
};
static const struct spy_wait_count reasons[] = {
	{ .reason = "select", .count = 2 },
	{ .reason = "chan receive", .count = 1 },
};
static const char *const warnings[] = { "one thing could not be read" };

static const struct spy_snapshot usual = {
	.pid = 4242,
	.exe = "/usr/bin/server",
	.go_version = "go1.22.12",
	.build = { .path = "example.org/server/cmd",
		   .module = "example.org/server",
		   .version = "v1.2.3",
		   .settings = settings,
		   .setting_count = COUNT(settings) },
	.debug_info = SPY_DEBUG_DWARF,
	.layout_from = SPY_LAYOUT_DWARF,
	.symbols_from = SPY_SYMBOLS_TARGET,
	.paused_ns = 1540000,
	.taken_at = 1700000200000000000,
	.started_at = 1700000000000000000,
	.uptime_ns = 200000000000,
	.threads = { .total = 5, .running = 1, .sleeping = 4 },
	.scheduler = { .global_run_queue = 1,
		       .idle_ps = 1,
		       .idle_ms = 2,
		       .spinning_ms = 1,
		       .freed_ms = 0,
		       .system_goroutines = 4,
		       .gomaxprocs = 2,
		       .ncpu = 8 },
	.goroutine_counts = { .count = 5,
			      .by_status = { [SPY_STATUS_RUNNING] = 1,
					     [SPY_STATUS_SYSCALL] = 1,
					     [SPY_STATUS_WAITING] = 3 },
			      .by_wait_reason = reasons,
			      .wait_reason_count = COUNT(reasons),
			      .system = 4,
			      .dead = 3 },
	.gc = { .phase = "off",
		.cycles = 12,
		.forced = 1,
		.last_at = 1700000198700000000,
		.next_heap_bytes = 4194304,
		.pause_total_ns = 1234567,
		.percent = 100,
		.memory_limit_bytes = INT64_MAX,
		.cpu_fraction = 0.0005 },
	.memory = { .heap_alloc_bytes = 1258291,
		    .heap_inuse_bytes = 2097152,
		    .heap_sys_bytes = 66387968,
		    .heap_live_bytes = 1000000,
		    .heap_objects = 627,
		    .mallocs = 682,
		    .frees = 55,
		    .stack_inuse_bytes = 65536,
		    .sys_bytes = 71000000,
		    .rss_bytes = 9000000 },
	.ps = ps,
	.p_count = COUNT(ps),
	.ms = ms,
	.m_count = COUNT(ms),
	.goroutines = goroutines,
	.goroutine_count = COUNT(goroutines),
	.warnings = warnings,
	.warning_count = COUNT(warnings),
};

/* ---- hostile ------------------------------------------------------------------------------ */

static const struct spy_location evil_place = {
	.function = EVIL, .file = EVIL, .line = INT64_MAX, .pc = UINT64_MAX, .pc_offset = UINT64_MAX
};
static const struct spy_created_by evil_creator = { .location = &evil_place,
						    .goroutine = INT64_MAX };
static const struct spy_frame evil_frames[] = { { .location = &evil_place, .arguments = "0x1" } };
static const struct spy_label evil_labels[] = {
	{ .key = EVIL,
	  .value = EVIL,
	  .key_bytes = sizeof(EVIL) - 1,
	  .value_bytes = sizeof(EVIL) - 1 },
	{ .key = "nul\0in", .value = "", .key_bytes = 6 },
};
static const struct spy_goroutine evil_goroutines[] = {
	{ .id = INT64_MAX,
	  .address = UINT64_MAX,
	  .status = SPY_STATUS_WAITING,
	  .wait_reason = EVIL,
	  .wait_ns = INT64_MAX,
	  .thread = INT64_MAX,
	  .m = -INT64_MAX,
	  .labels = evil_labels,
	  .label_count = COUNT(evil_labels),
	  .created_by = &evil_creator,
	  .start = &evil_place,
	  .caller = &evil_place,
	  .current = &evil_place,
	  .wait = { .kind = SPY_WAIT_SEND,
		    .address = UINT64_MAX,
		    .element_type = EVIL,
		    .element_bytes = INT64_MAX,
		    .capacity = INT64_MAX,
		    .length = -INT64_MAX,
		    .cases = INT64_MAX },
	  .frames = evil_frames,
	  .frame_count = COUNT(evil_frames),
	  .stack_note = EVIL },
};
static const struct spy_p evil_ps[] = { { .id = INT64_MAX, .status = EVIL, .m = -INT64_MAX } };
static const struct spy_setting evil_settings[] = { { .key = EVIL, .value = EVIL },
						    { .key = NULL, .value = NULL } };
static const struct spy_wait_count evil_reasons[] = { { .reason = EVIL, .count = INT64_MAX } };
static const char *const evil_warnings[] = { EVIL };

static const struct spy_snapshot hostile = {
	.pid = INT64_MAX,
	.exe = EVIL,
	.go_version = EVIL,
	.build = { .path = EVIL,
		   .module = EVIL,
		   .version = EVIL,
		   .settings = evil_settings,
		   .setting_count = COUNT(evil_settings) },
	.paused_ns = INT64_MAX,
	.taken_at = INT64_MAX,
	.started_at = INT64_MAX,
	.uptime_ns = -INT64_MAX,
	.threads = { .total = INT64_MAX, .zombie = INT64_MAX },
	.goroutine_counts = { .count = INT64_MAX,
			      .by_status = { [SPY_STATUS_WAITING] = INT64_MAX },
			      .by_wait_reason = evil_reasons,
			      .wait_reason_count = COUNT(evil_reasons),
			      .system = -1,
			      .dead = INT64_MAX },
	.gc = { .phase = EVIL,
		.last_at = -INT64_MAX / 2,
		.next_heap_bytes = INT64_MAX,
		.pause_total_ns = -INT64_MAX,
		.memory_limit_bytes = -INT64_MAX,
		.cpu_fraction = INFINITY },
	.memory = { .heap_inuse_bytes = INT64_MAX, .heap_sys_bytes = -INT64_MAX },
	.ps = evil_ps,
	.p_count = COUNT(evil_ps),
	.goroutines = evil_goroutines,
	.goroutine_count = COUNT(evil_goroutines),
	.warnings = evil_warnings,
	.warning_count = COUNT(evil_warnings),
};

/* ---- unknown, empty ----------------------------------------------------------------------- */

#define U SPY_UNKNOWN

static const struct spy_location no_place = { .line = U };
static const struct spy_frame no_frames[] = { { .location = &no_place } };
static const struct spy_goroutine unknown_goroutines[] = {
	{ .id = U,
	  .wait_ns = U,
	  .thread = U,
	  .m = U,
	  .frames = no_frames,
	  .frame_count = 1,
	  .wait = { .kind = SPY_WAIT_RECEIVE,
		    .element_bytes = U,
		    .capacity = U,
		    .length = U,
		    .cases = U } },
};
static const struct spy_p unknown_ps[] = { { .id = U,
					     .run_queue = U,
					     .m = U,
					     .goroutine = U,
					     .scheduler_ticks = U,
					     .syscall_ticks = U } };
static const struct spy_m unknown_ms[] = {
	{ .id = U, .thread = U, .p = U, .goroutine = U, .locked_goroutine = U }
};

static const struct spy_snapshot unknown = {
	.pid = U,
	.paused_ns = U,
	.taken_at = U,
	.started_at = U,
	.uptime_ns = U,
	.threads = { .total = U,
		     .running = U,
		     .sleeping = U,
		     .disk_sleep = U,
		     .stopped = U,
		     .zombie = U,
		     .other = U },
	.scheduler = { .global_run_queue = U,
		       .idle_ps = U,
		       .idle_ms = U,
		       .spinning_ms = U,
		       .freed_ms = U,
		       .system_goroutines = U,
		       .gomaxprocs = U,
		       .ncpu = U },
	.goroutine_counts = { .count = U,
			      .by_status = { U, U, U, U, U, U, U, U, U },
			      .system = U,
			      .dead = U },
	.gc = { .cycles = U,
		.forced = U,
		.last_at = U,
		.next_heap_bytes = U,
		.pause_total_ns = U,
		.percent = U,
		.memory_limit_bytes = U,
		.cpu_fraction = NAN },
	.memory = { .heap_alloc_bytes = U,
		    .heap_inuse_bytes = U,
		    .heap_sys_bytes = U,
		    .heap_live_bytes = U,
		    .heap_objects = U,
		    .mallocs = U,
		    .frees = U,
		    .stack_inuse_bytes = U,
		    .sys_bytes = U,
		    .rss_bytes = U },
	.ps = unknown_ps,
	.p_count = COUNT(unknown_ps),
	.ms = unknown_ms,
	.m_count = COUNT(unknown_ms),
	.goroutines = unknown_goroutines,
	.goroutine_count = COUNT(unknown_goroutines),
};

static const struct spy_snapshot empty = { .pid = 1, .exe = "", .go_version = "" };

const struct spy_snapshot *fake_snapshot(enum fake kind)
{
	static const struct spy_snapshot *const snapshots[FAKE_COUNT] = {
		[FAKE_USUAL] = &usual,
		[FAKE_HOSTILE] = &hostile,
		[FAKE_UNKNOWN] = &unknown,
		[FAKE_EMPTY] = &empty,
	};

	return snapshots[kind];
}

/* ---- processes ---------------------------------------------------------------------------- */

static const char *const server_command[] = { "server", "--listen", ":80" };
static const char *const evil_command[] = { EVIL, EVIL };

static const struct spy_process usual_processes[] = {
	{ .pid = 812,
	  .exe = "/usr/bin/server",
	  .command = server_command,
	  .command_count = COUNT(server_command),
	  .user = "www",
	  .go_version = "go1.22.12",
	  .module = "example.org/server",
	  .module_version = "v1.2.3",
	  .debug_info = SPY_DEBUG_DWARF,
	  .goroutines = 207,
	  .rss_bytes = 9437184,
	  .started_at = 1700000000000000000 },
	{ .pid = 10333,
	  .exe = "/opt/tool (deleted)",
	  .user = "root",
	  .go_version = "go1.19.8",
	  .debug_info = SPY_DEBUG_NONE,
	  .goroutines = U,
	  .rss_bytes = 1048576,
	  .started_at = U,
	  .unreadable = "its layout is not known" },
};
static const struct spy_process evil_processes[] = {
	{ .pid = INT64_MAX,
	  .exe = EVIL,
	  .command = evil_command,
	  .command_count = COUNT(evil_command),
	  .user = EVIL,
	  .go_version = EVIL,
	  .module = EVIL,
	  .module_version = EVIL,
	  .goroutines = INT64_MAX,
	  .rss_bytes = INT64_MAX,
	  .started_at = INT64_MAX,
	  .unreadable = EVIL },
};
static const struct spy_process unknown_processes[] = {
	{ .pid = U, .goroutines = U, .rss_bytes = U, .started_at = U },
};

const struct spy_process_list *fake_processes(enum fake kind)
{
	static const struct spy_process_list lists[FAKE_COUNT] = {
		[FAKE_USUAL] = { .processes = usual_processes,
				 .count = COUNT(usual_processes),
				 .unreadable = 2 },
		[FAKE_HOSTILE] = { .processes = evil_processes,
				   .count = COUNT(evil_processes),
				   .unreadable = INT64_MAX },
		[FAKE_UNKNOWN] = { .processes = unknown_processes,
				   .count = COUNT(unknown_processes),
				   .unreadable = U },
		[FAKE_EMPTY] = { .processes = NULL },
	};

	return &lists[kind];
}
