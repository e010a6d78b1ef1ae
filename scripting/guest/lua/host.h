/* What the driver imports: see docs/interfaces.
 * SPDX-License-Identifier: MIT */
#ifndef METATOPIA_LUA_HOST_H
#define METATOPIA_LUA_HOST_H

#include <stdint.h>

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

IMPORT("mt:fault@1", "try") int host_try(void *f, void *a, void *b);
IMPORT("mt:fault@1", "throw") void host_throw(void);

IMPORT("mt:fault@1", "fail") _Noreturn void host_fail(const char *text, int len);

IMPORT("mt:image@1", "size") int host_size(void);
IMPORT("mt:image@1", "read") int host_read(int at, char *buf, int len);

IMPORT("mt:log@1", "log") void host_log(int level, const char *text, int len);
IMPORT("mt:random@1", "u64") int64_t host_random(void);

IMPORT("mt:world@1", "say") int host_say(const char *text, int len);

/* Negative results: docs/interfaces/README.md. */
enum {
	CODE_INVALID = -1, CODE_TOO_LARGE = -2, CODE_NOT_FOUND = -3, CODE_TIMEOUT = -4,
	CODE_UNAVAILABLE = -5, CODE_REFUSED = -6, CODE_FULL = -7, CODE_DENIED = -8, CODE_REVOKED = -9
};

#endif
