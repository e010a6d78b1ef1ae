/* Lua's mathematics with the host's random numbers: of a handler, those of
 * its event.
 * SPDX-License-Identifier: MIT */
#define LUA_LIB
#include <time.h>

#include "driver.h"

#define time(p) mt_seed()

#include "lmathlib.c"
