/* SPDX-License-Identifier: MIT
 *
 * Go's function table (runtime.pclntab), every header since Go 1.2: from a pc to its function, file
 * and line, its inlined calls, its stack delta, its argument description.
 *
 * The table is untrusted: every offset is checked against the bytes that are there, every varint
 * loop is bounded; a broken entry gives an error or "not found", never a wrong read.
 */
#ifndef PCLNTAB_PCLNTAB_H
#define PCLNTAB_PCLNTAB_H

#include "base/error.h"
#include "base/memory.h"

/*
 * What the table's header does not tell: a row of src/runtime_layouts/ names it. Offsets and
 * numbers that a version does not have are -1.
 */
struct pclntab_format {
	/* struct _func (runtime/runtime2.go): its size before pcdata[], and members. funcID and
	 * nfuncdata were 32 bits wide once, and never above 255. */
	int8_t func_size;
	int8_t func_id_offset;
	int8_t func_flag_offset;
	int8_t nfuncdata_offset;
	int8_t cu_offset;
	/* struct inlinedCall (runtime/symtab.go, since Go 1.21 symtabinl.go). */
	int8_t inline_call_size;
	int8_t inline_name_offset;
	int8_t inline_func_id_offset;
	int8_t inline_parent_pc_offset; /* where it is -1, the next three lead to the caller */
	int8_t inline_parent_offset;
	int8_t inline_file_offset;
	int8_t inline_line_offset;
	/* Numbers of PCDATA and FUNCDATA (runtime/funcdata.h). */
	int8_t pcdata_inline;     /* PCDATA_InlTreeIndex */
	int8_t pcdata_arg_live;   /* PCDATA_ArgLiveIndex */
	int8_t funcdata_inline;   /* FUNCDATA_InlTree */
	int8_t funcdata_arg_info; /* FUNCDATA_ArgInfo */
	int8_t funcdata_arg_live; /* FUNCDATA_ArgLiveInfo */
};

/* Gives the bytes at an address of the target that do not change while it runs (code tables,
 * read-only data), and how many follow; NULL where there are none. Relocated, as the target sees
 * them. The bytes live as long as the table. */
typedef const uint8_t *pclntab_at_fn(void *context, uint64_t address, size_t *available);

struct pclntab_source {
	uint64_t address;     /* of the table in the target (moduledata's pcHeader or pclntable) */
	uint64_t text, etext; /* moduledata's: run-time addresses */
	uint64_t gofunc; /* moduledata.gofunc, base of funcdata offsets since Go 1.18; else 0 */
	pclntab_at_fn *at;
	void *context;
	struct pclntab_format format;
};

struct pclntab;

/*
 * Checks the header and the borders of the tables; DATA if they are not as they must be.
 *
 * A program with several text sections is not looked for: on amd64 the linker never splits the text
 * (Go 1.10-1.27, cmd/link/internal/ld/data.go: splitTextSections and what was before it).
 */
struct spy_error *pclntab_open(const struct pclntab_source *source,
			       struct pclntab **ret) MUST_CHECK;
void pclntab_close(struct pclntab *tab);

size_t pclntab_function_count(const struct pclntab *tab);

struct pclntab_func {
	uint64_t entry, end; /* [entry, end) */
	const char *name;    /* in the table; "" where broken */
	uint32_t index;      /* its place in the table, for pclntab_function() */
	uint32_t offset;     /* of its _func, for this module's own use */
	int32_t args;        /* bytes of arguments; INT32_MIN is unknown (variadic asm) */
	uint8_t func_id;     /* numbers differ by version: compare only with the row's */
	uint8_t flags;       /* enum pclntab_flags; 0 before Go 1.17 */
};
enum pclntab_flags {
	PCLNTAB_TOP_FRAME = 1, /* abi.FuncFlagTopFrame: the stack ends here */
	PCLNTAB_SP_WRITE = 2,  /* abi.FuncFlagSPWrite: writes an arbitrary value to SP */
	PCLNTAB_ASM = 4,       /* abi.FuncFlagAsm, since Go 1.18 */
};

/* The function that contains the pc (padding after a function is the function's); false if none
 * does. A binary search. */
bool pclntab_find(const struct pclntab *tab, uint64_t pc, struct pclntab_func *ret);
/* The index-th function by address; false if there is none or it is broken. */
bool pclntab_function(const struct pclntab *tab, size_t index, struct pclntab_func *ret);
/* The function of a name; the first of several. Linear. */
bool pclntab_named(const struct pclntab *tab, const char *name, struct pclntab_func *ret);

/* Bytes between SP at pc and the return address' slot: fp = sp + delta + 8. False if unknown. The
 * number is the table's word and may be anything. Decodes the table: callers keep it by pc. */
bool pclntab_sp_delta(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
		      int32_t *ret);

/* File and line of the innermost code at pc (what runtime.funcline gives). *file is "?" and *line 0
 * where the table has none. */
void pclntab_line(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
		  const char **file, int64_t *line);

struct pclntab_call {
	const char *function; /* raw name from the table */
	const char *file;
	int64_t line;
	uint8_t func_id;
	bool inlined; /* false for the last, the physical function */
};
enum { PCLNTAB_CALLS_MAX = 256 }; /* depth of inlining that is followed */

/* The calls at pc (of an instruction: of a return address, the byte before it), innermost first,
 * the physical function last. Returns their number: at least 1, at most max, which is not 0. */
size_t pclntab_calls(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
		     struct pclntab_call *ret, size_t max);

/* FUNCDATA_ArgInfo of a function (Go 1.17+), and how many bytes are readable; NULL if none. */
const uint8_t *pclntab_arg_info(const struct pclntab *tab, const struct pclntab_func *func,
				size_t *available);
/* Whether an argument's value is still what it was at the call (runtime/traceback.go, printArgs:
 * isLive): `offset` and `slot` as FUNCDATA_ArgInfo gives them. True where the table cannot tell. */
bool pclntab_arg_is_live(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
			 uint8_t offset, uint8_t slot);
/* Value of a PCDATA table at pc; `otherwise` where the function has no such table. */
int32_t pclntab_pcdata(const struct pclntab *tab, const struct pclntab_func *func, unsigned table,
		       uint64_t pc, int32_t otherwise);
/* Address of a FUNCDATA; 0 if none. */
uint64_t pclntab_funcdata(const struct pclntab *tab, const struct pclntab_func *func,
			  unsigned index);

#endif
