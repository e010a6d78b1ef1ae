// Other processes, and the capabilities to them (docs/interfaces/process.md).
// SPDX-License-Identifier: MIT
import { at, utf8 } from "./text";
import {
  mt_message_send, mt_message_send_caps, mt_process_demonitor, mt_process_demote, mt_process_drop,
  mt_process_kill, mt_process_lend, mt_process_link, mt_process_monitor, mt_process_parent,
  mt_process_register, mt_process_revoke, mt_process_rights, mt_process_self, mt_process_spawn, mt_process_spawn_module, mt_process_spawn_on,
  mt_process_supervise, mt_process_trap_exits, mt_process_unlink, mt_process_unregister, mt_process_whereis,
} from "./imports";

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
    return mt_message_send(this.id, tag, at(b), b.byteLength);
  }
  sendCaps(text: string, tag: i64, caps: StaticArray<i32>): i32 {
    const b = utf8(text);
    return mt_message_send_caps(this.id, tag, at(b), b.byteLength, changetype<usize>(caps), caps.length);
  }
  sendBytes(data: ArrayBuffer, tag: i64 = 0): i32 {
    return mt_message_send(this.id, tag, at(data), data.byteLength);
  }
  sendBytesCaps(data: ArrayBuffer, tag: i64, caps: StaticArray<i32>): i32 {
    return mt_message_send_caps(this.id, tag, at(data), data.byteLength, changetype<usize>(caps), caps.length);
  }
  link(tag: i64 = 0): i32 { return mt_process_link(this.id, tag); }
  unlink(): i32 { return mt_process_unlink(this.id); }
  monitor(): i64 { return mt_process_monitor(this.id); }
  kill(): i32 { return mt_process_kill(this.id); }
  rights(): i32 { return mt_process_rights(this.id); }
  demote(rights: i32): Handle { return new Handle(mt_process_demote(this.id, rights)); }
  lend(rights: i32): Handle { return new Handle(mt_process_lend(this.id, rights)); }
  revoke(): i32 { return mt_process_revoke(this.id); }
  drop(): i32 { return mt_process_drop(this.id); }
}

export namespace processes {
  /** This process, with all rights. */
  export function self(): Handle { return new Handle(mt_process_self()); }
  /** Who spawned it. */
  export function parent(): Handle { return new Handle(mt_process_parent()); }
  /** Starts this module again with one argument. */
  export function spawn(arg: string, name: string = "", flags: i32 = 0, tag: i64 = 0): Handle {
    const a = utf8(arg), n = utf8(name);
    return new Handle(mt_process_spawn(at(a), a.byteLength, at(n), n.byteLength, flags, tag));
  }
  /** Starts another module, if that was granted (metatopia spawn --may-spawn). */
  export function spawnModule(cid: string, arg: string = "", name: string = "", flags: i32 = 0, tag: i64 = 0): Handle {
    const c = utf8(cid), a = utf8(arg), n = utf8(name);
    return new Handle(mt_process_spawn_module(at(c), c.byteLength, at(a), a.byteLength, at(n), n.byteLength, flags, tag));
  }
  /** Starts a module on another node, if that was granted and its owner agreed. */
  export function spawnOn(peer: string, cid: string, arg: string = "", flags: i32 = 0, tag: i64 = 0): Handle {
    const p = utf8(peer), c = utf8(cid), a = utf8(arg);
    return new Handle(mt_process_spawn_on(at(p), p.byteLength, at(c), c.byteLength, at(a), a.byteLength, flags, tag));
  }
  /** Has the node keep children alive; see docs/interfaces/process.md for the text. */
  export function supervise(spec: string): Handle {
    const b = utf8(spec);
    return new Handle(mt_process_supervise(at(b), b.byteLength));
  }
  export function demonitor(ref: i64): void { mt_process_demonitor(ref); }
  export function trapExits(on: bool): void { mt_process_trap_exits(on ? 1 : 0); }
}

/** Names within the processes that came of one. */
export namespace names {
  export function register(name: string, h: Handle): i32 {
    const n = utf8(name);
    return mt_process_register(at(n), n.byteLength, h.id);
  }
  export function unregister(name: string): i32 {
    const n = utf8(name);
    return mt_process_unregister(at(n), n.byteLength);
  }
  export function whereis(name: string): Handle {
    const n = utf8(name);
    return new Handle(mt_process_whereis(at(n), n.byteLength));
  }
}
