/* require: what the script is bound to by name, a text in Lua or a module.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "driver.h"

IMPORT("mt:library@1", "find") int lib_find(const char *name, int len);
IMPORT("mt:library@1", "source") int lib_source(int lib, char *buf, int cap);
IMPORT("mt:library@1", "function") int lib_function(int lib, int i, char *buf, int cap);
IMPORT("mt:library@1", "call") int lib_call(int lib, int i, const void *args, void *result);
IMPORT("mt:library@1", "write") int lib_write(int lib, const char *p, int len, uint64_t *at);
IMPORT("mt:library@1", "read") int lib_read(int lib, int at, char *p, int len);

enum { PARAMS = 16, TYPES = 20 };

typedef union {
	int64_t i;
	double f;
	float g;
} value;

/* call passes numbers; upvalues are the library, the function, its types. */
static int call(lua_State *L) {
	int lib = (int)lua_tointeger(L, lua_upvalueindex(1)), k = 0;
	const char *types = lua_tostring(L, lua_upvalueindex(3));
	value args[PARAMS], result = {0};
	for (; *types && *types != ':'; types++, k++) {
		args[k].i = 0;
		switch (*types) {
		case 'i': {
			lua_Integer v = luaL_checkinteger(L, k + 1);
			luaL_argcheck(L, v >= INT32_MIN && v <= UINT32_MAX, k + 1, "does not fit 32 bits");
			args[k].i = (uint32_t)v;
			break;
		}
		case 'I':
			args[k].i = luaL_checkinteger(L, k + 1);
			break;
		case 'f':
			args[k].g = (float)luaL_checknumber(L, k + 1);
			break;
		default:
			args[k].f = luaL_checknumber(L, k + 1);
		}
	}
	int code = lib_call(lib, (int)lua_tointeger(L, lua_upvalueindex(2)), args, &result);
	if (code < 0)
		return mt_code(L, "call of a library", code);
	switch (*types ? types[1] : 0) {
	case 'i':
		lua_pushinteger(L, (int32_t)result.i);
		return 1;
	case 'I':
		lua_pushinteger(L, result.i);
		return 1;
	case 'f':
		lua_pushnumber(L, result.g);
		return 1;
	case 'F':
		lua_pushnumber(L, result.f);
		return 1;
	}
	return 0;
}

/* writes(text) copies bytes into the library's memory and gives the address. */
static int writes(lua_State *L) {
	size_t n;
	uint64_t at = 0;
	const char *s = luaL_checklstring(L, 1, &n);
	int code = lib_write((int)lua_tointeger(L, lua_upvalueindex(1)), s, (int)n, &at);
	if (code < 0)
		return mt_code(L, "write to a library", code);
	lua_pushinteger(L, (lua_Integer)at);
	return 1;
}

/* reads(address, n) gives bytes of the library's memory. */
static int reads(lua_State *L) {
	lua_Integer at = luaL_checkinteger(L, 1), n = luaL_checkinteger(L, 2);
	luaL_argcheck(L, at >= 0 && at <= UINT32_MAX, 1, "no address");
	luaL_argcheck(L, n >= 0 && n <= 1 << 22, 2, "at most 4 MiB");
	luaL_Buffer b;
	char *p = luaL_buffinitsize(L, &b, (size_t)n);
	int code = lib_read((int)lua_tointeger(L, lua_upvalueindex(1)), (int)(uint32_t)at, p, (int)n);
	if (code < 0)
		return mt_code(L, "read of a library", code);
	luaL_pushresultsize(&b, (size_t)n);
	return 1;
}

/* module pushes a table of the functions of a module. */
static void module(lua_State *L, int lib) {
	lua_newtable(L);
	lua_pushinteger(L, lib);
	lua_pushcclosure(L, writes, 1);
	lua_setfield(L, -2, "write");
	lua_pushinteger(L, lib);
	lua_pushcclosure(L, reads, 1);
	lua_setfield(L, -2, "read");
	for (int i = 0;; i++) {
		char text[256 + TYPES];
		int n = lib_function(lib, i, text, sizeof text);
		if (n < 0)
			return;
		const char *space = memchr(text, ' ', (size_t)n);
		if (!space)
			continue;
		lua_pushlstring(L, text, (size_t)(space - text));
		lua_pushinteger(L, lib);
		lua_pushinteger(L, i);
		lua_pushlstring(L, space + 1, (size_t)(text + n - space - 1));
		lua_pushcclosure(L, call, 3);
		lua_rawset(L, -3);
	}
}

static int require(lua_State *L) {
	size_t n;
	const char *name = luaL_checklstring(L, 1, &n);
	lua_settop(L, 1);
	lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	if (lua_getfield(L, 2, name) != LUA_TNIL)
		return 1;
	lua_pop(L, 1);
	int lib = lib_find(name, (int)n);
	if (lib < 0)
		return luaL_error(L, "nothing is bound to '%s'", name);
	int size = lib_source(lib, NULL, 0);
	if (size >= 0) {
		char *text = lua_newuserdatauv(L, (size_t)size + 1, 0);
		lib_source(lib, text, size);
		const char *chunk = lua_pushfstring(L, "@%s", name);
		if (luaL_loadbufferx(L, text, (size_t)size, chunk, "t") != LUA_OK)
			return lua_error(L);
		lua_pushvalue(L, 1);
		lua_call(L, 1, 1);
		if (lua_isnil(L, -1)) {
			lua_pop(L, 1);
			lua_pushboolean(L, 1);
		}
	} else {
		module(L, lib);
	}
	lua_pushvalue(L, -1);
	lua_setfield(L, 2, name);
	return 1;
}

void mt_library(lua_State *L) {
	lua_pushcfunction(L, require);
	lua_setglobal(L, "require");
}
