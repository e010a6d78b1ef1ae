/* The driver of processes: what they know of each other, and their letters.
 * The avatar, clocks and lumps are in around.c.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "driver.h"
#include "around.h"

IMPORT("mt:message@1", "receive") int host_receive(const int64_t *tags, int n, int64_t ms);
IMPORT("mt:message@1", "kind") int host_kind(void);
IMPORT("mt:message@1", "tag") int64_t host_tag(void);
IMPORT("mt:message@1", "size") int host_letter_size(void);
IMPORT("mt:message@1", "read") int host_letter_read(char *buf, int cap);
IMPORT("mt:message@1", "from_node") int host_from_node(void);
IMPORT("mt:message@1", "caps") int host_caps(void);
IMPORT("mt:message@1", "cap") int host_cap(int i);
IMPORT("mt:message@1", "ref") int64_t host_ref(void);
IMPORT("mt:message@1", "reason") int host_reason(void);
IMPORT("mt:message@1", "code") int host_code(void);
IMPORT("mt:message@1", "reason_text") int host_reason_text(char *buf, int cap);
IMPORT("mt:message@1", "send_caps") int host_send(int h, int64_t tag, const char *data, int len, const int *handles, int n);
IMPORT("mt:message@1", "timer") int64_t host_timer(int64_t ms);
IMPORT("mt:message@1", "cancel") int host_cancel(int64_t ref);

IMPORT("mt:process@1", "self") int host_self(void);
IMPORT("mt:process@1", "parent") int host_parent(void);
IMPORT("mt:process@1", "exit") _Noreturn void host_exit(int code);
IMPORT("mt:process@1", "arg_count") int host_arg_count(void);
IMPORT("mt:process@1", "arg") int host_arg(int i, char *buf, int cap);
IMPORT("mt:process@1", "spawn") int host_spawn(const char *arg, int len, const char *name, int nlen, int flags, int64_t tag);
IMPORT("mt:process@1", "spawned") int64_t host_spawned(void);
IMPORT("mt:process@1", "supervise") int host_supervise(const char *spec, int len);
IMPORT("mt:process@1", "link") int host_link(int h, int64_t tag);
IMPORT("mt:process@1", "unlink") int host_unlink(int h);
IMPORT("mt:process@1", "monitor") int64_t host_monitor(int h);
IMPORT("mt:process@1", "demonitor") int host_demonitor(int64_t ref);
IMPORT("mt:process@1", "trap_exits") void host_trap_exits(int on);
IMPORT("mt:process@1", "kill") int host_kill(int h);
IMPORT("mt:process@1", "rights") int host_rights(int h);
IMPORT("mt:process@1", "demote") int host_demote(int h, int rights);
IMPORT("mt:process@1", "lend") int host_lend(int h, int rights);
IMPORT("mt:process@1", "revoke") int host_revoke(int h);
IMPORT("mt:process@1", "drop") int host_drop(int h);
IMPORT("mt:process@1", "register") int host_register(const char *name, int len, int h);
IMPORT("mt:process@1", "unregister") int host_unregister(const char *name, int len);
IMPORT("mt:process@1", "whereis") int host_whereis(const char *name, int len);

static const char handle[] = "process"; /* the metatable of handles */
static const char *const rights[] = {"send", "monitor", "link", "kill"};
static const char *const kinds[] = {"none", "message", "down", "exit", "timer"};
static const char *const reasons[] = {"normal", "failed", "faulted", "killed", "linked", "gone", "unreachable"};

/* answer gives true, or nil and what the code means. */
int mt_answer(lua_State *L, int64_t code) {
	if (code < 0) {
		lua_pushnil(L);
		mt_codetext(L, (int)code);
		return 2;
	}
	lua_pushboolean(L, 1);
	return 1;
}

/* give pushes a handle as an object, or nil and why there is none. */
static int give(lua_State *L, int h) {
	if (h < 0)
		return mt_answer(L, h);
	*(int *)lua_newuserdatauv(L, sizeof h, 0) = h;
	luaL_setmetatable(L, handle);
	return 1;
}

static int *place(lua_State *L, int arg) { return luaL_checkudata(L, arg, handle); }

static int of(lua_State *L, int arg) {
	int h = *place(L, arg);
	luaL_argcheck(L, h >= 0, arg, "it was dropped");
	return h;
}

/* asked reads rights from words, the bits of mt:process@1. */
static int asked(lua_State *L, int arg) {
	int bits = 0;
	for (int i = arg; i <= lua_gettop(L); i++)
		bits |= 1 << luaL_checkoption(L, i, NULL, rights);
	return bits;
}

/* content pushes the bytes to send for a value: text as it is. */
static const char *content(lua_State *L, int arg, size_t *n) {
	if (lua_type(L, arg) != LUA_TSTRING) {
		luaL_Buffer b;
		luaL_buffinit(L, &b);
		luaL_addstring(&b, MT_PACKED);
		mt_pack(L, &b, arg, 0);
		luaL_pushresult(&b);
		arg = -1;
	}
	return lua_tolstring(L, arg, n);
}

static int p_send(lua_State *L) {
	int h = of(L, 1), n = 0, caps[16];
	lua_Integer tag = luaL_optinteger(L, 3, 0);
	for (; lua_gettop(L) >= 4 + n && n < 16; n++)
		caps[n] = of(L, 4 + n);
	luaL_argcheck(L, lua_gettop(L) < 4 + 16, 20, "at most 16 capabilities");
	size_t len;
	luaL_checkany(L, 2);
	const char *data = content(L, 2, &len);
	return mt_answer(L, host_send(h, tag, data, (int)len, caps, n));
}

static int p_link(lua_State *L) { return mt_answer(L, host_link(of(L, 1), luaL_optinteger(L, 2, 0))); }
static int p_unlink(lua_State *L) { return mt_answer(L, host_unlink(of(L, 1))); }
static int p_kill(lua_State *L) { return mt_answer(L, host_kill(of(L, 1))); }
static int p_revoke(lua_State *L) { return mt_answer(L, host_revoke(of(L, 1))); }
static int p_demote(lua_State *L) { return give(L, host_demote(of(L, 1), asked(L, 2))); }
static int p_lend(lua_State *L) { return give(L, host_lend(of(L, 1), asked(L, 2))); }

static int p_monitor(lua_State *L) {
	int64_t ref = host_monitor(of(L, 1));
	if (ref < 0)
		return mt_answer(L, ref);
	lua_pushinteger(L, ref);
	return 1;
}

static int p_rights(lua_State *L) {
	int bits = host_rights(of(L, 1));
	lua_newtable(L);
	for (int i = 0; bits > 0 && i < 4; i++) {
		lua_pushboolean(L, bits >> i & 1);
		lua_setfield(L, -2, rights[i]);
	}
	return 1;
}

/* drop is the collector's too. */
static int p_drop(lua_State *L) {
	int *h = place(L, 1);
	if (*h >= 0)
		host_drop(*h);
	*h = -1;
	return 0;
}

static int p_equal(lua_State *L) {
	lua_pushboolean(L, *place(L, 1) == *place(L, 2));
	return 1;
}

static const luaL_Reg methods[] = {{"send", p_send}, {"link", p_link}, {"unlink", p_unlink}, {"monitor", p_monitor},
	{"kill", p_kill}, {"rights", p_rights}, {"demote", p_demote}, {"lend", p_lend}, {"revoke", p_revoke},
	{"drop", p_drop}, {NULL, NULL}};

/* letter pushes the current letter as a table. */
static void letter(lua_State *L, int kind) {
	lua_createtable(L, 0, 6);
	lua_pushstring(L, kinds[kind > 0 && kind < 5 ? kind : 0]);
	lua_setfield(L, -2, "kind");
	lua_pushinteger(L, host_tag());
	lua_setfield(L, -2, "tag");
	if (kind == 1) {
		int n = host_letter_size(), caps = host_caps();
		char *p = lua_newuserdatauv(L, (size_t)n, 0);
		host_letter_read(p, n);
		if (n >= MT_NPACKED && !memcmp(p, MT_PACKED, MT_NPACKED))
			mt_unpack(L, p + MT_NPACKED, p + n, 0);
		else
			lua_pushlstring(L, p, (size_t)n);
		lua_setfield(L, -3, "data");
		lua_pop(L, 1);
		lua_pushboolean(L, host_from_node());
		lua_setfield(L, -2, "node");
		lua_createtable(L, caps, 0);
		for (int i = 0; i < caps; i++) {
			if (give(L, host_cap(i)) == 2)
				lua_pop(L, 1); /* nil: it has too many handles */
			lua_rawseti(L, -2, i + 1);
		}
		lua_setfield(L, -2, "caps");
		return;
	}
	lua_pushinteger(L, host_ref());
	lua_setfield(L, -2, "ref");
	if (kind == 4)
		return;
	int why = host_reason();
	char text[256];
	int n = host_reason_text(text, sizeof text);
	lua_pushstring(L, reasons[why >= 0 && why < 7 ? why : 1]);
	lua_setfield(L, -2, "reason");
	lua_pushinteger(L, host_code());
	lua_setfield(L, -2, "code");
	lua_pushlstring(L, text, (size_t)(n < 0 ? 0 : n > (int)sizeof text ? (int)sizeof text : n));
	lua_setfield(L, -2, "text");
}

/* receive(seconds, tag, ...): nil for ever, and any tag. */
static int receive(lua_State *L) {
	int64_t tags[16], ms = -1;
	int n = 0;
	if (!lua_isnoneornil(L, 1)) {
		lua_Number s = luaL_checknumber(L, 1);
		ms = s > 0 ? s > 1e12 ? -1 : (int64_t)(s * 1000) : 0;
	}
	for (; 2 + n <= lua_gettop(L); n++) {
		luaL_argcheck(L, n < 16, 2 + n, "at most 16 tags");
		tags[n] = luaL_checkinteger(L, 2 + n);
	}
	int kind = host_receive(tags, n, ms);
	if (kind == CODE_TIMEOUT) {
		lua_pushnil(L);
		return 1;
	}
	if (kind < 0)
		return mt_code(L, "receive", kind);
	letter(L, kind);
	return 1;
}

static int flag(lua_State *L, const char *name, int bit) {
	int on = lua_getfield(L, 2, name) != LUA_TNIL && lua_toboolean(L, -1);
	lua_pop(L, 1);
	return on ? bit : 0;
}

/* spawn(argument, {name=, tag=, link=, monitor=, handler=, low=, trap=, get=}) */
static int spawn(lua_State *L) {
	size_t n = 0, len = 0;
	const char *arg = luaL_optlstring(L, 1, "", &n), *name = "";
	int flags = 0;
	lua_Integer tag = 0;
	if (!lua_isnoneornil(L, 2)) {
		luaL_checktype(L, 2, LUA_TTABLE);
		flags = flag(L, "link", 1) | flag(L, "monitor", 2) | flag(L, "handler", 4) | flag(L, "low", 8) | flag(L, "trap", 16) | flag(L, "get", 32);
		if (lua_getfield(L, 2, "tag") != LUA_TNIL)
			tag = luaL_checkinteger(L, -1);
		if (lua_getfield(L, 2, "name") != LUA_TNIL)
			name = luaL_checklstring(L, -1, &len);
	}
	int h = host_spawn(arg, (int)n, name, (int)len, flags, tag);
	int64_t ref = host_spawned();
	int results = give(L, h);
	if (h >= 0 && flags & 2) {
		lua_pushinteger(L, ref);
		results++;
	}
	return results;
}

static int supervise(lua_State *L) {
	size_t n;
	const char *spec = luaL_checklstring(L, 1, &n);
	return give(L, host_supervise(spec, (int)n));
}

static int exits(lua_State *L) { host_exit((int)luaL_optinteger(L, 1, 0)); }

static int trapexits(lua_State *L) {
	host_trap_exits(lua_isnone(L, 1) || lua_toboolean(L, 1));
	return 0;
}

static int demonitor(lua_State *L) { return mt_answer(L, host_demonitor(luaL_checkinteger(L, 1))); }
static int cancel(lua_State *L) { return mt_answer(L, host_cancel(luaL_checkinteger(L, 1))); }

static int timer(lua_State *L) {
	int64_t ref = host_timer((int64_t)(luaL_checknumber(L, 1) * 1000));
	if (ref < 0)
		return mt_answer(L, ref);
	lua_pushinteger(L, ref);
	return 1;
}

static int registers(lua_State *L) {
	size_t n;
	const char *name = luaL_checklstring(L, 1, &n);
	return mt_answer(L, host_register(name, (int)n, of(L, 2)));
}

static int unregister(lua_State *L) {
	size_t n;
	const char *name = luaL_checklstring(L, 1, &n);
	return mt_answer(L, host_unregister(name, (int)n));
}

static int whereis(lua_State *L) {
	size_t n;
	const char *name = luaL_checklstring(L, 1, &n);
	return give(L, host_whereis(name, (int)n));
}

static const luaL_Reg world[] = {{"receive", receive}, {"spawn", spawn}, {"supervise", supervise}, {"exit", exits},
	{"trap_exits", trapexits}, {"demonitor", demonitor}, {"timer", timer}, {"cancel", cancel},
	{"register", registers}, {"unregister", unregister}, {"whereis", whereis}, {NULL, NULL}};

void mt_world(lua_State *L) {
	luaL_newmetatable(L, handle);
	luaL_newlib(L, methods);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, p_drop);
	lua_setfield(L, -2, "__gc");
	lua_pushcfunction(L, p_equal);
	lua_setfield(L, -2, "__eq");
	lua_pop(L, 1);
	lua_pushglobaltable(L);
	luaL_setfuncs(L, world, 0);
	lua_pop(L, 1);
	mt_around(L);
}

static lua_State *state;

EXPORT("_warm") void warm(void) {
	state = mt_state();
	mt_load(state);
}

/* begin makes the globals self, parent and arg, and calls start(...). */
static int begin(lua_State *L) {
	give(L, host_self());
	lua_setglobal(L, "self");
	int p = host_parent(), n = host_arg_count();
	if (p >= 0)
		give(L, p);
	else
		lua_pushnil(L);
	lua_setglobal(L, "parent");
	lua_createtable(L, n, 0);
	for (int i = 0; i < n; i++) {
		int size = host_arg(i, NULL, 0);
		char *text = lua_newuserdatauv(L, (size_t)size, 0);
		host_arg(i, text, size);
		lua_pushlstring(L, text, (size_t)size);
		lua_rawseti(L, -3, i + 1);
		lua_pop(L, 1);
	}
	lua_setglobal(L, "arg");
	if (lua_getglobal(L, "start") != LUA_TNIL)
		lua_call(L, 0, 0);
	return 0;
}

EXPORT("_thaw") void thaw(void) {
	mt_begin(state);
	lua_pushcfunction(state, begin);
	mt_call(state, 0, 0);
}

/* react calls the script's function for the letter: on_message and so on. */
static void react(lua_State *L, int kind) {
	lua_settop(L, 0);
	lua_pushfstring(L, "on_%s", kinds[kind > 0 && kind < 5 ? kind : 0]);
	if (lua_getglobal(L, lua_tostring(L, 1)) == LUA_TNIL)
		return;
	letter(L, kind);
	lua_call(L, 1, 0);
}

static int runs(lua_State *L) {
	if (lua_getglobal(L, "run") != LUA_TNIL) {
		lua_call(L, 0, 0);
		return 0;
	}
	for (;;) {
		int kind = host_receive(NULL, 0, -1);
		if (kind < 0)
			return mt_code(L, "receive", kind);
		react(L, kind);
	}
}

EXPORT("run") void run(void) {
	lua_pushcfunction(state, runs);
	mt_call(state, 0, 0);
}

static int handles(lua_State *L) {
	react(L, host_kind());
	return 0;
}

EXPORT("handle") void handled(void) {
	lua_pushcfunction(state, handles);
	mt_call(state, 0, 0);
}
