/* SPDX-License-Identifier: MIT
 *
 * What the styles of draw.h are on this terminal. Inside the room.
 */
#ifndef TUI_STYLES_H
#define TUI_STYLES_H

#include "tui/curses.h"
#include "tui/draw.h"

void styles_set_up(bool coloured);
attr_t style_attributes(enum style style);
short style_pair(enum style style);

#endif
