/* SPDX-License-Identifier: MIT
 *
 * All the Go code of a program: the function tables of its modules (the executable; plugins and
 * shared libraries beside it), found by pc.
 */
#ifndef PCLNTAB_CODE_H
#define PCLNTAB_CODE_H

#include "pclntab/pclntab.h"

struct code;

struct code *code_new(void);
void code_free(struct code *code);

/* Adds the table of a module whose text is [text, etext); the code owns it from now on. */
void code_add(struct code *code, struct pclntab *tab, uint64_t text, uint64_t etext);

/* The table of a module, in the order in which they were added; NULL if there are not so many. */
const struct pclntab *code_table(const struct code *code, size_t index);

/* The function at pc and the table that it stands in; false if no module has one there. */
bool code_find(const struct code *code, uint64_t pc, const struct pclntab **tab,
	       struct pclntab_func *func);

#endif
