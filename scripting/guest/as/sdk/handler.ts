// What handlers have: the event they are run for and the slots of their thing.
// SPDX-License-Identifier: MIT
import { BUF, CAP, at, result, utf8 } from "./text";
import { Point } from "./point";
import {
  mt_physics_impulse, mt_physics_look, mt_physics_push, mt_physics_velocity, mt_physics_where,
  mt_slot_delete, mt_slot_get_int, mt_slot_get_text, mt_slot_kind, mt_slot_set_bool, mt_slot_set_int,
  mt_slot_set_text, mt_world_event_from, mt_world_event_from_name, mt_world_event_name, mt_world_event_text,
} from "./imports";

export namespace event {
  /** "touch", "heard", "tick" or "upgrade". */
  export function name(): string { return result(mt_world_event_name(BUF, CAP)); }
  /** The id of who caused it, or "". */
  export function from(): string { return result(mt_world_event_from(BUF, CAP)); }
  export function fromName(): string { return result(mt_world_event_from_name(BUF, CAP)); }
  /** What was said. */
  export function text(): string { return result(mt_world_event_text(BUF, CAP)); }
}

/** The body of the thing. */
export namespace body {
  function point(): Point { return new Point(load<f64>(BUF), load<f64>(BUF, 8), load<f64>(BUF, 16)); }
  /** Where it is, as the tick began. */
  export function where(): Point {
    mt_physics_where(BUF);
    return point();
  }
  /** Metres per second, as the tick began. */
  export function velocity(): Point {
    mt_physics_velocity(BUF);
    return point();
  }
  /** Adds to its velocity at the end of the tick; 0 or a code. */
  export function push(x: f64, y: f64, z: f64): i32 { return mt_physics_push(x, y, z); }
  /** How hard the bump was that a touch tells of, N·s; 0 when a hand touched it. */
  export function impulse(): f64 { return mt_physics_impulse(); }
  /** Where the straight way from a place first meets something, or null. */
  export function look(from: Point, way: Point): Point | null {
    if (mt_physics_look(from.x, from.y, from.z, way.x, way.y, way.z, BUF) != 0) return null;
    return point();
  }
}

export namespace slot {
  export function has(name: string): bool {
    const n = utf8(name);
    return mt_slot_kind(at(n), n.byteLength) > 0;
  }
  export function getInt(name: string, otherwise: i64 = 0): i64 {
    const n = utf8(name);
    return mt_slot_get_int(at(n), n.byteLength, otherwise);
  }
  export function getBool(name: string, otherwise: bool = false): bool {
    return getInt(name, otherwise ? 1 : 0) != 0;
  }
  /** "" when there is none. */
  export function getText(name: string): string {
    const n = utf8(name);
    return result(mt_slot_get_text(at(n), n.byteLength, BUF, CAP));
  }
  export function setInt(name: string, value: i64): i32 {
    const n = utf8(name);
    return mt_slot_set_int(at(n), n.byteLength, value);
  }
  export function setBool(name: string, value: bool): i32 {
    const n = utf8(name);
    return mt_slot_set_bool(at(n), n.byteLength, value ? 1 : 0);
  }
  export function setText(name: string, value: string): i32 {
    const n = utf8(name), v = utf8(value);
    return mt_slot_set_text(at(n), n.byteLength, at(v), v.byteLength);
  }
  export function remove(name: string): i32 {
    const n = utf8(name);
    return mt_slot_delete(at(n), n.byteLength);
  }
}
