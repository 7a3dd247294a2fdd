/* SPDX-License-Identifier: MIT */
#include "unit/fake_value.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* As in fake_snapshot.c. */
#define EVIL                                                                                       \
	"a\033]0;owned\007b\nc\xe2\x80\xae"                                                        \
	"d\xff\xc3(e\"f\\g"

#define TYPE(the_name, the_kind, the_kind_name, size)                                              \
	{                                                                                          \
		.name = (the_name), .kind = (the_kind), .kind_name = (the_kind_name),              \
		.size_bytes = (size)                                                               \
	}

/* ---- types -------------------------------------------------------------------------------- */

const struct spy_type fake_int = TYPE("int", SPY_VALUE_INT, "int", 8);
const struct spy_type fake_int32 = TYPE("int32", SPY_VALUE_INT, "int32", 4);
const struct spy_type fake_uint8 = TYPE("uint8", SPY_VALUE_UINT, "uint8", 1);
const struct spy_type fake_string = TYPE("string", SPY_VALUE_STRING, "string", 16);
const struct spy_type fake_float64 = TYPE("float64", SPY_VALUE_FLOAT, "float64", 8);
static const struct spy_type fake_float32 = TYPE("float32", SPY_VALUE_FLOAT, "float32", 4);
static const struct spy_type uint64 = TYPE("uint64", SPY_VALUE_UINT, "uint64", 8);
static const struct spy_type boolean = TYPE("bool", SPY_VALUE_BOOL, "bool", 1);
static const struct spy_type complex128 = TYPE("complex128", SPY_VALUE_COMPLEX, "complex128", 16);
static const struct spy_type duration = TYPE("time.Duration", SPY_VALUE_INT, "int64", 8);
static const struct spy_type moment = TYPE("time.Time", SPY_VALUE_STRUCT, "struct", 24);
static const struct spy_type bytes_type = TYPE("[]uint8", SPY_VALUE_SLICE, "slice", 24);
static const struct spy_type ints_type = TYPE("[]int", SPY_VALUE_SLICE, "slice", 24);
static const struct spy_type array_type = TYPE("[2]int32", SPY_VALUE_ARRAY, "array", 8);
static const struct spy_type map_type = TYPE("map[string]int", SPY_VALUE_MAP, "map", 8);
static const struct spy_type pointer_type = TYPE("*main.node", SPY_VALUE_POINTER, "ptr", 8);
static const struct spy_type node_type = TYPE("main.node", SPY_VALUE_STRUCT, "struct", 16);
static const struct spy_type any = TYPE("interface {}", SPY_VALUE_INTERFACE, "interface", 16);
static const struct spy_type function_type = TYPE("func(int)", SPY_VALUE_FUNC, "func", 8);
static const struct spy_type channel_type = TYPE("chan int", SPY_VALUE_CHAN, "chan", 8);
static const struct spy_type unsafe =
    TYPE("unsafe.Pointer", SPY_VALUE_UNSAFE_POINTER, "unsafe.Pointer", 8);
static const struct spy_type config_type = TYPE("main.config", SPY_VALUE_STRUCT, "struct", 400);
static const struct spy_type evil_type = TYPE("main." EVIL, SPY_VALUE_STRUCT, "struct", INT64_MAX);
static const struct spy_type evil_int = TYPE("main." EVIL, SPY_VALUE_INT, "int", 8);
static const struct spy_type unknown_type =
    TYPE("main.odd", SPY_VALUE_UNKNOWN, "invalid", SPY_UNKNOWN);

/* ---- usual -------------------------------------------------------------------------------- */

static const struct spy_value bytes[] = {
	{ .type = &fake_uint8, .natural = 'h' },
	{ .type = &fake_uint8, .natural = 'i' },
	{ .type = &fake_uint8, .natural = '\n' },
};
static const struct spy_value digest[] = {
	{ .type = &fake_uint8, .natural = 0 },
	{ .type = &fake_uint8, .natural = 0xff },
	{ .type = &fake_uint8, .natural = 0x0a },
};
static const struct spy_value ints[] = {
	{ .type = &fake_int, .integer = 1 },
	{ .type = &fake_int, .integer = -2 },
	{ .type = &fake_int, .integer = INT64_MIN },
};
static const struct spy_value int32s[] = {
	{ .type = &fake_int32, .integer = 3 },
	{ .type = &fake_int32, .integer = 4 },
};
static const struct spy_value_entry entries[] = {
	{ .key = { .type = &fake_string, .string = { .bytes = "b", .kept = 1, .length = 1 } },
	  .value = { .type = &fake_int, .integer = 2 } },
	{ .key = { .type = &fake_string, .string = { .bytes = "a", .kept = 1, .length = 1 } },
	  .value = { .type = &fake_int, .integer = 1 } },
};
static const struct spy_value_field moment_fields[] = {
	{ .name = "wall", .value = { .type = &uint64, .natural = 7 } },
	{ .name = "ext", .value = { .type = &fake_int, .integer = 8 } },
};
static const struct spy_value_field node_fields[] = {
	{ .name = "id", .value = { .type = &fake_int, .integer = 5 } },
	{ .name = "next",
	  .value = { .type = &pointer_type, .cycle = true, .pointer = { .to = 0xc000010000 } } },
};
static const struct spy_value node = {
	.type = &node_type,
	.address = 0xc000010000,
	.structure = { .fields = node_fields, .count = COUNT(node_fields) },
};
static const struct spy_value held_pointer = {
	.type = &pointer_type, .pointer = { .to = 0xc000010000, .pointee = &node }
};
static const struct spy_value held_duration = { .type = &duration,
						.integer = 1500000000,
						.meaning = "1.5s" };
static const struct spy_value held_int = { .type = &fake_int, .integer = 5 };
static const struct spy_value_field captured[] = {
	{ .name = "x", .value = { .type = &fake_int, .integer = 1 } },
};

static const struct spy_value_field config_fields[] = {
	{ .name = "Debug", .value = { .type = &boolean, .boolean = true } },
	{ .name = "Port", .value = { .type = &fake_int, .integer = 8080 } },
	{ .name = "Mask", .value = { .type = &uint64, .natural = UINT64_MAX } },
	{ .name = "Ratio", .value = { .type = &fake_float64, .real = { 0.1 } } },
	{ .name = "Single", .value = { .type = &fake_float32, .real = { (double)0.1F } } },
	{ .name = "Not", .value = { .type = &fake_float64, .real = { (double)NAN } } },
	{ .name = "Phase", .value = { .type = &complex128, .real = { 1.5, -2 } } },
	{ .name = "Name",
	  .value = { .type = &fake_string,
		     .string = { .bytes = "größer\n", .kept = 9, .length = 9 } } },
	{ .name = "Long",
	  .value = { .type = &fake_string,
		     .cut = true,
		     .string = { .bytes = "abc", .kept = 3, .length = 1003 } } },
	{ .name = "Broken",
	  .value = { .type = &fake_string,
		     .string = { .bytes = "a\xff", .kept = 2, .length = 2 } } },
	{ .name = "Timeout",
	  .value = { .type = &duration, .integer = 1500000000, .meaning = "1.5s" } },
	{ .name = "Started",
	  .value = { .type = &moment,
		     .meaning = "2026-11-21T18:46:26Z",
		     .structure = { .fields = moment_fields, .count = COUNT(moment_fields) } } },
	{ .name = "Body",
	  .value = { .type = &bytes_type, .list = { .items = bytes, .kept = 3, .length = 3 } } },
	{ .name = "Digest",
	  .value = { .type = &bytes_type,
		     .cut = true,
		     .list = { .items = digest, .kept = 3, .length = 32 } } },
	{ .name = "Some",
	  .value = { .type = &ints_type,
		     .cut = true,
		     .list = { .items = ints, .kept = 3, .length = 1000, .capacity = 1024 } } },
	{ .name = "None", .value = { .type = &ints_type, .nil = true } },
	{ .name = "Pair",
	  .value = { .type = &array_type, .list = { .items = int32s, .kept = 2, .length = 2 } } },
	{ .name = "Counts",
	  .value = { .type = &map_type, .map = { .entries = entries, .kept = 2, .length = 2 } } },
	{ .name = "Node",
	  .value = { .type = &pointer_type, .pointer = { .to = 0xc000010000, .pointee = &node } } },
	{ .name = "Deep",
	  .value = { .type = &pointer_type, .cut = true, .pointer = { .to = 0xc000020000 } } },
	{ .name = "Any", .value = { .type = &any, .interface = { .value = &held_pointer } } },
	{ .name = "AnyTime", .value = { .type = &any, .interface = { .value = &held_duration } } },
	{ .name = "AnyInt", .value = { .type = &any, .interface = { .value = &held_int } } },
	{ .name = "Nothing", .value = { .type = &any, .nil = true } },
	{ .name = "Handler",
	  .value = { .type = &function_type,
		     .function = { .pc = 0x48f000,
				   .name = "main.serve.func1",
				   .file = "/src/main.go",
				   .line = 12,
				   .captured = captured,
				   .captured_count = 1 } } },
	{ .name = "Nameless", .value = { .type = &function_type, .function = { .pc = 0x48f000 } } },
	{ .name = "Queue",
	  .value = { .type = &channel_type,
		     .channel = { .items = ints,
				  .kept = 2,
				  .length = 2,
				  .capacity = 8,
				  .senders = 1,
				  .closed = true } } },
	{ .name = "Raw", .value = { .type = &unsafe, .natural = 0xc000030000 } },
	{ .name = "_", .value = { .type = &fake_int, .integer = 1 } },
	{ .name = "Gone",
	  .value = { .type = &fake_int, .error = "cannot read 8 bytes at 0xdead" } },
};

static const uint8_t raw[] = { 1, 2, 'a', 0x1b, 0x7f, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17 };

static const struct spy_value_reading usual = {
	.pid = 4242,
	.go_version = "go1.27.4",
	.paused_ns = 20000,
	.taken_at = 1000000000000000000,
	.name = "main.cfg",
	.value = { .type = &config_type,
		   .address = 0x5a0000,
		   .structure = { .fields = config_fields, .count = COUNT(config_fields) } },
	.raw = raw,
	.raw_bytes = sizeof(raw),
};

/* ---- hostile ------------------------------------------------------------------------------ */

static const struct spy_value evil_key = { .type = &evil_int, .integer = 1, .meaning = "one" };
static const struct spy_value_entry evil_entries[] = {
	{ .key = { .type = &any, .interface = { .value = &evil_key } },
	  .value = { .type = &evil_int, .error = EVIL } },
	{ .key = { .type = &fake_string,
		   .string = { .bytes = EVIL "\0z", .kept = sizeof(EVIL) + 1 } },
	  .value = { .type = &unknown_type } },
};
static const struct spy_value_field evil_fields[] = {
	{ .name = EVIL, .value = { .type = &evil_int, .integer = INT64_MAX } },
	{ .name = EVIL,
	  .value = { .type = &fake_string,
		     .cut = true,
		     .string = { .bytes = EVIL "\0\xe4\xb8",
				 .kept = sizeof(EVIL) + 2,
				 .length = INT64_MAX } } },
	{ .name = "f",
	  .value = { .type = &function_type,
		     .function = { .pc = UINT64_MAX, .name = EVIL, .file = EVIL, .line = -1 } } },
	{ .name = "m",
	  .value = { .type = &map_type,
		     .cut = true,
		     .map = { .entries = evil_entries, .kept = 2, .length = INT64_MAX } } },
	{ .name = "c",
	  .value = { .type = &channel_type,
		     .cut = true,
		     .channel = { .length = INT64_MAX, .capacity = INT64_MIN } } },
};
static const struct spy_value_reading hostile = {
	.pid = INT64_MAX,
	.go_version = EVIL,
	.taken_at = INT64_MAX,
	.name = "main." EVIL,
	.value = { .type = &evil_type,
		   .address = UINT64_MAX - 3,
		   .cut = true,
		   .structure = { .fields = evil_fields, .count = COUNT(evil_fields) } },
	.raw = raw,
	.raw_bytes = sizeof(raw),
	.warnings = (const char *const[]){ EVIL },
	.warning_count = 1,
};

/* ---- nothing ------------------------------------------------------------------------------ */

static const struct spy_value_reading unknown = {
	.pid = 4242,
	.go_version = "go1.27.4",
	.taken_at = SPY_UNKNOWN,
	.paused_ns = SPY_UNKNOWN,
	.name = "main.odd",
	.value = { .type = &unknown_type, .address = 0x5a0000, .error = "its type is not known" },
};
static const struct spy_value_reading empty = {
	.pid = 4242,
	.go_version = "go1.27.4",
	.name = "main.none",
	.value = { .type = &config_type },
};

const struct spy_value_reading *fake_reading(enum fake kind)
{
	static const struct spy_value_reading *const readings[FAKE_COUNT] = {
		[FAKE_USUAL] = &usual,
		[FAKE_HOSTILE] = &hostile,
		[FAKE_UNKNOWN] = &unknown,
		[FAKE_EMPTY] = &empty,
	};

	return readings[kind];
}

/* ---- lists -------------------------------------------------------------------------------- */

const struct spy_variable_list *fake_variables(enum fake kind)
{
	static const struct spy_variable some[] = {
		{ .name = "example.com/app/db.pool",
		  .package = "example.com/app/db",
		  .type = "*example.com/app/db.Pool",
		  .address = 0x5a0100,
		  .size_bytes = 8 },
		{ .name = "main.cfg",
		  .package = "main",
		  .type = "main.config",
		  .address = 0x5a0000,
		  .size_bytes = 400 },
		{ .name = "main.odd",
		  .package = "main",
		  .type = NULL,
		  .address = 0x5a0200,
		  .size_bytes = SPY_UNKNOWN },
		{ .name = "runtime.numCPUStartup",
		  .package = "runtime",
		  .type = "int32",
		  .address = 0x5a0300,
		  .size_bytes = 4 },
	};
	static const struct spy_variable evil[] = {
		{ .name = EVIL, .package = EVIL, .type = EVIL, .size_bytes = INT64_MAX },
	};
	static const char *const warnings[] = { "only variables of the runtime are known" };
	static const struct spy_variable_list lists[FAKE_COUNT] = {
		[FAKE_USUAL] = { .pid = 4242,
				 .go_version = "go1.27.4",
				 .variables = some,
				 .count = COUNT(some) },
		[FAKE_HOSTILE] = { .go_version = EVIL, .variables = evil, .count = 1 },
		[FAKE_UNKNOWN] = { .variables = some + 3,
				   .count = 1,
				   .warnings = warnings,
				   .warning_count = 1 },
	};

	return &lists[kind];
}
