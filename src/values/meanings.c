/* SPDX-License-Identifier: MIT */
#include "dwarf/variables.h"
#include "values/meaning.h"

static const struct value_meaning meanings[] = {
	{ "time.Time", GO_KIND_STRUCT, meaning_time },
	{ "time.Duration", GO_KIND_INT64, meaning_duration },
	{ "time.Month", GO_KIND_INT, meaning_month },
	{ "time.Weekday", GO_KIND_INT, meaning_weekday },
	{ "time.Location", GO_KIND_STRUCT, meaning_location },
	{ "net.IP", GO_KIND_SLICE, meaning_ip },
	{ "net.IPMask", GO_KIND_SLICE, meaning_ip_mask },
	{ "net.IPNet", GO_KIND_STRUCT, meaning_ip_net },
	{ "net.HardwareAddr", GO_KIND_SLICE, meaning_hardware_addr },
	{ "net.TCPAddr", GO_KIND_STRUCT, meaning_socket_addr },
	{ "net.UDPAddr", GO_KIND_STRUCT, meaning_socket_addr },
	{ "net/netip.Addr", GO_KIND_STRUCT, meaning_netip_addr },
	{ "net/netip.AddrPort", GO_KIND_STRUCT, meaning_netip_addr_port },
	{ "net/netip.Prefix", GO_KIND_STRUCT, meaning_netip_prefix },
	{ "net/url.URL", GO_KIND_STRUCT, meaning_url },
	{ "sync.Mutex", GO_KIND_STRUCT, meaning_mutex },
	{ "internal/sync.Mutex", GO_KIND_STRUCT, meaning_mutex },
	{ "sync.RWMutex", GO_KIND_STRUCT, meaning_rw_mutex },
	{ "sync.WaitGroup", GO_KIND_STRUCT, meaning_wait_group },
	{ "sync.Once", GO_KIND_STRUCT, meaning_once },
	{ "sync.Map", GO_KIND_STRUCT, meaning_sync_map },
	{ "sync/atomic.Bool", GO_KIND_STRUCT, meaning_atomic_bool },
	{ "sync/atomic.Int32", GO_KIND_STRUCT, meaning_atomic },
	{ "sync/atomic.Int64", GO_KIND_STRUCT, meaning_atomic },
	{ "sync/atomic.Uint32", GO_KIND_STRUCT, meaning_atomic },
	{ "sync/atomic.Uint64", GO_KIND_STRUCT, meaning_atomic },
	{ "sync/atomic.Uintptr", GO_KIND_STRUCT, meaning_atomic },
	{ "sync/atomic.Pointer[", GO_KIND_STRUCT, meaning_atomic_pointer },
	{ "math/big.Int", GO_KIND_STRUCT, meaning_big_int },
	{ "math/big.Rat", GO_KIND_STRUCT, meaning_big_rat },
	{ "context.emptyCtx", GO_KIND_INT, meaning_context },
	{ "context.emptyCtx", GO_KIND_STRUCT, meaning_context },
	{ "context.backgroundCtx", GO_KIND_STRUCT, meaning_context },
	{ "context.todoCtx", GO_KIND_STRUCT, meaning_context },
	{ "context.cancelCtx", GO_KIND_STRUCT, meaning_context },
	{ "context.timerCtx", GO_KIND_STRUCT, meaning_context },
	{ "context.valueCtx", GO_KIND_STRUCT, meaning_context },
	{ "context.withoutCancelCtx", GO_KIND_STRUCT, meaning_context },
	{ "context.afterFuncCtx", GO_KIND_STRUCT, meaning_context },
	{ "context.stopCtx", GO_KIND_STRUCT, meaning_context },
	{ "errors.errorString", GO_KIND_STRUCT, meaning_message },
	{ "fmt.wrapError", GO_KIND_STRUCT, meaning_message },
	{ "fmt.wrapErrors", GO_KIND_STRUCT, meaning_message },
	{ "os.PathError", GO_KIND_STRUCT, meaning_path_error },
	{ "io/fs.PathError", GO_KIND_STRUCT, meaning_path_error },
	{ "os.SyscallError", GO_KIND_STRUCT, meaning_syscall_error },
	{ "syscall.Errno", GO_KIND_UINTPTR, meaning_errno },
};

static bool is_of(const struct value_meaning *meaning, const char *name)
{
	size_t length = strlen(meaning->type);

	if (meaning->type[length - 1] == '[')
		return strncmp(name, meaning->type, length) == 0;
	return strcmp(name, meaning->type) == 0;
}

const struct value_meaning *value_meaning_of(const char *name, enum go_kind kind)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].kind == kind && is_of(&meanings[i], name))
			return &meanings[i];
	return NULL;
}

const char *value_meaning(struct value_reader *reader, const struct value_meaning *meaning,
			  const struct value_place *place, struct arena *arena)
{
	size_t mark = memory_mark(&reader->memory);
	struct text text = { 0 };
	const char *ret = NULL;

	/* It is read from several words: of a target that runs, they must belong together. */
	if (meaning->say(reader, place, &text, 0) && text.length &&
	    memory_unchanged(&reader->memory, mark))
		ret = arena_bytes(arena, text.bytes, text.length);
	memory_forget_notes(&reader->memory, mark);
	text_free(&text);
	return ret;
}

/* ---- for those who say it ----------------------------------------------------------------- */

static bool direct_field(struct value_reader *reader, const struct value_place *from,
			 const char *name, size_t length, struct value_place *ret)
{
	const struct value_type_field *fields;
	struct value_place at = *from;
	size_t count;

	if (at.type->kind == GO_KIND_POINTER && spy_error_caught(value_deref(reader, &at, &at)))
		return false;
	if (at.type->kind != GO_KIND_STRUCT ||
	    !value_type_fields(reader->types, at.type, &fields, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (strlen(fields[i].name) != length || strncmp(fields[i].name, name, length) != 0)
			continue;
		*ret = (struct value_place){
			.type = fields[i].type,
			.address = at.address ? at.address + fields[i].offset : 0,
			.bytes = at.bytes ? at.bytes + fields[i].offset : NULL,
		};
		return true;
	}
	return false;
}

bool meaning_field(struct value_reader *reader, const struct value_place *from, const char *path,
		   struct value_place *ret)
{
	struct value_place at = *from;

	for (;;) {
		size_t length = strcspn(path, ".");

		if (!direct_field(reader, &at, path, length, &at))
			return false;
		if (!path[length])
			break;
		path += length + 1;
	}
	*ret = at;
	return true;
}

bool meaning_number(struct value_reader *reader, const struct value_place *place, int64_t *ret)
{
	struct value_place at = *place;
	uint8_t buffer[WORD];
	struct spy_value value = { 0 };

	if (at.type->kind == GO_KIND_STRUCT && !direct_field(reader, &at, "v", 1, &at))
		return false;
	if (at.type->size > sizeof(buffer))
		return false;
	if (!at.bytes) {
		at.bytes = buffer;
		if (!memory_read(&reader->memory, at.address, buffer, at.type->size))
			return false;
	}
	switch (at.type->told.kind) {
	case SPY_VALUE_BOOL:
		*ret = at.bytes[0] != 0;
		return true;
	case SPY_VALUE_INT:
		value_number(&at, &value);
		*ret = value.integer;
		return true;
	case SPY_VALUE_UINT:
	case SPY_VALUE_POINTER:
	case SPY_VALUE_UNSAFE_POINTER:
		value_number(&at, &value);
		*ret = (int64_t)value.natural;
		return true;
	default:
		return false;
	}
}

bool meaning_field_number(struct value_reader *reader, const struct value_place *from,
			  const char *path, int64_t *ret)
{
	struct value_place at;

	return meaning_field(reader, from, path, &at) && meaning_number(reader, &at, ret);
}

const uint8_t *meaning_bytes(struct value_reader *reader, const struct value_place *place,
			     size_t max, int64_t *length)
{
	uint8_t header[HEADER_BYTES_MAX];
	struct value_place at = *place;
	struct value_span span;
	uint8_t *bytes;
	size_t size;

	if (at.type->kind != GO_KIND_STRING && at.type->kind != GO_KIND_SLICE)
		return NULL;
	if (!at.bytes) {
		at.bytes = header;
		if (!memory_read(&reader->memory, at.address, header, at.type->size))
			return NULL;
	}
	if (span_of(reader, at.type, at.bytes, &span))
		return NULL;
	*length = span.length;
	size = value_type_elem(reader->types, at.type)->size;
	if (size && (uint64_t)span.length > max / size)
		size = max / size * size;
	else
		size *= (size_t)span.length;
	bytes = arena_alloc(&reader->scratch, size, 1);
	return memory_read(&reader->memory, span.data, bytes, size) ? bytes : NULL;
}

bool meaning_add_string(struct value_reader *reader, const struct value_place *from,
			const char *path, struct text *text)
{
	struct value_place at;
	const uint8_t *bytes;
	int64_t length;

	if (!meaning_field(reader, from, path, &at) || at.type->kind != GO_KIND_STRING)
		return false;
	bytes = meaning_bytes(reader, &at, MEANING_STRING_MAX, &length);
	if (!bytes)
		return false;
	text_add_escaped(text, (const char *)bytes,
			 length > MEANING_STRING_MAX ? MEANING_STRING_MAX : (size_t)length);
	if (length > MEANING_STRING_MAX)
		text_add(text, "…");
	return true;
}

bool meaning_variable(struct value_reader *reader, enum reader_variable variable, uint64_t *ret)
{
	static const char *const names[READER_VARIABLES] = {
		[READER_CONTEXT_BACKGROUND] = "context.background",
		[READER_CONTEXT_TODO] = "context.todo",
		[READER_NETIP_Z4] = "net/netip.z4",
	};
	uint64_t *address = &reader->variables[variable].address;
	struct debug_variable told;
	size_t found;

	if (!reader->variables[variable].looked_for && reader->info &&
	    !spy_error_caught(
		debug_variable_find(reader->info, &names[variable], 1, &told, 1, &found)) &&
	    found && strcmp(told.name, names[variable]) == 0)
		*address = told.address + reader->runtime->program.bias;
	reader->variables[variable].looked_for = true;
	return *address && memory_word(&reader->memory, *address, ret);
}

bool meaning_add_held(struct value_reader *reader, const struct value_place *place,
		      struct text *text, unsigned depth)
{
	struct value_place at = *place;
	const char *name;

	if (depth > MEANING_DEPTH_MAX)
		return false;
	if (at.type->kind == GO_KIND_INTERFACE &&
	    spy_error_caught(value_assert(reader, &at, NULL, &at)))
		return false;
	name = at.type->told.name;
	if (at.type->kind == GO_KIND_POINTER && spy_error_caught(value_deref(reader, &at, &at)))
		return false;
	if (at.type->meaning)
		return at.type->meaning->say(reader, &at, text, depth + 1);
	text_add_escaped(text, name, strlen(name));
	return true;
}
