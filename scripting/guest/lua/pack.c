/* Lua values as bytes, for slots and letters: a letter for the type and the
 * value after it. Tables are written in the order in which they are walked,
 * which is the same on every node.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "driver.h"

enum { DEEPEST = 16 };

/* Integers in groups of seven bits, the lowest first. */
static void number(luaL_Buffer *b, uint64_t v) {
	for (; v >= 0x80; v >>= 7)
		luaL_addchar(b, (char)(v | 0x80));
	luaL_addchar(b, (char)v);
}

static const char *readnumber(const char *p, const char *end, uint64_t *v) {
	*v = 0;
	for (int shift = 0; p < end && shift < 64; shift += 7) {
		unsigned char c = (unsigned char)*p++;
		*v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return p;
	}
	return NULL;
}

/* A buffer must be on top of the stack when it grows, and a walk needs its key
 * there. So a table becomes a table of the texts of its parts first. */
static void packtable(lua_State *L, int index, int depth) {
	lua_newtable(L);
	int parts = lua_gettop(L), n = 0;
	lua_pushnil(L);
	while (lua_next(L, index)) {
		luaL_Buffer part;
		int key = lua_gettop(L) - 1;
		luaL_buffinit(L, &part);
		mt_pack(L, &part, key, depth);
		mt_pack(L, &part, key + 1, depth);
		luaL_pushresult(&part);
		lua_rawseti(L, parts, ++n);
		lua_settop(L, key);
	}
	luaL_Buffer whole;
	luaL_buffinit(L, &whole);
	for (int i = 1; i <= n; i++) {
		lua_rawgeti(L, parts, i);
		luaL_addvalue(&whole);
	}
	luaL_pushresult(&whole);
	lua_replace(L, parts);
	lua_settop(L, parts);
}

void mt_pack(lua_State *L, luaL_Buffer *b, int index, int depth) {
	index = lua_absindex(L, index);
	switch (lua_type(L, index)) {
	case LUA_TNIL:
		luaL_addchar(b, 'z');
		return;
	case LUA_TBOOLEAN:
		luaL_addchar(b, lua_toboolean(L, index) ? 't' : 'f');
		return;
	case LUA_TNUMBER:
		if (lua_isinteger(L, index)) {
			lua_Integer v = lua_tointeger(L, index);
			luaL_addchar(b, 'i');
			number(b, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
		} else {
			lua_Number v = lua_tonumber(L, index);
			luaL_addchar(b, 'n');
			luaL_addlstring(b, (const char *)&v, 8); /* wasm is little-endian */
		}
		return;
	case LUA_TSTRING: {
		size_t n;
		const char *s = lua_tolstring(L, index, &n);
		luaL_addchar(b, 's');
		number(b, n);
		luaL_addlstring(b, s, n);
		return;
	}
	case LUA_TTABLE:
		if (depth >= DEEPEST)
			luaL_error(L, "tables nested too deep to be kept");
		luaL_checkstack(L, 8, "tables nested too deep to be kept");
		luaL_addchar(b, 'T');
		packtable(L, index, depth + 1);
		luaL_addvalue(b);
		luaL_addchar(b, 'E');
		return;
	}
	luaL_error(L, "a %s cannot be kept", luaL_typename(L, index));
}

static const char *broken(lua_State *L) {
	luaL_error(L, "bytes that are not a Lua value");
	return NULL;
}

const char *mt_unpack(lua_State *L, const char *p, const char *end, int depth) {
	if (p >= end || depth > DEEPEST)
		return broken(L);
	luaL_checkstack(L, 4, NULL);
	char kind = *p++;
	switch (kind) {
	case 'z':
		lua_pushnil(L);
		return p;
	case 't':
	case 'f':
		lua_pushboolean(L, kind == 't');
		return p;
	case 'T':
		lua_newtable(L);
		while (p < end && *p != 'E') {
			p = mt_unpack(L, p, end, depth + 1);
			p = mt_unpack(L, p, end, depth + 1);
			if (lua_isnil(L, -2) || (lua_type(L, -2) == LUA_TNUMBER && lua_tonumber(L, -2) != lua_tonumber(L, -2)))
				return broken(L);
			lua_rawset(L, -3);
		}
		return p < end ? p + 1 : broken(L);
	}
	uint64_t v;
	if (kind == 'n') {
		lua_Number x;
		if (end - p < 8)
			return broken(L);
		memcpy(&x, p, 8);
		lua_pushnumber(L, x);
		return p + 8;
	}
	if ((kind != 'i' && kind != 's') || !(p = readnumber(p, end, &v)))
		return broken(L);
	if (kind == 'i') {
		lua_pushinteger(L, (lua_Integer)(v >> 1 ^ -(v & 1)));
		return p;
	}
	if (v > (uint64_t)(end - p))
		return broken(L);
	lua_pushlstring(L, p, (size_t)v);
	return p + v;
}
