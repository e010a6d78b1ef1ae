// SPDX-License-Identifier: MIT

/** Bytes of the buffer that host functions write results to. */
export const CAP: i32 = 8192;
/** The buffer itself. */
export const BUF: usize = memory.data(8192, 8);

/** What the host wrote to BUF, for the length it returned; "" for a code. */
export function result(n: i32): string {
  if (n <= 0) return "";
  return String.UTF8.decodeUnsafe(BUF, min(n, CAP));
}

/** A string as UTF-8; its pointer is `at(b)`, its length `b.byteLength`. */
export function utf8(s: string): ArrayBuffer {
  return String.UTF8.encode(s);
}

@inline
export function at(b: ArrayBuffer): usize {
  return changetype<usize>(b);
}
