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

/* The forms of the header. Its magic tells them apart, but a program may have been given another
 * number there: garble writes a random one. */
enum pclntab_form {
	PCLNTAB_BY_MAGIC,
	PCLNTAB_JOINT,      /* Go 1.2-1.15: one table */
	PCLNTAB_PARTS,      /* Go 1.16-1.17: the offsets of five parts */
	PCLNTAB_PARTS_TEXT, /* Go 1.18 and later: the same behind the address of the text */
	PCLNTAB_FORMS,
};

/* Details that the header does not tell; a row of src/runtime_layouts/ names them. What a version
 * does not have is 0, which none of them can be. */
struct pclntab_format {
	enum pclntab_form form; /* for a header with a magic that is none of Go's */
	/* struct _func (runtime/runtime2.go): its size before pcdata[], and members. funcID and
	 * nfuncdata were 32 bits wide to Go 1.11, and never above 255. */
	uint8_t func_size;        /* 40 or 44 */
	uint8_t func_id_offset;   /* 16 (1.10-1.11), 36, 40 */
	uint8_t func_flag_offset; /* of the funcFlag byte, 1.17+ */
	uint8_t nfuncdata_offset; /* 36 (to 1.11), 39 or 43 */
	/* struct inlinedCall (runtime/symtab.go, since Go 1.21 symtabinl.go): src/pclntab/inline.c
	 * has the three that there are. */
	uint8_t inline_call_size;  /* 16, 20 (1.12-1.19), 16 */
	bool inline_call_has_line; /* file and line of the call stand in the entry (to 1.11) */
	/* Numbers of PCDATA and FUNCDATA (runtime/funcdata.h). */
	uint8_t pcdata_inline_index; /* PCDATA_InlTreeIndex: 1 to Go 1.12, then 2 */
	uint8_t pcdata_arg_live;     /* PCDATA_ArgLiveIndex: 3, 1.18+ */
	uint8_t funcdata_inline;     /* FUNCDATA_InlTree: 2, 4 (1.13-1.15), 3 (1.16+) */
	uint8_t funcdata_arg_info;   /* FUNCDATA_ArgInfo: 5, 1.17+ */
	uint8_t funcdata_arg_live;   /* FUNCDATA_ArgLiveInfo: 6, 1.18+ */
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

/* What a header tells. Offsets are from the start of the table; those of parts that the form does
 * not have are 0. */
struct pclntab_header {
	enum pclntab_form form;
	uint32_t magic;
	uint8_t entry_size;    /* of the two numbers that functab has for each function */
	uint64_t functions;    /* their number: any */
	uint64_t names, files; /* of functions; numbers of files by unit */
	uint64_t file_names, values;
	uint64_t functab;
};
enum { PCLNTAB_HEADER_BYTES = 72 }; /* of the longest */
/* Reads a header of that form. False if it is none: of another machine, or with the magic of
 * another form. */
bool pclntab_header_read(const void *bytes, size_t size, enum pclntab_form form,
			 struct pclntab_header *ret);

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
/* Those of `count` names, which are different and all begin with `prefix`, "runtime.": a package
 * whose functions stand together in the table. ret[i] is that of names[i]; its name is NULL where
 * there is none. Of several the largest: what is there for both ABIs is a few instructions in one
 * of them, which jump to the other. One pass, which ends behind the package. */
void pclntab_named_all(const struct pclntab *tab, const char *prefix, const char *const *names,
		       size_t count, struct pclntab_func *ret);

/* Bytes between SP at pc and the return address' slot: fp = sp + delta + 8. False if unknown. The
 * number is the table's word and may be anything: syscall.rawVforkSyscall, which keeps its return
 * address in a register, has -8. Decodes the table: callers keep it by pc. */
bool pclntab_sp_delta(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
		      int32_t *ret);

/* File and line of the innermost code at pc (what runtime.funcline gives). *file is "?" and *line 0
 * where the table has none. */
void pclntab_line(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
		  const char **file, int64_t *line);

/* A walk over the names of all source files: begins as 0. */
struct pclntab_files {
	size_t position, count;
};
/* The next name; NULL behind the last. One of more than a thousand bytes is "", and there are no
 * more than a quarter of a million, so that a broken table does not take long. */
const char *pclntab_next_file(const struct pclntab *tab, struct pclntab_files *files);

struct pclntab_call {
	const char *function; /* raw name from the table */
	const char *file;
	int64_t line;
	uint64_t pc; /* that file and line were looked up by */
	uint8_t func_id;
	bool inlined; /* false for the last, the physical function */
};
/* Depth of inlining that is followed; the compilers of Go 1.10 to 1.27 have at most 7. */
enum { PCLNTAB_CALLS_MAX = 64 };

/* The calls at pc (of an instruction: of a return address, the byte before it), innermost first,
 * the physical function last. Returns their number: at least 1, at most max, which is not 0. */
size_t pclntab_calls(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
		     struct pclntab_call *ret, size_t max);

/* Whether the first inline trees name functions and places in their own one: that gofunc, which
 * their addresses are counted from, is what it should be. */
bool pclntab_inlining_fits(const struct pclntab *tab);

/* FUNCDATA_ArgInfo of a function (Go 1.17+), and how many bytes are readable; NULL if none. */
const uint8_t *pclntab_arg_info(const struct pclntab *tab, const struct pclntab_func *func,
				size_t *available);
/* Whether an argument's value is still what it was at the call (runtime/traceback.go, printArgs:
 * isLive): `offset` and `slot` as FUNCDATA_ArgInfo gives them. True where the table cannot tell. */
bool pclntab_arg_is_live(const struct pclntab *tab, const struct pclntab_func *func, uint64_t pc,
			 uint8_t offset, uint8_t slot);
/* Offset of the first argument that may die: from it on they are numbered as slots. UINT8_MAX where
 * all live. */
uint8_t pclntab_arg_live_start(const struct pclntab *tab, const struct pclntab_func *func);
/* What the collector takes a word of a frame for at a pc that a call returns to. */
enum pclntab_liveness {
	PCLNTAB_LIVENESS_UNKNOWN,
	PCLNTAB_LIVE, /* a pointer; what it points to is kept, and it is changed when that moves */
	PCLNTAB_DEAD, /* no pointer that is used any more */
};
/* The word at `offset` from the cfa; `pc` is the byte before the return address. `has_frame`: the
 * stack pointer is below the return address there. */
enum pclntab_liveness pclntab_word_is_live(const struct pclntab *tab,
					   const struct pclntab_func *func, uint64_t pc,
					   int64_t offset, bool has_frame);
/* Whether a variable at an offset from the end of the variables (below 0) or from the cfa is one
 * that the maps of that function leave out, since its address is taken. */
bool pclntab_has_stack_object(const struct pclntab *tab, const struct pclntab_func *func,
			      int64_t offset);
/* Value of a PCDATA table at pc; `otherwise` where the function has no such table. */
int32_t pclntab_pcdata(const struct pclntab *tab, const struct pclntab_func *func, unsigned table,
		       uint64_t pc, int32_t otherwise);
/* Address of a FUNCDATA; 0 if none. */
uint64_t pclntab_funcdata(const struct pclntab *tab, const struct pclntab_func *func,
			  unsigned index);

#endif
