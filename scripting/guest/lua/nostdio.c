/* printf to a buffer drags in the standard streams, of which there are none.
 * SPDX-License-Identifier: MIT */
#define NONE(name, ...) int __imported_wasi_snapshot_preview1_##name(__VA_ARGS__) { __builtin_trap(); }

NONE(fd_close, int fd)
NONE(fd_seek, int fd, long long offset, int whence, int result)
NONE(fd_write, int fd, int vectors, int n, int result)
