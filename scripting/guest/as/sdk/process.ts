// What processes have: time, arguments, lumps and the avatar of their node. The
// mailbox and other processes are in message.ts and handle.ts.
// SPDX-License-Identifier: MIT
import { message } from "./message";
import { BUF, CAP, at, result, utf8 } from "./text";

@external("mt:process@1", "exit")
declare function mt_exit(code: i32): void;
@external("mt:process@1", "arg_count")
declare function mt_arg_count(): i32;
@external("mt:process@1", "arg")
declare function mt_arg(i: i32, ptr: usize, cap: i32): i32;
@external("mt:time@1", "monotonic")
declare function mt_monotonic(): i64;
@external("mt:time@1", "sleep")
declare function mt_sleep(ms: i32): void;
@external("mt:lump@1", "size")
declare function mt_lump_size(cid: usize, len: i32): i32;
@external("mt:lump@1", "read")
declare function mt_lump_read(cid: usize, len: i32, offset: i32, ptr: usize, cap: i32): i32;
@external("mt:lump@1", "send")
declare function mt_lump_send(cid: usize, cidLen: i32, peer: usize, peerLen: i32, note: usize, noteLen: i32): i32;
@external("mt:world@1", "where")
declare function mt_where(ptr: usize): i32;
@external("mt:world@1", "region")
declare function mt_region(ptr: usize, cap: i32): i32;
@external("mt:world@1", "nearby")
declare function mt_nearby(max: i32): i32;
@external("mt:world@1", "near_id")
declare function mt_near_id(i: i32, ptr: usize, cap: i32): i32;
@external("mt:world@1", "near_kind")
declare function mt_near_kind(i: i32, ptr: usize, cap: i32): i32;
@external("mt:world@1", "near_name")
declare function mt_near_name(i: i32, ptr: usize, cap: i32): i32;
@external("mt:world@1", "near_region")
declare function mt_near_region(i: i32, ptr: usize, cap: i32): i32;
@external("mt:world@1", "near_at")
declare function mt_near_at(i: i32, ptr: usize): i32;
@external("mt:world@1", "walk")
declare function mt_walk(x: f64, z: f64): i32;
@external("mt:world@1", "throw")
declare function mt_throw(id: usize, len: i32, vx: f64, vy: f64, vz: f64): i32;
@external("mt:world@1", "touch")
declare function mt_touch(id: usize, len: i32): i32;

export namespace process {
  export function exit(code: i32): void { mt_exit(code); }
  export function args(): string[] {
    const all: string[] = [];
    const n = mt_arg_count();
    for (let i = 0; i < n; i++) all.push(result(mt_arg(i, BUF, CAP)));
    return all;
  }
}

export namespace time {
  /** Milliseconds since the process started. */
  export function ms(): i64 { return mt_monotonic() / 1000000; }
  export function sleep(ms: i32): void { mt_sleep(ms); }
}

export namespace lump {
  /** A lump's bytes, or null when it cannot be had. */
  export function read(cid: string): ArrayBuffer | null {
    const c = utf8(cid);
    const n = mt_lump_size(at(c), c.byteLength);
    if (n < 0) return null;
    const b = new ArrayBuffer(n);
    if (mt_lump_read(at(c), c.byteLength, 0, at(b), n) != n) return null;
    return b;
  }
  /**
   * Begins to send a lump that is on the node to another node; the number of
   * the transfer, or a code. How it ends comes as a message: see sent.
   */
  export function send(cid: string, peer: string, note: string = ""): i32 {
    const c = utf8(cid), p = utf8(peer), n = utf8(note);
    return mt_lump_send(at(c), c.byteLength, at(p), p.byteLength, at(n), n.byteLength);
  }
  /** Reads the message received last, if it is about a transfer. */
  export function sent(text: string): Sent | null {
    if (!message.fromNode() || !text.startsWith("sent\t")) return null;
    const f = text.split("\t");
    if (f.length != 4) return null;
    return new Sent(I32.parseInt(f[1]), I32.parseInt(f[2]), f[3]);
  }
}

/** How the sending of a lump ended. */
export class Sent {
  constructor(public number: i32, public code: i32, public receipt: string) {}
}

/** A place in metres; y is up. */
export class Point {
  constructor(public x: f64 = 0, public y: f64 = 0, public z: f64 = 0) {}
  /** The distance in the ground plane. */
  distance(o: Point): f64 {
    return sqrt((this.x - o.x) * (this.x - o.x) + (this.z - o.z) * (this.z - o.z));
  }
}

/** Something near the avatar. */
export class Thing {
  constructor(public id: string, public kind: string, public name: string, public region: string, public at: Point) {}
}

function point(): Point {
  return new Point(load<f64>(BUF), load<f64>(BUF, 8), load<f64>(BUF, 16));
}

export namespace world {
  /** Where the avatar is, or null when it is nowhere yet. */
  export function where(): Point | null {
    return mt_where(BUF) == 0 ? point() : null;
  }
  /** The name of the region around the avatar. */
  export function region(): string { return result(mt_region(BUF, CAP)); }
  /** What is near, the nearest first. */
  export function nearby(max: i32): Thing[] {
    const all: Thing[] = [];
    const n = mt_nearby(max);
    for (let i = 0; i < n; i++) {
      const id = result(mt_near_id(i, BUF, CAP));
      const kind = result(mt_near_kind(i, BUF, CAP));
      const name = result(mt_near_name(i, BUF, CAP));
      const region = result(mt_near_region(i, BUF, CAP));
      mt_near_at(i, BUF);
      all.push(new Thing(id, kind, name, region, point()));
    }
    return all;
  }
  export function walk(x: f64, z: f64): i32 { return mt_walk(x, z); }
  /** Throws a thing within reach, in metres per second. */
  export function throwThing(id: string, vx: f64, vy: f64, vz: f64): i32 {
    const b = utf8(id);
    return mt_throw(at(b), b.byteLength, vx, vy, vz);
  }
  export function touch(id: string): i32 {
    const b = utf8(id);
    return mt_touch(at(b), b.byteLength);
  }
}
