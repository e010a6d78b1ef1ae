/* The driver of things: one event for one fresh instance, slots for memory.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "driver.h"

IMPORT("mt:world@1", "event_name") int event_name(char *buf, int cap);
IMPORT("mt:world@1", "event_from") int event_from(char *buf, int cap);
IMPORT("mt:world@1", "event_from_name") int event_from_name(char *buf, int cap);
IMPORT("mt:world@1", "event_text") int event_text(char *buf, int cap);
IMPORT("mt:world@1", "event_tick") int64_t event_tick(void);
IMPORT("mt:physics@1", "where") void thing_at(double *at);
IMPORT("mt:physics@1", "velocity") void thing_velocity(double *v);
IMPORT("mt:physics@1", "push") int host_push(double x, double y, double z);

IMPORT("mt:slot@1", "kind") int slot_kind(const char *name, int len);
IMPORT("mt:slot@1", "get_int") int64_t slot_get_int(const char *name, int len, int64_t otherwise);
IMPORT("mt:slot@1", "get_text") int slot_get_text(const char *name, int len, char *buf, int cap);
IMPORT("mt:slot@1", "set_int") int slot_set_int(const char *name, int len, int64_t v);
IMPORT("mt:slot@1", "set_bool") int slot_set_bool(const char *name, int len, int v);
IMPORT("mt:slot@1", "set_text") int slot_set_text(const char *name, int len, const char *text, int n);
IMPORT("mt:slot@1", "set_bytes") int slot_set_bytes(const char *name, int len, const char *bytes, int n);
IMPORT("mt:slot@1", "delete") int slot_delete(const char *name, int len);

/* Kinds of slots. What none of them holds is packed into bytes. */
enum { INT = 1, TEXT = 2, BYTES = 3, LUMP = 4, BOOL = 5 };
enum { MOST = 4096 };

static int result(lua_State *L, const char *what, int code) {
	if (code < 0)
		return mt_code(L, what, code);
	return 0;
}

/* gettext pushes the content of a text, bytes or lump slot. */
static void gettext(lua_State *L, const char *name, int len) {
	luaL_Buffer b;
	char *p = luaL_buffinitsize(L, &b, MOST);
	int n = slot_get_text(name, len, p, MOST);
	if (n < 0 || n > MOST)
		n = 0;
	luaL_pushresultsize(&b, (size_t)n);
}

static int self_get(lua_State *L) {
	size_t len;
	const char *name = luaL_checklstring(L, 2, &len);
	switch (slot_kind(name, (int)len)) {
	case INT:
		lua_pushinteger(L, slot_get_int(name, (int)len, 0));
		return 1;
	case BOOL:
		lua_pushboolean(L, slot_get_int(name, (int)len, 0) != 0);
		return 1;
	case TEXT:
	case LUMP:
		gettext(L, name, (int)len);
		return 1;
	case BYTES: {
		size_t n;
		gettext(L, name, (int)len);
		const char *p = lua_tolstring(L, -1, &n);
		if (n >= MT_NPACKED && !memcmp(p, MT_PACKED, MT_NPACKED))
			mt_unpack(L, p + MT_NPACKED, p + n, 0);
		return 1;
	}
	}
	lua_pushnil(L);
	return 1;
}

static int self_set(lua_State *L) {
	size_t len, n;
	const char *name = luaL_checklstring(L, 2, &len);
	const char *what = lua_pushfstring(L, "self.%s", name);
	luaL_checkany(L, 3);
	switch (lua_type(L, 3)) {
	case LUA_TNIL:
		return result(L, what, slot_delete(name, (int)len));
	case LUA_TBOOLEAN:
		return result(L, what, slot_set_bool(name, (int)len, lua_toboolean(L, 3)));
	case LUA_TSTRING: {
		const char *s = lua_tolstring(L, 3, &n);
		int code = slot_set_text(name, (int)len, s, (int)n);
		if (code == CODE_INVALID) /* not UTF-8, or a bad name */
			code = slot_set_bytes(name, (int)len, s, (int)n);
		return result(L, what, code);
	}
	case LUA_TNUMBER:
		if (lua_isinteger(L, 3))
			return result(L, what, slot_set_int(name, (int)len, lua_tointeger(L, 3)));
	}
	luaL_Buffer b;
	luaL_buffinit(L, &b);
	luaL_addstring(&b, MT_PACKED);
	mt_pack(L, &b, 3, 0);
	luaL_pushresult(&b);
	const char *s = lua_tolstring(L, -1, &n);
	return result(L, what, slot_set_bytes(name, (int)len, s, (int)n));
}

static int say(lua_State *L) {
	int n = lua_gettop(L);
	luaL_Buffer b;
	luaL_buffinit(L, &b);
	for (int i = 1; i <= n; i++) {
		if (i > 1)
			luaL_addchar(&b, ' ');
		luaL_tolstring(L, i, NULL);
		luaL_addvalue(&b);
	}
	luaL_pushresult(&b);
	size_t len;
	const char *text = lua_tolstring(L, -1, &len);
	return result(L, "say", host_say(text, (int)len));
}

/* every(n) asks for a "tick" event every n ticks, of which there are 20 a
 * second; every() for none. */
static int every(lua_State *L) {
	if (lua_isnoneornil(L, 1))
		return result(L, "every", slot_delete("every", 5));
	return result(L, "every", slot_set_int("every", 5, luaL_checkinteger(L, 1)));
}

static int tick(lua_State *L) {
	lua_pushinteger(L, event_tick());
	return 1;
}

static int point(lua_State *L, void (*get)(double *)) {
	double v[3];
	get(v);
	for (int i = 0; i < 3; i++)
		lua_pushnumber(L, v[i]);
	return 3;
}

static int where(lua_State *L) { return point(L, thing_at); }
static int velocity(lua_State *L) { return point(L, thing_velocity); }

/* push(x, y, z) adds to the velocity of a thing that is not fixed, m/s. */
static int push(lua_State *L) {
	return result(L, "push", host_push(luaL_checknumber(L, 1), luaL_checknumber(L, 2), luaL_checknumber(L, 3)));
}

static const luaL_Reg world[] = {{"say", say}, {"every", every}, {"tick", tick}, {"where", where}, {"velocity", velocity}, {"push", push}, {NULL, NULL}};

void mt_world(lua_State *L) {
	lua_pushglobaltable(L);
	luaL_setfuncs(L, world, 0);
	lua_newuserdatauv(L, 0, 0);
	lua_createtable(L, 0, 3);
	lua_pushcfunction(L, self_get);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, self_set);
	lua_setfield(L, -2, "__newindex");
	lua_pushliteral(L, "thing");
	lua_setfield(L, -2, "__name");
	lua_setmetatable(L, -2);
	lua_setfield(L, -2, "self");
	lua_pop(L, 1);
}

static lua_State *state;

/* warm runs once for a script; every event starts from what it leaves. */
EXPORT("_warm") void warm(void) {
	state = mt_state();
	mt_load(state);
}

/* field pushes what one of the event's functions gives. */
static int field(lua_State *L, int (*get)(char *, int)) {
	char buf[512];
	int n = get(buf, sizeof buf);
	lua_pushlstring(L, buf, (size_t)(n < 0 ? 0 : n > (int)sizeof buf ? (int)sizeof buf : n));
	return n;
}

static int dispatch(lua_State *L) {
	char name[64] = "on_";
	int n = event_name(name + 3, sizeof name - 4);
	if (n < 0 || n > (int)sizeof name - 4)
		return 0;
	name[3 + n] = 0;
	if (lua_getglobal(L, name) == LUA_TNIL)
		return 0;
	lua_createtable(L, 0, 2); /* who */
	if (field(L, event_from) > 0) {
		lua_setfield(L, -2, "id");
		field(L, event_from_name);
		lua_setfield(L, -2, "name");
	} else {
		lua_pop(L, 2); /* nobody */
		lua_pushnil(L);
	}
	field(L, event_text);
	lua_call(L, 2, 0);
	return 0;
}

EXPORT("handle") void handle(void) {
	mt_begin(state);
	lua_pushcfunction(state, dispatch);
	mt_call(state, 0, 0);
}
