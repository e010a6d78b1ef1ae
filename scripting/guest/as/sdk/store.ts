// The region's store, which handlers ask: the answer is a later event.
// SPDX-License-Identifier: MIT
import { BUF, CAP, at, result, utf8 } from "./text";
import {
  mt_store_add, mt_store_ask, mt_store_check_int, mt_store_check_none, mt_store_check_text, mt_store_count, mt_store_delete,
  mt_store_error, mt_store_get, mt_store_int, mt_store_key, mt_store_kind, mt_store_list, mt_store_put_int, mt_store_put_text,
  mt_store_text, mt_world_event_tag,
} from "./imports";

/** A request: what follows it are its steps, all of which are done or none. */
export namespace store {
  export function ask(tag: i64 = 0): i32 { return mt_store_ask(tag); }
  export function get(key: string): i32 {
    const k = utf8(key);
    return mt_store_get(at(k), k.byteLength);
  }
  export function putInt(key: string, value: i64): i32 {
    const k = utf8(key);
    return mt_store_put_int(at(k), k.byteLength, value);
  }
  export function putText(key: string, value: string): i32 {
    const k = utf8(key), v = utf8(value);
    return mt_store_put_text(at(k), k.byteLength, at(v), v.byteLength);
  }
  export function remove(key: string): i32 {
    const k = utf8(key);
    return mt_store_delete(at(k), k.byteLength);
  }
  export function add(key: string, n: i64): i32 {
    const k = utf8(key);
    return mt_store_add(at(k), k.byteLength, n);
  }
  /** At most 64 items whose keys begin with the prefix, from `start` on. */
  export function list(prefix: string, start: string = "", most: u32 = 64): i32 {
    const p = utf8(prefix), s = utf8(start);
    return mt_store_list(at(p), p.byteLength, at(s), s.byteLength, most);
  }
  /** Nothing is done unless the value is this. */
  export function checkInt(key: string, value: i64): i32 {
    const k = utf8(key);
    return mt_store_check_int(at(k), k.byteLength, value);
  }
  export function checkText(key: string, value: string): i32 {
    const k = utf8(key), v = utf8(value);
    return mt_store_check_text(at(k), k.byteLength, at(v), v.byteLength);
  }
  /** Nothing is done unless there is no such key. */
  export function checkNone(key: string): i32 {
    const k = utf8(key);
    return mt_store_check_none(at(k), k.byteLength);
  }
}

/** What an event "answer" brings. */
export namespace answer {
  export function tag(): i64 { return mt_world_event_tag(); }
  /** Why nothing was done, or "". */
  export function error(): string { return result(mt_store_error(BUF, CAP)); }
  export function count(): i32 { return mt_store_count(); }
  export function has(i: u32): bool { return mt_store_kind(i) > 0; }
  export function key(i: u32): string { return result(mt_store_key(i, BUF, CAP)); }
  export function int(i: u32, otherwise: i64 = 0): i64 { return mt_store_int(i, otherwise); }
  export function text(i: u32): string { return result(mt_store_text(i, BUF, CAP)); }
}
