/* No binary chunks: neither written nor read.
 * SPDX-License-Identifier: MIT */
#define LUA_CORE
#include "lua.h"
#include "lobject.h"
#include "lundump.h"
#include "ldo.h"

LClosure *luaU_undump(lua_State *L, ZIO *z, const char *name) {
	(void)z;
	luaO_pushfstring(L, "%s: a binary chunk", name);
	luaD_throw(L, LUA_ERRSYNTAX);
}

int luaU_dump(lua_State *L, const Proto *f, lua_Writer w, void *data, int strip) {
	(void)L, (void)f, (void)w, (void)data, (void)strip;
	return 1; /* "unable to dump given function" */
}
