/* A process's clocks, the avatar of its node, and lumps.
 * SPDX-License-Identifier: MIT */
#include "around.h"

IMPORT("mt:time@1", "now") int64_t host_now(void);
IMPORT("mt:time@1", "monotonic") int64_t host_monotonic(void);
IMPORT("mt:time@1", "sleep") void host_sleep(int ms);

IMPORT("mt:world@1", "where") int host_where(double *at);
IMPORT("mt:world@1", "region") int host_region(char *buf, int cap);
IMPORT("mt:world@1", "nearby") int host_nearby(int max);
IMPORT("mt:world@1", "near_id") int host_near_id(int i, char *buf, int cap);
IMPORT("mt:world@1", "near_kind") int host_near_kind(int i, char *buf, int cap);
IMPORT("mt:world@1", "near_name") int host_near_name(int i, char *buf, int cap);
IMPORT("mt:world@1", "near_region") int host_near_region(int i, char *buf, int cap);
IMPORT("mt:world@1", "near_at") int host_near_at(int i, double *at);
IMPORT("mt:world@1", "walk") int host_walk(double x, double z);
IMPORT("mt:world@1", "throw") int host_throw_thing(const char *id, int len, double vx, double vy, double vz);
IMPORT("mt:world@1", "touch") int host_touch(const char *id, int len);

IMPORT("mt:lump@1", "size") int host_lump_size(const char *cid, int len);
IMPORT("mt:lump@1", "read") int host_lump_read(const char *cid, int len, int offset, char *buf, int cap);

static int now(lua_State *L) {
	lua_pushnumber(L, (lua_Number)host_now() / 1e9);
	return 1;
}

static int clock(lua_State *L) {
	lua_pushnumber(L, (lua_Number)host_monotonic() / 1e9);
	return 1;
}

static int sleeps(lua_State *L) {
	lua_Number s = luaL_checknumber(L, 1);
	luaL_argcheck(L, s >= 0 && s <= 4e6, 1, "not 0 to 4 million seconds");
	host_sleep((int)(uint32_t)(s * 1000));
	return 0;
}

static int says(lua_State *L) {
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);
	return mt_answer(L, host_say(text, (int)n));
}

static int where(lua_State *L) {
	double at[3];
	char name[64];
	int code = host_where(at);
	if (code < 0)
		return mt_answer(L, code);
	for (int i = 0; i < 3; i++)
		lua_pushnumber(L, at[i]);
	int n = host_region(name, sizeof name);
	lua_pushlstring(L, name, (size_t)(n < 0 ? 0 : n > (int)sizeof name ? (int)sizeof name : n));
	return 4;
}

static void field(lua_State *L, const char *name, int (*get)(int, char *, int), int i) {
	char buf[128];
	int n = get(i, buf, sizeof buf);
	lua_pushlstring(L, buf, (size_t)(n < 0 ? 0 : n > (int)sizeof buf ? (int)sizeof buf : n));
	lua_setfield(L, -2, name);
}

static int nearby(lua_State *L) {
	static const char *const axes[] = {"x", "y", "z"};
	int n = host_nearby((int)luaL_optinteger(L, 1, 256));
	if (n < 0)
		return mt_answer(L, n);
	lua_createtable(L, n, 0);
	for (int i = 0; i < n; i++) {
		double at[3];
		lua_createtable(L, 0, 7);
		field(L, "id", host_near_id, i);
		field(L, "kind", host_near_kind, i);
		field(L, "name", host_near_name, i);
		field(L, "region", host_near_region, i);
		if (host_near_at(i, at) == 0)
			for (int k = 0; k < 3; k++) {
				lua_pushnumber(L, at[k]);
				lua_setfield(L, -2, axes[k]);
			}
		lua_rawseti(L, -2, i + 1);
	}
	return 1;
}

static int walk(lua_State *L) { return mt_answer(L, host_walk(luaL_checknumber(L, 1), luaL_checknumber(L, 2))); }

static int throws(lua_State *L) {
	size_t n;
	const char *id = luaL_checklstring(L, 1, &n);
	return mt_answer(L, host_throw_thing(id, (int)n, luaL_checknumber(L, 2), luaL_checknumber(L, 3), luaL_checknumber(L, 4)));
}

static int touch(lua_State *L) {
	size_t n;
	const char *id = luaL_checklstring(L, 1, &n);
	return mt_answer(L, host_touch(id, (int)n));
}

static int lump(lua_State *L) {
	size_t len;
	const char *cid = luaL_checklstring(L, 1, &len);
	int n = host_lump_size(cid, (int)len);
	if (n < 0)
		return mt_answer(L, n);
	luaL_Buffer b;
	char *p = luaL_buffinitsize(L, &b, (size_t)n);
	int got = host_lump_read(cid, (int)len, 0, p, n);
	if (got < 0)
		return mt_answer(L, got);
	luaL_pushresultsize(&b, (size_t)(got < n ? got : n));
	return 1;
}

static const luaL_Reg around[] = {{"now", now}, {"clock", clock}, {"sleep", sleeps}, {"say", says}, {"where", where},
	{"nearby", nearby}, {"walk", walk}, {"throw", throws}, {"touch", touch}, {"lump", lump}, {NULL, NULL}};

void mt_around(lua_State *L) {
	lua_pushglobaltable(L);
	luaL_setfuncs(L, around, 0);
	lua_pop(L, 1);
}
