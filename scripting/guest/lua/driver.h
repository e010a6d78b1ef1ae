/* What the parts of the driver share.
 * SPDX-License-Identifier: MIT */
#ifndef METATOPIA_LUA_DRIVER_H
#define METATOPIA_LUA_DRIVER_H

#include "lua.h"
#include "lauxlib.h"
#include "host.h"

/* mt_seed is the host's next random number, 0 while a script is prepared. */
int64_t mt_seed(void);

/* mt_state makes the Lua state with the libraries of the sandbox. */
lua_State *mt_state(void);

/* mt_load runs the script's text, which defines its functions. It fails the
 * run (host_fail) on an error. */
void mt_load(lua_State *L);

/* mt_begin seeds what math.random gives, anew for every event. */
void mt_begin(lua_State *L);

/* mt_call calls the function below its n arguments, for results; on an error
 * it writes message and stack to the log and fails the run. */
void mt_call(lua_State *L, int n, int results);

/* mt_world adds what the world offers: thing.c or process.c. */
void mt_world(lua_State *L);

/* mt_library adds require. */
void mt_library(lua_State *L);

/* mt_code raises the error that a negative code of the host means, mt_codetext
 * pushes its words. */
int mt_code(lua_State *L, const char *what, int code);
void mt_codetext(lua_State *L, int code);

/* How bytes begin that are a packed Lua value. */
#define MT_PACKED "\x1bLua1"
enum { MT_NPACKED = sizeof MT_PACKED - 1 };

/* mt_pack appends a value in the form that slots and letters carry, mt_unpack
 * pushes it and gives the place behind it. Both raise errors. */
void mt_pack(lua_State *L, luaL_Buffer *b, int index, int depth);
const char *mt_unpack(lua_State *L, const char *p, const char *end, int depth);

#endif
