// The mailbox: letters, timers (docs/interfaces/message.md).
// SPDX-License-Identifier: MIT
import { BUF, CAP, at, result } from "./text";

@external("mt:message@1", "receive")
declare function mt_receive(tags: usize, n: i32, timeout: i64): i32;
@external("mt:message@1", "kind")
declare function mt_kind(): i32;
@external("mt:message@1", "size")
declare function mt_size(): i32;
@external("mt:message@1", "read")
declare function mt_read(ptr: usize, cap: i32): i32;
@external("mt:message@1", "tag")
declare function mt_tag(): i64;
@external("mt:message@1", "from_node")
declare function mt_from_node(): i32;
@external("mt:message@1", "caps")
declare function mt_caps(): i32;
@external("mt:message@1", "cap")
declare function mt_cap(i: i32): i32;
@external("mt:message@1", "ref")
declare function mt_ref(): i64;
@external("mt:message@1", "reason")
declare function mt_reason(): i32;
@external("mt:message@1", "code")
declare function mt_code(): i32;
@external("mt:message@1", "reason_text")
declare function mt_reason_text(ptr: usize, cap: i32): i32;
@external("mt:message@1", "timer")
declare function mt_timer(ms: i64): i64;
@external("mt:message@1", "cancel")
declare function mt_cancel(ref: i64): i32;

/** Kinds of a letter. */
export enum Kind { none = 0, message = 1, down = 2, exit = 3, timer = 4 }

/** How a process has ended. */
export enum End { normal = 0, failed, faulted, killed, linked, gone, unreachable }

/**
 * The current letter: the one that handle was called for, or that receive took
 * last.
 */
export namespace message {
  /**
   * Takes the next letter with one of the tags, any without: its kind, or a code.
   * A negative timeout waits for ever. Only for processes that export run.
   */
  export function next(ms: i64, tags: StaticArray<i64> | null = null): i32 {
    return tags ? mt_receive(changetype<usize>(tags), tags.length, ms) : mt_receive(0, 0, ms);
  }
  /** Takes the next letter, and gives the text of a message; null for another, or when none came in time. */
  export function receive(ms: i64): string | null {
    return next(ms) == Kind.message ? text() : null;
  }
  export function kind(): Kind { return mt_kind(); }
  export function tag(): i64 { return mt_tag(); }
  /** True for a message that no process sent, but the node. */
  export function fromNode(): bool { return mt_from_node() != 0; }
  export function bytes(): ArrayBuffer {
    const b = new ArrayBuffer(mt_size());
    mt_read(at(b), b.byteLength);
    return b;
  }
  export function text(): string {
    const n = mt_size();
    if (n <= CAP) return result(mt_read(BUF, CAP));
    return String.UTF8.decode(bytes());
  }
  /** How many capabilities are in it. */
  export function caps(): i32 { return mt_caps(); }
  /** The handle of one of them, or a code. */
  export function cap(i: i32): i32 { return mt_cap(i); }
  /** The number of a down's monitor, or of a timer. */
  export function ref(): i64 { return mt_ref(); }
  /** Of a down or an exit. */
  export function reason(): End { return mt_reason(); }
  export function code(): i32 { return mt_code(); }
  export function reasonText(): string { return result(mt_reason_text(BUF, CAP)); }
  /** Has a timer letter come; its number, or a code. */
  export function timer(ms: i64): i64 { return mt_timer(ms); }
  export function cancel(ref: i64): bool { return mt_cancel(ref) == 0; }
}
