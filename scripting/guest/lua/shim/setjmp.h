/* Lua's ldo.c includes setjmp.h, which wasi-libc refuses to be. Nothing of it
 * is used: protected calls go through mt_try (try.c).
 * SPDX-License-Identifier: MIT */
