/* How PUC Lua is configured to be a driver: included before every file of it.
 * SPDX-License-Identifier: MIT */
#ifndef METATOPIA_LUA_CONF_H
#define METATOPIA_LUA_CONF_H

#include <stddef.h>

/* Protected calls by the host's help (try.c), in place of setjmp. */
int mt_try(void *f, void *a, void *b);
_Noreturn void mt_throw(void);
#define luai_jmpbuf int
#define LUAI_THROW(L, c) mt_throw()
#define LUAI_TRY(L, c, a) \
	{ if (mt_try((void *)f, L, ud) && (c)->status == 0) (c)->status = -1; }

/* Levels of C calls: protected calls, coroutines, nested syntax, patterns.
 * Above them Lua gives "C stack overflow", before the host gives up. */
#define LUAI_MAXCCALLS 120

/* There are no signals. */
#define l_signalT int

/* Nothing may differ between two nodes. */
#define luai_makeseed(L) 0x6d657461u
#define l_randomizePivot() 0x746f7069u
#define lua_getlocaledecpoint() '.'

/* Where output goes: the author's log. */
void mt_write(const char *s, size_t n);
void mt_writeline(void);
#define lua_writestring(s, n) mt_write((s), (n))
#define lua_writeline() mt_writeline()
#define lua_writestringerror(s, p) ((void)(p))

#endif
