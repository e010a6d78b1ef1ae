// What processes have: time, arguments, lumps and the avatar of their node. The
// mailbox and other processes are in message.ts and handle.ts.
// SPDX-License-Identifier: MIT
import { message } from "./message";
import { Point } from "./point";
import { BUF, CAP, at, result, utf8 } from "./text";
import {
  mt_lump_read, mt_lump_send, mt_lump_size, mt_process_arg, mt_process_arg_count, mt_process_exit,
  mt_time_monotonic, mt_time_sleep, mt_world_near_at, mt_world_near_id, mt_world_near_kind, mt_world_near_name,
  mt_world_near_region, mt_world_nearby, mt_world_region, mt_world_throw, mt_world_touch, mt_world_walk,
  mt_world_where,
} from "./imports";

export namespace process {
  export function exit(code: i32): void { mt_process_exit(code); }
  export function args(): string[] {
    const all: string[] = [];
    const n = mt_process_arg_count();
    for (let i = 0; i < n; i++) all.push(result(mt_process_arg(i, BUF, CAP)));
    return all;
  }
}

export namespace time {
  /** Milliseconds since the process started. */
  export function ms(): i64 { return mt_time_monotonic() / 1000000; }
  export function sleep(ms: i32): void { mt_time_sleep(ms); }
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
    return mt_world_where(BUF) == 0 ? point() : null;
  }
  /** The name of the region around the avatar. */
  export function region(): string { return result(mt_world_region(BUF, CAP)); }
  /** What is near, the nearest first. */
  export function nearby(max: i32): Thing[] {
    const all: Thing[] = [];
    const n = mt_world_nearby(max);
    for (let i = 0; i < n; i++) {
      const id = result(mt_world_near_id(i, BUF, CAP));
      const kind = result(mt_world_near_kind(i, BUF, CAP));
      const name = result(mt_world_near_name(i, BUF, CAP));
      const region = result(mt_world_near_region(i, BUF, CAP));
      mt_world_near_at(i, BUF);
      all.push(new Thing(id, kind, name, region, point()));
    }
    return all;
  }
  export function walk(x: f64, z: f64): i32 { return mt_world_walk(x, z); }
  /** Throws a thing within reach, in metres per second. */
  export function throwThing(id: string, vx: f64, vy: f64, vz: f64): i32 {
    const b = utf8(id);
    return mt_world_throw(at(b), b.byteLength, vx, vy, vz);
  }
  export function touch(id: string): i32 {
    const b = utf8(id);
    return mt_world_touch(at(b), b.byteLength);
  }
}
