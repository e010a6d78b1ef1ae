// Other processes, and the capabilities to them (docs/interfaces/process.md).
// SPDX-License-Identifier: MIT
import { at, utf8 } from "./text";

@external("mt:message@1", "send")
declare function mt_send(h: i32, tag: i64, ptr: usize, len: i32): i32;
@external("mt:message@1", "send_caps")
declare function mt_send_caps(h: i32, tag: i64, ptr: usize, len: i32, handles: usize, n: i32): i32;
@external("mt:process@1", "self")
declare function mt_self(): i32;
@external("mt:process@1", "parent")
declare function mt_parent(): i32;
@external("mt:process@1", "spawn")
declare function mt_spawn(arg: usize, argLen: i32, name: usize, nameLen: i32, flags: i32, tag: i64): i32;
@external("mt:process@1", "supervise")
declare function mt_supervise(spec: usize, len: i32): i32;
@external("mt:process@1", "link")
declare function mt_link(h: i32, tag: i64): i32;
@external("mt:process@1", "unlink")
declare function mt_unlink(h: i32): i32;
@external("mt:process@1", "monitor")
declare function mt_monitor(h: i32): i64;
@external("mt:process@1", "demonitor")
declare function mt_demonitor(ref: i64): i32;
@external("mt:process@1", "trap_exits")
declare function mt_trap_exits(on: i32): void;
@external("mt:process@1", "kill")
declare function mt_kill(h: i32): i32;
@external("mt:process@1", "rights")
declare function mt_rights(h: i32): i32;
@external("mt:process@1", "demote")
declare function mt_demote(h: i32, rights: i32): i32;
@external("mt:process@1", "lend")
declare function mt_lend(h: i32, rights: i32): i32;
@external("mt:process@1", "revoke")
declare function mt_revoke(h: i32): i32;
@external("mt:process@1", "drop")
declare function mt_drop(h: i32): i32;
@external("mt:process@1", "register")
declare function mt_register(name: usize, len: i32, h: i32): i32;
@external("mt:process@1", "unregister")
declare function mt_unregister(name: usize, len: i32): i32;
@external("mt:process@1", "whereis")
declare function mt_whereis(name: usize, len: i32): i32;

export namespace Rights {
  export const send = 1;
  export const monitor = 2;
  export const link = 4;
  export const kill = 8;
  export const all = 15;
}

/** Flags of spawn. */
export namespace Spawn {
  export const link = 1;
  export const monitor = 2;
  export const handler = 4;
  export const low = 8;
  export const trapExits = 16;
  export const getOrSpawn = 32;
}

/** A capability: the only way to another process. id is a code when it is below 0. */
export class Handle {
  constructor(public id: i32) {}
  get ok(): bool { return this.id > 0; }
  send(text: string, tag: i64 = 0): i32 {
    const b = utf8(text);
    return mt_send(this.id, tag, at(b), b.byteLength);
  }
  sendCaps(text: string, tag: i64, caps: StaticArray<i32>): i32 {
    const b = utf8(text);
    return mt_send_caps(this.id, tag, at(b), b.byteLength, changetype<usize>(caps), caps.length);
  }
  link(tag: i64 = 0): i32 { return mt_link(this.id, tag); }
  unlink(): i32 { return mt_unlink(this.id); }
  monitor(): i64 { return mt_monitor(this.id); }
  kill(): i32 { return mt_kill(this.id); }
  rights(): i32 { return mt_rights(this.id); }
  demote(rights: i32): Handle { return new Handle(mt_demote(this.id, rights)); }
  lend(rights: i32): Handle { return new Handle(mt_lend(this.id, rights)); }
  revoke(): i32 { return mt_revoke(this.id); }
  drop(): i32 { return mt_drop(this.id); }
}

export namespace processes {
  /** This process, with all rights. */
  export function self(): Handle { return new Handle(mt_self()); }
  /** Who spawned it. */
  export function parent(): Handle { return new Handle(mt_parent()); }
  /** Starts this module again with one argument. */
  export function spawn(arg: string, name: string = "", flags: i32 = 0, tag: i64 = 0): Handle {
    const a = utf8(arg), n = utf8(name);
    return new Handle(mt_spawn(at(a), a.byteLength, at(n), n.byteLength, flags, tag));
  }
  /** Has the node keep children alive; see docs/interfaces/process.md for the text. */
  export function supervise(spec: string): Handle {
    const b = utf8(spec);
    return new Handle(mt_supervise(at(b), b.byteLength));
  }
  export function demonitor(ref: i64): void { mt_demonitor(ref); }
  export function trapExits(on: bool): void { mt_trap_exits(on ? 1 : 0); }
}

/** Names within the processes that came of one. */
export namespace names {
  export function register(name: string, h: Handle): i32 {
    const n = utf8(name);
    return mt_register(at(n), n.byteLength, h.id);
  }
  export function unregister(name: string): i32 {
    const n = utf8(name);
    return mt_unregister(at(n), n.byteLength);
  }
  export function whereis(name: string): Handle {
    const n = utf8(name);
    return new Handle(mt_whereis(at(n), n.byteLength));
  }
}
