/* The driver of things: one event for one fresh instance, slots for memory.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "driver.h"

IMPORT("mt:world@1", "event_name") int event_name(char *buf, int cap);
IMPORT("mt:world@1", "event_from") int event_from(char *buf, int cap);
IMPORT("mt:world@1", "event_from_name") int event_from_name(char *buf, int cap);
IMPORT("mt:world@1", "event_text") int event_text(char *buf, int cap);
IMPORT("mt:world@1", "event_tick") int64_t event_tick(void);
IMPORT("mt:world@1", "event_tag") int64_t event_tag(void);
IMPORT("mt:world@1", "event_self") int event_self(char *buf, int cap);
IMPORT("mt:message@1", "post") int host_post(const char *id, int n, int64_t tag, const char *data, int len);
IMPORT("mt:time@1", "after") int host_after(int ticks, int64_t tag);
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

IMPORT("mt:slot@1", "get_int_of") int64_t of_int(const char *id, int n, const char *name, int len, int64_t otherwise);
IMPORT("mt:slot@1", "get_text_of") int of_text(const char *id, int n, const char *name, int len, char *buf, int cap);
IMPORT("mt:slot@1", "version_of") int64_t of_version(const char *id, int n, const char *name, int len);
IMPORT("mt:slot@1", "propose_int") int propose_int(const char *id, int n, const char *name, int len, int op, int64_t v);
IMPORT("mt:slot@1", "propose_text") int propose_text(const char *id, int n, const char *name, int len, int op, const char *s, int size);
IMPORT("mt:slot@1", "propose_delete") int propose_delete(const char *id, int n, const char *name, int len);
IMPORT("mt:slot@1", "cas_int") int propose_cas(const char *id, int n, const char *name, int len, int64_t expected, int64_t v);
IMPORT("mt:slot@1", "txn") int txn_begin(int64_t tag);
IMPORT("mt:slot@1", "txn_read") int txn_read(const char *id, int n, const char *name, int len, int64_t version);
IMPORT("mt:slot@1", "txn_int") int txn_int(const char *id, int n, const char *name, int len, int64_t v);
IMPORT("mt:slot@1", "txn_text") int txn_text(const char *id, int n, const char *name, int len, const char *s, int size);
IMPORT("mt:slot@1", "txn_delete") int txn_delete(const char *id, int n, const char *name, int len);

IMPORT("mt:store@1", "ask") int store_ask(int64_t tag);
IMPORT("mt:store@1", "get") int store_get(const char *key, int len);
IMPORT("mt:store@1", "put_int") int store_put_int(const char *key, int len, int64_t v);
IMPORT("mt:store@1", "put_text") int store_put_text(const char *key, int len, const char *s, int n);
IMPORT("mt:store@1", "put_bytes") int store_put_bytes(const char *key, int len, const char *s, int n);
IMPORT("mt:store@1", "delete") int store_delete(const char *key, int len);
IMPORT("mt:store@1", "add") int store_add(const char *key, int len, int64_t v);
IMPORT("mt:store@1", "list") int store_list(const char *prefix, int len, const char *start, int n, int most);
IMPORT("mt:store@1", "check_int") int store_check_int(const char *key, int len, int64_t v);
IMPORT("mt:store@1", "check_text") int store_check_text(const char *key, int len, const char *s, int n);
IMPORT("mt:store@1", "check_none") int store_check_none(const char *key, int len);
IMPORT("mt:store@1", "error") int store_error(char *buf, int cap);
IMPORT("mt:store@1", "count") int store_count(void);
IMPORT("mt:store@1", "kind") int store_kind(int i);
IMPORT("mt:store@1", "key") int store_key(int i, char *buf, int cap);
IMPORT("mt:store@1", "int") int64_t store_int(int i, int64_t otherwise);
IMPORT("mt:store@1", "text") int store_text(int i, char *buf, int cap);

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

/* packed pushes a value that no kind holds as bytes, and gives them. */
static const char *packed(lua_State *L, int at, size_t *n) {
	luaL_Buffer b;
	luaL_buffinit(L, &b);
	luaL_addstring(&b, MT_PACKED);
	mt_pack(L, &b, at, 0);
	luaL_pushresult(&b);
	return lua_tolstring(L, -1, n);
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
	const char *s = packed(L, 3, &n);
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

/* send(id, text, tag): on_message of another thing, in the next tick. */
static int send(lua_State *L) {
	size_t n, len;
	const char *id = luaL_checklstring(L, 1, &n), *text = luaL_optlstring(L, 2, "", &len);
	return result(L, "send", host_post(id, (int)n, luaL_optinteger(L, 3, 0), text, (int)len));
}

/* after(ticks, tag): on_timer, once. */
static int after(lua_State *L) {
	return result(L, "after", host_after((int)luaL_checkinteger(L, 1), luaL_optinteger(L, 2, 0)));
}

/* me() is the id of the thing. */
static int me(lua_State *L) {
	char id[32];
	int n = event_self(id, sizeof id);
	lua_pushlstring(L, id, (size_t)(n < 0 ? 0 : n));
	return 1;
}

/* look(id, name) is an int or a text of another thing, as the tick began, and
 * its version for transact; nil when there is none. */
static int look(lua_State *L) {
	size_t n, len;
	const char *id = luaL_checklstring(L, 1, &n), *name = luaL_checklstring(L, 2, &len);
	int64_t version = of_version(id, (int)n, name, (int)len);
	luaL_Buffer b;
	char *p = luaL_buffinitsize(L, &b, MOST);
	int got = version ? of_text(id, (int)n, name, (int)len, p, MOST) : CODE_NOT_FOUND;
	luaL_pushresultsize(&b, (size_t)(got < 0 ? 0 : got > MOST ? MOST : got));
	if (got == CODE_INVALID) { /* a number */
		lua_pop(L, 1);
		lua_pushinteger(L, of_int(id, (int)n, name, (int)len, 0));
	} else if (got < 0) {
		lua_pop(L, 1);
		lua_pushnil(L);
	}
	lua_pushinteger(L, version);
	return 2;
}

/* propose(id, name, op, value): "add", "max", "min", "or", "insert", "claim",
 * "delete". */
static int propose(lua_State *L) {
	static const char *const ops[] = {"add", "max", "min", "or", "insert", "claim", "delete", NULL};
	size_t n, len, size;
	const char *id = luaL_checklstring(L, 1, &n), *name = luaL_checklstring(L, 2, &len);
	int op = luaL_checkoption(L, 3, NULL, ops) + 1;
	if (op == 7)
		return result(L, "propose", propose_delete(id, (int)n, name, (int)len));
	if (lua_isinteger(L, 4))
		return result(L, "propose", propose_int(id, (int)n, name, (int)len, op, lua_tointeger(L, 4)));
	const char *s = luaL_checklstring(L, 4, &size);
	return result(L, "propose", propose_text(id, (int)n, name, (int)len, op, s, (int)size));
}

/* cas(id, name, expected, value): a claim while an int is what is expected. */
static int cas(lua_State *L) {
	size_t n, len;
	const char *id = luaL_checklstring(L, 1, &n), *name = luaL_checklstring(L, 2, &len);
	return result(L, "cas", propose_cas(id, (int)n, name, (int)len, luaL_checkinteger(L, 3), luaL_checkinteger(L, 4)));
}

/* part pushes field k of the table on top and gives it as a string. */
static const char *part(lua_State *L, int k, size_t *n) {
	if (lua_geti(L, -1, k) != LUA_TSTRING)
		luaL_error(L, "transact: want {id, name, ...}");
	const char *s = lua_tolstring(L, -1, n);
	lua_pop(L, 1); /* the table keeps it */
	return s;
}

/* transact(tag, {{id, name, version}, ...}, {{id, name, value}, ...}): all is
 * written if nothing of what was read has changed, or on_conflict comes. */
static int transact(lua_State *L) {
	luaL_checktype(L, 2, LUA_TTABLE);
	luaL_checktype(L, 3, LUA_TTABLE);
	result(L, "transact", txn_begin(luaL_checkinteger(L, 1)));
	for (int list = 2; list <= 3; list++)
		for (int i = 1; lua_geti(L, list, i) == LUA_TTABLE; i++) {
			size_t n, len, size;
			const char *id = part(L, 1, &n), *name = part(L, 2, &len);
			int type = lua_geti(L, -1, 3), code;
			if (list == 2)
				code = txn_read(id, (int)n, name, (int)len, luaL_checkinteger(L, -1));
			else if (type == LUA_TNIL)
				code = txn_delete(id, (int)n, name, (int)len);
			else if (lua_isinteger(L, -1))
				code = txn_int(id, (int)n, name, (int)len, lua_tointeger(L, -1));
			else {
				const char *s = luaL_checklstring(L, -1, &size);
				code = txn_text(id, (int)n, name, (int)len, s, (int)size);
			}
			result(L, "transact", code);
			lua_pop(L, 2);
		}
	return 0;
}

/* store_step does one {"get", key}, {"put", key, value}, {"add", key, n},
 * {"list", prefix, start, most} or {"check", key, value}, which is on top. */
static int store_step(lua_State *L) {
	static const char *const ops[] = {"get", "put", "add", "list", "check", NULL};
	int t = lua_gettop(L);
	size_t len, n;
	lua_geti(L, t, 1);
	int op = luaL_checkoption(L, -1, NULL, ops);
	lua_geti(L, t, 2);
	const char *key = luaL_checklstring(L, -1, &len), *s;
	int type = lua_geti(L, t, 3), at = lua_gettop(L);
	switch (op) {
	case 0:
		return store_get(key, (int)len);
	case 2:
		return store_add(key, (int)len, luaL_checkinteger(L, at));
	case 3:
		s = luaL_optlstring(L, at, "", &n);
		lua_geti(L, t, 4);
		return store_list(key, (int)len, s, (int)n, (int)luaL_optinteger(L, -1, 64));
	case 4:
		if (type == LUA_TNIL)
			return store_check_none(key, (int)len);
		if (lua_isinteger(L, at))
			return store_check_int(key, (int)len, lua_tointeger(L, at));
		s = luaL_checklstring(L, at, &n);
		return store_check_text(key, (int)len, s, (int)n);
	}
	if (type == LUA_TNIL)
		return store_delete(key, (int)len);
	if (lua_isinteger(L, at))
		return store_put_int(key, (int)len, lua_tointeger(L, at));
	if (type == LUA_TSTRING) {
		s = lua_tolstring(L, at, &n);
		int code = store_put_text(key, (int)len, s, (int)n);
		return code == CODE_INVALID ? store_put_bytes(key, (int)len, s, (int)n) : code;
	}
	s = packed(L, at, &n);
	return store_put_bytes(key, (int)len, s, (int)n);
}

/* ask(tag, {step, ...}): all steps are done in the region's store or none, and
 * on_answer comes. */
static int ask(lua_State *L) {
	luaL_checktype(L, 2, LUA_TTABLE);
	result(L, "ask", store_ask(luaL_checkinteger(L, 1)));
	for (int i = 1; lua_geti(L, 2, i) == LUA_TTABLE; i++) {
		result(L, "ask", store_step(L));
		lua_settop(L, 2);
	}
	return 0;
}

/* answer pushes the items of an answer, {key =, value =}, and why there are none,
 * or nil. */
static void answer(lua_State *L) {
	int n = store_count();
	lua_createtable(L, n, 0);
	for (int i = 0; i < n; i++) {
		char key[128];
		int len = store_key(i, key, sizeof key), kind = store_kind(i);
		lua_createtable(L, 0, 2);
		lua_pushlstring(L, key, (size_t)(len < 0 ? 0 : len));
		lua_setfield(L, -2, "key");
		if (kind == INT) {
			lua_pushinteger(L, store_int(i, 0));
			lua_setfield(L, -2, "value");
		} else if (kind == TEXT || kind == BYTES) {
			size_t size;
			luaL_Buffer b;
			char *p = luaL_buffinitsize(L, &b, MOST);
			int got = store_text(i, p, MOST);
			luaL_pushresultsize(&b, (size_t)(got < 0 || got > MOST ? 0 : got));
			const char *s = lua_tolstring(L, -1, &size);
			if (kind == BYTES && size >= MT_NPACKED && !memcmp(s, MT_PACKED, MT_NPACKED)) {
				mt_unpack(L, s + MT_NPACKED, s + size, 0);
				lua_remove(L, -2);
			}
			lua_setfield(L, -2, "value");
		}
		lua_seti(L, -2, i + 1);
	}
	char why[32];
	int len = store_error(why, sizeof why);
	if (len > 0 && len <= (int)sizeof why)
		lua_pushlstring(L, why, (size_t)len);
	else
		lua_pushnil(L);
}

static const luaL_Reg world[] = {{"ask", ask}, {"send", send}, {"after", after}, {"me", me}, {"look", look}, {"propose", propose}, {"cas", cas}, {"transact", transact}, {"say", say}, {"every", every}, {"tick", tick}, {"where", where}, {"velocity", velocity}, {"push", push}, {NULL, NULL}};

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
	if (!strcmp(name, "on_answer")) { /* items, why not, tag */
		answer(L);
		lua_pushinteger(L, event_tag());
		lua_call(L, 3, 0);
		return 0;
	}
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
	lua_pushinteger(L, event_tag());
	lua_call(L, 3, 0);
	return 0;
}

EXPORT("handle") void handle(void) {
	mt_begin(state);
	lua_pushcfunction(state, dispatch);
	mt_call(state, 0, 0);
}
