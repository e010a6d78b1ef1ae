/* What a process has around it.
 * SPDX-License-Identifier: MIT */
#ifndef METATOPIA_LUA_AROUND_H
#define METATOPIA_LUA_AROUND_H

#include "driver.h"

/* mt_around adds clocks, the avatar and lumps. */
void mt_around(lua_State *L);

/* mt_answer pushes true, or nil and what a negative code means. */
int mt_answer(lua_State *L, int64_t code);

#endif
