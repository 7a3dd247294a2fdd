/* SPDX-License-Identifier: MIT
 *
 * The suites of the unit tests, one per room.
 */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <check.h>

Suite *base_suite(void);
Suite *elf_suite(void);
Suite *debug_file_suite(void);
Suite *procmem_suite(void);
Suite *dwarf_suite(void);
Suite *go_dwarf_suite(void);
Suite *pclntab_suite(void);
Suite *layouts_suite(void);
Suite *references_suite(void);
Suite *types_suite(void);
Suite *tables_suite(void);
Suite *scan_suite(void);
Suite *path_suite(void);
Suite *values_suite(void);
Suite *render_suite(void);
Suite *top_suite(void);
Suite *tui_suite(void);
Suite *stats_suite(void);
Suite *watch_suite(void);

#endif
