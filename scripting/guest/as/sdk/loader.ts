// What loaders have: the bytes of a lump, and where the asset made of them
// goes (docs/interfaces/asset.md, docs/protocol/assets.md).
// SPDX-License-Identifier: MIT
import { at, utf8 } from "./text";
import { mt_asset_class, mt_asset_fail, mt_asset_read, mt_asset_size, mt_asset_write } from "./imports";

const CHUNK: i32 = 65536;
const OUT: usize = memory.data(65536, 8);

export namespace asset {
  export const MESH = 1;
  export const TEXTURE = 2;
  export const SOUND = 3;

  /** The class that is wanted. */
  export function wanted(): i32 { return mt_asset_class(); }
  /** Bytes of the lump. */
  export function size(): i32 { return mt_asset_size(); }
  /** Copies bytes of the lump; how many, 0 at the end. */
  export function read(offset: i32, ptr: usize, cap: i32): i32 { return mt_asset_read(offset, ptr, cap); }

  /** Ends the loader: it cannot read the bytes, and why. */
  export function fail(why: string): void {
    const b = utf8(why);
    mt_asset_fail(at(b), b.byteLength);
    unreachable();
  }

  let used: i32 = 0;

  /** Writes what the puts have collected. Last of all. */
  export function flush(): void {
    if (used > 0 && mt_asset_write(OUT, used) != 0) fail("what it makes is too large");
    used = 0;
  }

  @inline
  function room(n: i32): usize {
    if (used + n > CHUNK) flush();
    const p = OUT + used;
    used += n;
    return p;
  }

  export function putByte(v: i32): void { store<u8>(room(1), <u8>v); }
  export function putInt(v: u32): void { store<u32>(room(4), v); }
  export function putFloat(v: f32): void { store<f32>(room(4), v); }

  /** The head of an encoding. */
  export function head(kind: u32): void {
    putInt(0x0161746d); // "mta" 01
    putInt(kind);
  }
}
