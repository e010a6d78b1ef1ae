// What handlers and processes both have.
// SPDX-License-Identifier: MIT
import { at, utf8 } from "./text";
import { mt_log_log, mt_random_u64, mt_world_say } from "./imports";

export namespace log {
  function write(level: i32, text: string): void {
    const b = utf8(text);
    mt_log_log(level, at(b), b.byteLength);
  }
  export function debug(text: string): void { write(0, text); }
  export function info(text: string): void { write(1, text); }
  export function warn(text: string): void { write(2, text); }
  export function error(text: string): void { write(3, text); }
}

export namespace random {
  export function word(): u64 { return mt_random_u64(); }
  /** A number of 0 to n-1. */
  export function below(n: i32): i32 { return n < 1 ? 0 : <i32>(mt_random_u64() % <u64>n); }
}

/** Says one line of at most 512 bytes aloud; 0 or a code. */
export function say(text: string): i32 {
  const b = utf8(text);
  return mt_world_say(at(b), b.byteLength);
}
