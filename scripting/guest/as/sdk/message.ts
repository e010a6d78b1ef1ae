// The mailbox: letters, timers (docs/interfaces/message.md).
// SPDX-License-Identifier: MIT
import { BUF, CAP, at, result } from "./text";
import {
  mt_message_cancel, mt_message_cap, mt_message_caps, mt_message_code, mt_message_from_node, mt_message_kind,
  mt_message_read, mt_message_reason, mt_message_reason_text, mt_message_receive, mt_message_ref,
  mt_message_size, mt_message_tag, mt_message_timer,
} from "./imports";

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
    return tags ? mt_message_receive(changetype<usize>(tags), tags.length, ms) : mt_message_receive(0, 0, ms);
  }
  /** Takes the next letter, and gives the text of a message; null for another, or when none came in time. */
  export function receive(ms: i64): string | null {
    return next(ms) == Kind.message ? text() : null;
  }
  export function kind(): Kind { return mt_message_kind(); }
  export function tag(): i64 { return mt_message_tag(); }
  /** True for a message that no process sent, but the node. */
  export function fromNode(): bool { return mt_message_from_node() != 0; }
  export function bytes(): ArrayBuffer {
    const b = new ArrayBuffer(mt_message_size());
    mt_message_read(at(b), b.byteLength);
    return b;
  }
  export function text(): string {
    const n = mt_message_size();
    if (n <= CAP) return result(mt_message_read(BUF, CAP));
    return String.UTF8.decode(bytes());
  }
  /** How many capabilities are in it. */
  export function caps(): i32 { return mt_message_caps(); }
  /** The handle of one of them, or a code. */
  export function cap(i: i32): i32 { return mt_message_cap(i); }
  /** The number of a down's monitor, or of a timer. */
  export function ref(): i64 { return mt_message_ref(); }
  /** Of a down or an exit. */
  export function reason(): End { return mt_message_reason(); }
  export function code(): i32 { return mt_message_code(); }
  export function reasonText(): string { return result(mt_message_reason_text(BUF, CAP)); }
  /** Has a timer letter come; its number, or a code. */
  export function timer(ms: i64): i64 { return mt_message_timer(ms); }
  export function cancel(ref: i64): bool { return mt_message_cancel(ref) == 0; }
}
