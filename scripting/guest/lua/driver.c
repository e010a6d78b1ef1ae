/* The Lua state, the script's text and its errors.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "driver.h"
#include "lualib.h"

enum { LINE = 240 }; /* bytes of a log line; the host cuts at 256 */

static int randomseed = LUA_NOREF; /* math.randomseed, whatever the script makes of math */
static int live;                   /* whether the host has random numbers: not while preparing */

int64_t mt_seed(void) { return live ? host_random() : 0; }

/* Output is gathered to lines. */
static char line[LINE];
static int filled;

void mt_writeline(void) {
	host_log(1, line, filled);
	filled = 0;
}

void mt_write(const char *s, size_t n) {
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n' || filled == LINE)
			mt_writeline();
		if (s[i] != '\n')
			line[filled++] = s[i];
	}
}

void mt_codetext(lua_State *L, int code) {
	static const char *const text[] = {"not valid", "too large", "not found", "nothing came in time",
		"not available now", "refused", "full", "not allowed by the capability", "taken back", "taken"};
	int n = -code - 1;
	if (n >= 0 && n < (int)(sizeof text / sizeof *text))
		lua_pushstring(L, text[n]);
	else
		lua_pushfstring(L, "code %d", code);
}

int mt_code(lua_State *L, const char *what, int code) {
	mt_codetext(L, code);
	return luaL_error(L, "%s: %s", what, lua_tostring(L, -1));
}

static const luaL_Reg libraries[] = {
	{LUA_GNAME, luaopen_base}, {LUA_COLIBNAME, luaopen_coroutine}, {LUA_TABLIBNAME, luaopen_table},
	{LUA_STRLIBNAME, luaopen_string}, {LUA_MATHLIBNAME, luaopen_math}, {LUA_UTF8LIBNAME, luaopen_utf8},
	{NULL, NULL}};

static int open(lua_State *L) {
	for (const luaL_Reg *l = libraries; l->func; l++) {
		luaL_requiref(L, l->name, l->func, 1);
		lua_pop(L, 1);
	}
	lua_getglobal(L, LUA_MATHLIBNAME);
	lua_getfield(L, -1, "randomseed");
	randomseed = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_settop(L, 0);
	/* No files: neither is there. */
	lua_pushnil(L);
	lua_setglobal(L, "dofile");
	lua_pushnil(L);
	lua_setglobal(L, "loadfile");
	mt_library(L);
	mt_world(L);
	return 0;
}

lua_State *mt_state(void) {
	lua_State *L = luaL_newstate();
	if (!L) {
		static const char none[] = "no memory for Lua";
		host_fail(none, sizeof none - 1);
	}
	lua_pushcfunction(L, open);
	mt_call(L, 0, 0);
	return L;
}

void mt_begin(lua_State *L) {
	live = 1;
	lua_rawgeti(L, LUA_REGISTRYINDEX, randomseed);
	mt_call(L, 0, 0);
}

/* cut drops an ending. */
static size_t cut(const char *text, size_t n, const char *ending) {
	size_t k = strlen(ending);
	return n > k && !memcmp(text + n - k, ending, k) ? n - k : n;
}

/* fail ends the run. The log gets the message and the stack in lines of their
 * own, the host all of it as one line. */
static void fail(lua_State *L) {
	static const char head[] = "\nstack traceback:\n\t";
	static char all[512];
	size_t n, used = 0;
	int stack = 0;
	const char *text = lua_tolstring(L, -1, &n);
	if (filled)
		mt_writeline();
	if (!text)
		text = "an error that is not text", n = strlen(text);
	/* The bottom of the stack is this driver. */
	n = cut(text, cut(text, n, "\n\t[C]: in ?"), "\nstack traceback:");
	for (size_t i = 0; i < n && used < sizeof all - 4; i++) {
		if (text[i] != '\n') {
			all[used++] = text[i];
			continue;
		}
		int first = n - i > sizeof head - 1 && !memcmp(text + i, head, sizeof head - 1);
		memcpy(all + used, first ? " [" : "; ", 2);
		used += 2;
		stack |= first;
		i += first ? sizeof head - 2 : i + 1 < n && text[i + 1] == '\t';
	}
	if (stack)
		all[used++] = ']';
	for (size_t i = 0, end; i <= n; i = end + 1) {
		const char *next = i < n ? memchr(text + i, '\n', n - i) : NULL;
		end = next ? (size_t)(next - text) : n;
		host_log(3, text + i, (int)(end - i));
	}
	host_fail(all, (int)used);
}

/* traced adds the stack to an error. It runs where the error was raised. */
static int traced(lua_State *L) {
	const char *text = lua_tostring(L, 1);
	if (!text) {
		if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING)
			text = lua_tostring(L, -1);
		else
			text = lua_pushfstring(L, "an error that is a %s", luaL_typename(L, 1));
	}
	luaL_traceback(L, L, text, 1);
	return 1;
}

void mt_call(lua_State *L, int n, int results) {
	int at = lua_gettop(L) - n;
	lua_pushcfunction(L, traced);
	lua_insert(L, at);
	if (lua_pcall(L, n, results, at) != LUA_OK)
		fail(L);
	lua_remove(L, at);
}

/* load reads what the image is made of: a line with the script's name, for
 * messages, and its text. */
static int load(lua_State *L) {
	int size = host_size();
	char *all = lua_newuserdatauv(L, (size_t)size + 1, 0);
	size = host_read(0, all, size);
	char *text = memchr(all, '\n', (size_t)size);
	if (!text)
		return luaL_error(L, "no script");
	*text++ = 0;
	const char *name = lua_pushfstring(L, "@%s", all);
	if (luaL_loadbufferx(L, text, (size_t)(all + size - text), name, "t") != LUA_OK)
		return lua_error(L);
	return 1;
}

void mt_load(lua_State *L) {
	lua_pushcfunction(L, load);
	mt_call(L, 0, 1);
	mt_call(L, 0, 0);
	/* The text is garbage now; what is kept is what the image holds. */
	lua_gc(L, LUA_GCCOLLECT);
}
