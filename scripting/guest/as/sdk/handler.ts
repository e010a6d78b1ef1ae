// What handlers have: the event they are run for and the slots of their thing.
// SPDX-License-Identifier: MIT
import { BUF, CAP, at, result, utf8 } from "./text";

@external("mt:world@1", "event_name")
declare function mt_event_name(ptr: usize, cap: i32): i32;
@external("mt:world@1", "event_from")
declare function mt_event_from(ptr: usize, cap: i32): i32;
@external("mt:world@1", "event_from_name")
declare function mt_event_from_name(ptr: usize, cap: i32): i32;
@external("mt:world@1", "event_text")
declare function mt_event_text(ptr: usize, cap: i32): i32;

@external("mt:slot@1", "kind")
declare function mt_kind(name: usize, len: i32): i32;
@external("mt:slot@1", "get_int")
declare function mt_get_int(name: usize, len: i32, otherwise: i64): i64;
@external("mt:slot@1", "get_text")
declare function mt_get_text(name: usize, len: i32, ptr: usize, cap: i32): i32;
@external("mt:slot@1", "set_int")
declare function mt_set_int(name: usize, len: i32, value: i64): i32;
@external("mt:slot@1", "set_bool")
declare function mt_set_bool(name: usize, len: i32, value: i32): i32;
@external("mt:slot@1", "set_text")
declare function mt_set_text(name: usize, len: i32, ptr: usize, n: i32): i32;
@external("mt:slot@1", "delete")
declare function mt_delete(name: usize, len: i32): i32;

export namespace event {
  /** "touch", "heard" or "tick". */
  export function name(): string { return result(mt_event_name(BUF, CAP)); }
  /** The id of who caused it, or "". */
  export function from(): string { return result(mt_event_from(BUF, CAP)); }
  export function fromName(): string { return result(mt_event_from_name(BUF, CAP)); }
  /** What was said. */
  export function text(): string { return result(mt_event_text(BUF, CAP)); }
}

export namespace slot {
  export function has(name: string): bool {
    const n = utf8(name);
    return mt_kind(at(n), n.byteLength) > 0;
  }
  export function getInt(name: string, otherwise: i64 = 0): i64 {
    const n = utf8(name);
    return mt_get_int(at(n), n.byteLength, otherwise);
  }
  export function getBool(name: string, otherwise: bool = false): bool {
    return getInt(name, otherwise ? 1 : 0) != 0;
  }
  /** "" when there is none. */
  export function getText(name: string): string {
    const n = utf8(name);
    return result(mt_get_text(at(n), n.byteLength, BUF, CAP));
  }
  export function setInt(name: string, value: i64): i32 {
    const n = utf8(name);
    return mt_set_int(at(n), n.byteLength, value);
  }
  export function setBool(name: string, value: bool): i32 {
    const n = utf8(name);
    return mt_set_bool(at(n), n.byteLength, value ? 1 : 0);
  }
  export function setText(name: string, value: string): i32 {
    const n = utf8(name), v = utf8(value);
    return mt_set_text(at(n), n.byteLength, at(v), v.byteLength);
  }
  export function remove(name: string): i32 {
    const n = utf8(name);
    return mt_delete(at(n), n.byteLength);
  }
}
