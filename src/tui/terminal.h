/* SPDX-License-Identifier: MIT
 *
 * Signals and the state of the terminal, inside the room: what must work in a handler. A handler
 * notes what came and wakes the loop, or, if it is the end, gives the terminal back as it was.
 */
#ifndef TUI_TERMINAL_H
#define TUI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Notes the state of the terminal; what `reset` writes to it brings it back from full screen. */
void terminal_keep(const char *reset, size_t size);
/* Handlers on, with `wake_fd` an eventfd that each notice is written to; off, as they were. */
void terminal_catch_signals(int wake_fd);
void terminal_release_signals(void);

/* What came since it was asked for last. */
bool terminal_wants_end(void);   /* stays */
bool terminal_wants_stop(void);  /* SIGTSTP */
bool terminal_was_resumed(void); /* SIGCONT */
bool terminal_was_resized(void); /* SIGWINCH */
/* Stops the program as SIGTSTP does; returns when it runs on. */
void terminal_stop(void);

#endif
