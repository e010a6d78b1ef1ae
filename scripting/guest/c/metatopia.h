/* The interfaces of a Metatopia node for C: what metatopia_imports.h declares,
 * and a little that makes it easier. No library is needed:
 *
 *   clang --target=wasm32 -nostdlib -ffreestanding -O2 -Wl,--no-entry -I. \
 *         -o guest.wasm guest.c
 *
 * SPDX-License-Identifier: MIT */
#ifndef METATOPIA_H
#define METATOPIA_H

#include "metatopia_imports.h"

/* What the host calls: MT_EXPORT("run") void run(void) { ... } */
#define MT_EXPORT(name) __attribute__((export_name(name)))

/* Kinds of a letter. */
enum { MT_MESSAGE = 1, MT_DOWN = 2, MT_EXIT = 3, MT_TIMER = 4 };

/* How a process has ended. */
enum { MT_NORMAL, MT_FAILED, MT_FAULTED, MT_KILLED, MT_LINKED, MT_GONE, MT_UNREACHABLE };

/* Rights of a handle. */
enum { MT_MAY_SEND = 1, MT_MAY_MONITOR = 2, MT_MAY_LINK = 4, MT_MAY_KILL = 8 };

/* Flags of mt_process_spawn. */
enum { MT_WITH_LINK = 1, MT_WITH_MONITOR = 2, MT_AS_HANDLER = 4, MT_LOW = 8, MT_TRAPPING = 16, MT_GET_OR_SPAWN = 32 };

/* Levels of a line. */
enum { MT_DEBUG, MT_INFO, MT_WARN, MT_ERROR };

static inline uint32_t mt_len(const char *s) {
	uint32_t n = 0;
	while (s[n])
		n++;
	return n;
}

static inline void mt_info(const char *line) { mt_log_log(MT_INFO, line, mt_len(line)); }

/* Whether n bytes are the text. */
static inline int mt_is(const char *p, uint32_t n, const char *text) {
	uint32_t i = 0;
	for (; i < n && text[i]; i++)
		if (p[i] != text[i])
			return 0;
	return i == n && !text[i];
}

/* Appends a text at p, which has room for it, and gives where it ends. */
static inline char *mt_put(char *p, const char *text) {
	while (*text)
		*p++ = *text++;
	return p;
}

/* Appends a number in decimal, at most 20 bytes. */
static inline char *mt_put_int(char *p, int64_t v) {
	char digits[20];
	int n = 0;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do {
		digits[n++] = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (v < 0)
		*p++ = '-';
	while (n)
		*p++ = digits[--n];
	return p;
}

#endif
