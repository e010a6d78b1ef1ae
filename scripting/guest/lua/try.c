/* Protected calls: the host calls try_call on a stack of its own, and throw
 * unwinds to where it did so.
 * SPDX-License-Identifier: MIT */
#include "conf.h"
#include "host.h"

/* The linker's stack pointer, which a thrown call leaves where it was. */
__asm__(".globaltype __stack_pointer, i32\n");

int mt_try(void *f, void *a, void *b) {
	unsigned sp;
	__asm__ volatile("global.get __stack_pointer\nlocal.set %0" : "=r"(sp));
	int thrown = host_try(f, a, b);
	if (thrown)
		__asm__ volatile("local.get %0\nglobal.set __stack_pointer" : : "r"(sp));
	return thrown;
}

_Noreturn void mt_throw(void) {
	host_throw();
	__builtin_trap();
}

EXPORT("try_call") void try_call(void *f, void *a, void *b) {
	((void (*)(void *, void *))f)(a, b);
}
