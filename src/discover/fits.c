/* SPDX-License-Identifier: MIT */
#include "discover/fits.h"

#include "base/cursor.h"
#include "discover/specimens.h"

enum {
	LOOKS = 4,
	CPUS_MAX = 1 << 16,
	GC_PHASE_MAX = 2, /* mgc.go: _GCoff _GCmark _GCmarktermination */
	VERSION_BYTES_MAX = 256,
	MODINFO_BYTES_MAX = 1 << 20,
	MODINFO_FRAME = 16,
	FING_STATUS_END = 1 << 5, /* mfinal.go: fingWake is 1 << 3, one bit in reserve */
	WAIT_REASONS_MIN = 20,
	WAIT_REASONS_MAX = 128,
	WAIT_REASON_BYTES_MAX = 64,
	SYSTEM_PAGE = 4096,
	BUCKET_FRAMES_MAX = 1024,  /* GODEBUG profstackdepth allows as many */
	SEMTABLE_BYTES = 251 * 64, /* sema.go: semTable, a cache line each */
};

/* 100 years. */
#define MONOTONIC_NS_MAX (100ull * 366 * 86400 * 1000000000)

bool is_variable(const struct go_runtime *runtime, uint64_t address, uint64_t size)
{
	size_t i;

	for (i = 0; i < runtime->modules.count; i++) {
		const struct go_module *module = &runtime->modules.items[i];

		if (address >= module->data && address < module->data_end &&
		    size <= module->data_end - address)
			return true;
	}
	return !runtime->modules.count;
}

bool read_pointer_mask(struct go_runtime *runtime, struct pointer_mask *ret)
{
	const struct runtime_layout *layout = &runtime->layout;
	uint64_t first = runtime->globals[GLOBAL_firstmoduledata].address, words[2];
	const struct go_module *module = runtime->modules.items;

	if (runtime->pointers_unknown || !runtime->modules.count || !first ||
	    !layout_has(layout, FIELD_md_gcbssmask) ||
	    spy_error_caught(target_read(runtime->target,
					 first + layout_offset(layout, FIELD_md_gcbssmask), words,
					 sizeof(words))))
		return false;
	/* runtime.go: bitvector: n int32, bytedata *uint8. */
	*ret = (struct pointer_mask){ .start = module->bss,
				      .bits = words[0] & UINT32_MAX,
				      .bytes = words[1] };
	return ret->bytes && ret->bits == (module->ebss - module->bss) / 8;
}

bool is_pointer_variable(struct go_runtime *runtime, uint64_t address)
{
	const struct go_module *module = runtime->modules.items;
	struct pointer_mask mask;
	uint64_t index;
	uint8_t byte;

	if (!runtime->modules.count)
		return true;
	if (address < module->bss || address >= module->ebss)
		return false;
	index = (address - module->bss) / 8;
	return !read_pointer_mask(runtime, &mask) || index >= mask.bits ||
	       spy_error_caught(target_read(runtime->target, mask.bytes + index / 8, &byte, 1)) ||
	       byte >> (index % 8) & 1;
}

bool is_code(const struct go_runtime *runtime, uint64_t address)
{
	size_t i;

	for (i = 0; i < runtime->modules.count; i++)
		if (address >= runtime->modules.items[i].text &&
		    address < runtime->modules.items[i].etext)
			return true;
	return !runtime->modules.count;
}

/* ---- small numbers ------------------------------------------------------------------------ */

static bool read_number(struct go_runtime *runtime, uint64_t address, size_t size, uint64_t *ret)
{
	uint8_t bytes[8] = { 0 };

	if (spy_error_caught(target_read(runtime->target, address, bytes, size)))
		return false;
	*ret = load_u64(bytes);
	return true;
}

static enum fit ncpu_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t count;

	return read_number(runtime, address, 4, &count) && count - 1 < CPUS_MAX ? FIT_WEAK : FIT_NO;
}

static enum fit gcphase_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t phase;

	return read_number(runtime, address, 4, &phase) && phase <= GC_PHASE_MAX ? FIT_WEAK
										 : FIT_NO;
}

/* debug.SetGCPercent takes any number, negative ones as -1. */
static enum fit gcpercent_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t percent;

	return read_number(runtime, address, 4, &percent) && (int32_t)percent >= -1 ? FIT_WEAK
										    : FIT_NO;
}

/* A bool up to 1.19, a word of flags since. */
static enum fit fing_running_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t status;

	return read_number(runtime, address, 1, &status) && status < FING_STATUS_END ? FIT_WEAK
										     : FIT_NO;
}

/* gcBlackenEnabled, and what writeBarrier begins with (a bool and padding). */
static enum fit flag_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t flag;

	return read_number(runtime, address, 4, &flag) && flag <= 1 ? FIT_WEAK : FIT_NO;
}

/* runtime2.go: forcegcstate: lock, g, idle: a goroutine of the runtime; from its first second on.
 */
static enum fit forcegc_fits(struct go_runtime *runtime, uint64_t address)
{
	const struct runtime_layout *layout = &runtime->layout;
	uint64_t g, self, start;

	if (!is_pointer_variable(runtime, address + 8) || !read_number(runtime, address + 8, 8, &g))
		return FIT_NO;
	if (!g)
		return FIT_WEAK;
	return read_number(runtime, g + layout_offset(layout, FIELD_g_sched_g), 8, &self) &&
		       self == g &&
		       read_number(runtime, g + layout_offset(layout, FIELD_g_startpc), 8,
				   &start) &&
		       is_code(runtime, start)
		   ? FIT_WEAK
		   : FIT_NO;
}

/* mprof.go: bucket: next, allnext, typ (memProfile is 1), hash, size, nstk. */
static enum fit mbuckets_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t bucket, words[6];

	if (!read_number(runtime, address, 8, &bucket))
		return FIT_NO;
	if (!bucket)
		return FIT_WEAK;
	return !spy_error_caught(target_read(runtime->target, bucket, words, sizeof(words))) &&
		       words[2] == 1 && words[5] && words[5] <= BUCKET_FRAMES_MAX
		   ? FIT_WEAK
		   : FIT_NO;
}

/* x86_64 has one size of pages. */
static enum fit phys_page_size_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t size;

	return read_number(runtime, address, 8, &size) && size == SYSTEM_PAGE ? FIT_WEAK : FIT_NO;
}

/* nanotime() when main began: CLOCK_MONOTONIC. */
static enum fit runtime_init_time_fits(struct go_runtime *runtime, uint64_t address)
{
	uint64_t time;

	return read_number(runtime, address, 8, &time) && time - 1 < MONOTONIC_NS_MAX ? FIT_WEAK
										      : FIT_NO;
}

/* ---- strings ------------------------------------------------------------------------------ */

/* Reads a string of the target whose header stands at `address`. NULL: none, or too long. */
static char *read_string(struct go_runtime *runtime, uint64_t address, size_t max, size_t *length)
{
	uint64_t header[2];
	char *text;

	if (spy_error_caught(target_read(runtime->target, address, header, sizeof(header))) ||
	    header[1] > max || (header[1] && !header[0]))
		return NULL;
	text = memory_zeroed(header[1] + 1, 1);
	*length = header[1];
	if (!header[1] ||
	    !spy_error_caught(target_read(runtime->target, header[0], text, header[1])))
		return text;
	free(text);
	return NULL;
}

static enum fit build_version_fits(struct go_runtime *runtime, uint64_t address)
{
	size_t length;
	char *text _cleanup_free_ = read_string(runtime, address, VERSION_BYTES_MAX, &length);

	if (!text)
		return FIT_NO;
	if (runtime->version)
		return strcmp(text, runtime->version) == 0 ? FIT_STRONG : FIT_NO;
	return strncmp(text, "go1.", 4) == 0 || strncmp(text, "devel", 5) == 0 ? FIT_STRONG
									       : FIT_NO;
}

/* cmd/go/internal/modload/build.go: infoStart, infoEnd stand around what the linker leaves. */
static enum fit modinfo_fits(struct go_runtime *runtime, uint64_t address)
{
	static const uint8_t start[] =
	    "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18"
	    "\xe6";
	static const uint8_t end[] = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8"
				     "\xf2";
	size_t length;
	char *text _cleanup_free_ = read_string(runtime, address, MODINFO_BYTES_MAX, &length);

	if (!text)
		return FIT_NO;
	if (!length)
		return FIT_WEAK;
	return length >= 2 * MODINFO_FRAME && memcmp(text, start, MODINFO_FRAME) == 0 &&
		       memcmp(text + length - MODINFO_FRAME, end, MODINFO_FRAME) == 0
		   ? FIT_STRONG
		   : FIT_NO;
}

static bool is_wait_reason(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return length > 0;
}

/* runtime2.go: waitReasonStrings begins with "" and "GC assist marking" (1.11 on). */
static size_t count_wait_reasons(struct go_runtime *runtime, uint64_t address)
{
	size_t count, length;

	for (count = 0; count < WAIT_REASONS_MAX; count++) {
		char *text _cleanup_free_ =
		    read_string(runtime, address + count * 16, WAIT_REASON_BYTES_MAX, &length);

		if (!text || (count == 0 && length) ||
		    (count == 1 && strcmp(text, "GC assist marking") != 0) ||
		    (count && !is_wait_reason(text, length)))
			break;
	}
	return count >= WAIT_REASONS_MIN ? count : 0;
}

static enum fit wait_reason_strings_fits(struct go_runtime *runtime, uint64_t address)
{
	return count_wait_reasons(runtime, address) ? FIT_STRONG : FIT_NO;
}

/* ---- firstmoduledata ---------------------------------------------------------------------- */

static enum fit firstmoduledata_fits(struct go_runtime *runtime, uint64_t address)
{
	static const enum layout_slot slots[] = {
		SIZE_moduledata,    FIELD_md_pc_header, FIELD_md_pclntable, FIELD_md_minpc,
		FIELD_md_maxpc,     FIELD_md_text,      FIELD_md_etext,     FIELD_md_noptrdata,
		FIELD_md_enoptrbss, FIELD_md_types,     FIELD_md_etypes
	};
	const struct runtime_layout *layout = &runtime->layout;
	enum layout_slot table =
	    layout_has(layout, FIELD_md_pc_header) ? FIELD_md_pc_header : FIELD_md_pclntable;
	size_t size = layout_extent(layout, slots, sizeof(slots) / sizeof(slots[0]));
	uint8_t *data _cleanup_free_ = memory_new(size ? size : 1, 1);
	uint8_t head[PCLNTAB_HEADER_BYTES];
	struct pclntab_header header;
	uint64_t text, etext;

	if (!size || spy_error_caught(target_read(runtime->target, address, data, size)))
		return FIT_NO;
	text = layout_number(layout, FIELD_md_text, data);
	etext = layout_number(layout, FIELD_md_etext, data);
	if (text >= etext || layout_number(layout, FIELD_md_minpc, data) < text ||
	    layout_number(layout, FIELD_md_maxpc, data) > etext ||
	    layout_number(layout, FIELD_md_types, data) >
		layout_number(layout, FIELD_md_etypes, data) ||
	    layout_number(layout, FIELD_md_noptrdata, data) >
		layout_number(layout, FIELD_md_enoptrbss, data))
		return FIT_NO;
	/* The magic may be any: garble writes a random one. */
	return !spy_error_caught(target_read(runtime->target, layout_number(layout, table, data),
					     head, sizeof(head))) &&
		       pclntab_header_read(head, sizeof(head), layout->traits->pclntab.form,
					   &header)
		   ? FIT_STRONG
		   : FIT_NO;
}

/* ---- all ---------------------------------------------------------------------------------- */

/* What has no check of its own must lie where variables are. */
static const struct {
	global_check_fn *check;
	uint8_t alignment; /* 0: any */
	bool anywhere;     /* firstmoduledata has a section of its own from 1.26 on */
} checks[GLOBALS] = {
	[GLOBAL_allgs] = { .check = allgs_fits, .alignment = 8 },
	[GLOBAL_allp] = { .check = allp_fits, .alignment = 8 },
	[GLOBAL_allm] = { .check = allm_fits, .alignment = 8 },
	[GLOBAL_sched] = { .check = sched_fits, .alignment = 8 },
	[GLOBAL_gomaxprocs] = { .check = gomaxprocs_fits, .alignment = 4 },
	[GLOBAL_build_version] = { .check = build_version_fits, .alignment = 8 },
	[GLOBAL_firstmoduledata] = { .check = firstmoduledata_fits,
				     .alignment = 8,
				     .anywhere = true },
	[GLOBAL_ncpu] = { .check = ncpu_fits, .alignment = 4 },
	[GLOBAL_memstats] = { .check = memstats_fits, .alignment = 8 },
	[GLOBAL_mheap] = { .check = mheap_fits, .alignment = 8 },
	[GLOBAL_gc_controller] = { .check = gc_controller_fits, .alignment = 8 },
	[GLOBAL_gcphase] = { .check = gcphase_fits, .alignment = 4 },
	[GLOBAL_gcpercent] = { .check = gcpercent_fits, .alignment = 4 },
	[GLOBAL_modinfo] = { .check = modinfo_fits, .alignment = 8 },
	[GLOBAL_wait_reason_strings] = { .check = wait_reason_strings_fits, .alignment = 8 },
	[GLOBAL_fing_running] = { .check = fing_running_fits },
	[GLOBAL_semtable] = { .check = semtable_fits, .alignment = 8 },
	[GLOBAL_forcegc] = { .check = forcegc_fits, .alignment = 8 },
	[GLOBAL_write_barrier] = { .check = flag_fits, .alignment = 4 },
	[GLOBAL_gc_blacken_enabled] = { .check = flag_fits, .alignment = 4 },
	[GLOBAL_mbuckets] = { .check = mbuckets_fits, .alignment = 8 },
	[GLOBAL_phys_page_size] = { .check = phys_page_size_fits, .alignment = 8 },
	[GLOBAL_class_to_npages] = { .check = class_to_npages_fits },
	[GLOBAL_g0] = { .check = g0_fits, .alignment = 8 },
	[GLOBAL_m0] = { .check = m0_fits, .alignment = 8 },
	[GLOBAL_allgptr] = { .check = allgptr_fits, .alignment = 8 },
	[GLOBAL_allglen] = { .check = allglen_fits, .alignment = 8 },
	[GLOBAL_runtime_init_time] = { .check = runtime_init_time_fits, .alignment = 8 },
	[GLOBAL_class_to_size] = { .check = class_to_size_fits, .alignment = 2 },
};

enum fit global_fits(struct go_runtime *runtime, enum global global, uint64_t address)
{
	uint8_t byte;

	if (!address || address >= ADDRESS_END ||
	    (checks[global].alignment && address % checks[global].alignment) ||
	    (!checks[global].anywhere && !is_variable(runtime, address, 1)))
		return FIT_NO;
	if (checks[global].check)
		return checks[global].check(runtime, address);
	return spy_error_caught(target_read(runtime->target, address, &byte, 1)) ? FIT_NO
										 : FIT_WEAK;
}

uint64_t global_measure(struct go_runtime *runtime, enum global global, uint64_t address)
{
	const struct runtime_layout *layout = &runtime->layout;

	switch (global) {
	case GLOBAL_allgs:
	case GLOBAL_allp:
		return 24;
	case GLOBAL_build_version:
	case GLOBAL_modinfo:
		return 16;
	case GLOBAL_sched:
		return layout_size(layout, SIZE_sched);
	case GLOBAL_firstmoduledata:
		return layout_size(layout, SIZE_moduledata);
	case GLOBAL_memstats:
		return layout_size(layout, SIZE_mstats);
	case GLOBAL_mheap:
		return layout_size(layout, SIZE_mheap);
	case GLOBAL_gc_controller:
		return layout_size(layout, SIZE_gc_controller);
	case GLOBAL_semtable:
		return SEMTABLE_BYTES;
	case GLOBAL_wait_reason_strings:
		return count_wait_reasons(runtime, address) * 16;
	case GLOBAL_class_to_size:
		return count_size_classes(runtime, address) * 2;
	case GLOBAL_g0:
		return layout_size(layout, SIZE_g);
	case GLOBAL_m0:
		return layout_size(layout, SIZE_m);
	case GLOBAL_gomaxprocs:
	case GLOBAL_ncpu:
	case GLOBAL_gcphase:
	case GLOBAL_gcpercent:
	case GLOBAL_gc_blacken_enabled:
		return 4;
	case GLOBAL_allm:
	case GLOBAL_allgptr:
	case GLOBAL_allglen:
	case GLOBAL_mbuckets:
	case GLOBAL_phys_page_size:
	case GLOBAL_runtime_init_time:
		return 8;
	default:
		return 0;
	}
}
