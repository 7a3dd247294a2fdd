/* SPDX-License-Identifier: MIT
 *
 * Whether a variable of the runtime can be where somebody says that it is: what is always true of
 * it, held against the process.
 */
#ifndef DISCOVER_FITS_H
#define DISCOVER_FITS_H

#include "runtime/runtime.h"

/* How much it says that the bytes at an address are as those of the variable must be. */
enum fit {
	FIT_NO,     /* they are not */
	FIT_WEAK,   /* they are, and so are those at many another address: a flag, a small number, a
		       structure that is still zero */
	FIT_STRONG, /* hardly anything else is like that */
};

/*
 * Holds the bytes at `address`, and what they lead to, against what the runtime keeps true of this
 * variable. Reads of runtime: target, layout, modules (none: the place is not checked), globals
 * that are already known (address 0: not known; more is then FIT_WEAK), version (NULL: not known).
 * The target runs meanwhile; what does not fit is looked at again, three times. A bounded number of
 * reads whatever the target holds, some ten microseconds; allm with thousands of Ms milliseconds.
 */
enum fit global_fits(struct go_runtime *runtime, enum global global, uint64_t address);

/* The bytes that the variable at this address has, as its layout or its content tells; 0: unknown.
 */
uint64_t global_measure(struct go_runtime *runtime, enum global global, uint64_t address);

/* ---- inside the room ---------------------------------------------------------------------- */

typedef enum fit global_check_fn(struct go_runtime *runtime, uint64_t address);

/* fits_scheduler.c */
global_check_fn allgs_fits, allgptr_fits, allglen_fits, allp_fits, gomaxprocs_fits, allm_fits,
    m0_fits, g0_fits, sched_fits, semtable_fits;

/* The list of Ms that begins with one of them. */
struct m_chain {
	uint64_t count, last;
	uint64_t blank; /* have no g0 yet */
	bool complete;  /* ends; else it is longer than can be followed */
};
enum { M_CHAIN_MAX = 1 << 14 }; /* the runtime allows 10000 unless told otherwise */
/* Follows m.alllink, up to `limit` Ms. False if it is no such list. */
bool follow_ms(struct go_runtime *runtime, uint64_t first, size_t limit, struct m_chain *ret);

/* How much of a structure the checks look at (0: they cannot), and what must be true of its bytes
 * alone. */
size_t extent_of_sched(const struct runtime_layout *layout);
bool numbers_of_sched_fit(const struct runtime_layout *layout, const uint8_t *sched);

/* fits_memory.c */
global_check_fn memstats_fits, mheap_fits, gc_controller_fits, class_to_size_fits,
    class_to_npages_fits;
size_t extent_of_memstats(const struct runtime_layout *layout);
bool memstats_may_be(const struct runtime_layout *layout, const uint8_t *stats);
size_t extent_of_controller(const struct runtime_layout *layout);
enum fit controller_bytes_fit(const struct runtime_layout *layout, const uint8_t *controller);
/* Entries of the table of size classes at this address; 0 if it is none. */
size_t count_size_classes(struct go_runtime *runtime, uint64_t address);

/* fits.c */
/* Which words of [bss, ebss) the collector takes for pointers (moduledata.gcbssmask), a bit each.
 */
struct pointer_mask {
	uint64_t start, bits;
	uint64_t bytes; /* address */
};
/* False if it is not known. */
bool read_pointer_mask(struct go_runtime *runtime, struct pointer_mask *ret);
/* Whether a word is among the variables with pointers, and one; true as far as that is unknown. */
bool is_pointer_variable(struct go_runtime *runtime, uint64_t address);
/* Whether [address, address + size) lies among the variables of a module; true if no module is
 * known. */
bool is_variable(const struct go_runtime *runtime, uint64_t address, uint64_t size);
/* Whether an address is in a module's code; true if no module is known. */
bool is_code(const struct go_runtime *runtime, uint64_t address);

/* Largest address of a process + 1, and a size that no process reaches. */
#define ADDRESS_END (1ull << 47)

#endif
