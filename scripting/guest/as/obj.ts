// A loader for Wavefront OBJ: polygons with texture coordinates, normals,
// colours of vertices, and materials. A material library is a second file,
// which a lump cannot name; its lines may stand before those of the model
// (cat chair.mtl chair.obj | metatopia lump add -).
//
// The text is read twice, piece by piece: first to count, so that memory is
// set aside once, then to keep. Lines, curves and groups are passed over.
// SPDX-License-Identifier: MIT
import { asset } from "./sdk";

const MAX_VERTICES: i32 = 1 << 20;
const MAX_CORNERS: i32 = 3 << 20;
const MAX_PARTS: i32 = 4096;
const MAX_MATERIALS: i32 = 1024;
const MAX_NAME: i32 = 64;
const MEMORY: i32 = 56 << 20; // of the 64 MiB that a loader may have
const NONE: u32 = 0xffffffff;

// The text, one character ahead.
const BUF: usize = memory.data(65536, 8);
let have: i32 = 0, at: i32 = 0, offset: i32 = 0;
let c: i32 = -1;
let line: i32 = 1;

function take(): i32 {
  if (at == have) {
    have = asset.read(offset, BUF, 65536);
    offset += have;
    at = 0;
    if (have == 0) return -1;
  }
  return load<u8>(BUF + at++);
}

function next(): void {
  c = take();
  if (c == 92) { // a backslash before the end of a line joins it with the next
    const n = take();
    if (n == 13) take();
    if (n == 13 || n == 10) { line++; c = 32; }
    else if (n >= 0) at--;
  }
}

function rewind(): void { have = 0; at = 0; offset = 0; line = 1; next(); }

function fail(why: string): void { asset.fail("line " + line.toString() + ": " + why); }

@inline
function blank(): void { while (c == 32 || c == 9 || c == 13) next(); }
@inline
function ended(): bool { return c == 10 || c == -1; }
function skipLine(): void {
  while (!ended()) next();
  if (c == 10) { line++; next(); }
}

/** The word here, its letters packed; 0 for one of more than eight. */
function word(): u64 {
  blank();
  let w: u64 = 0, n = 0;
  while (!ended() && c != 32 && c != 9 && c != 13) { w = (w << 8) | <u64>c; n++; next(); }
  return n > 8 ? 0 : w;
}

// Words, packed as word() does.
const V: u64 = 0x76, VT: u64 = 0x7674, VN: u64 = 0x766e, F: u64 = 0x66;
const USEMTL: u64 = 0x7573656d746c, NEWMTL: u64 = 0x6e65776d746c;
const KD: u64 = 0x4b64, KE: u64 = 0x4b65, NS: u64 = 0x4e73, D: u64 = 0x64, TR: u64 = 0x5472;

function power(n: i32): f64 {
  let p = 1.0, b = 10.0;
  for (; n > 0; n >>= 1) { if (n & 1) p *= b; b *= b; }
  return p;
}

/** The number here. */
function number(): f64 {
  blank();
  let negative = c == 45;
  if (c == 45 || c == 43) next();
  let m: u64 = 0, exp = 0, digits = 0, point = false;
  for (;; next()) {
    if (c == 46 && !point) { point = true; continue; }
    if (c < 48 || c > 57) break;
    digits++;
    if (m < 100000000000000000) { m = m * 10 + <u64>(c - 48); if (point) exp--; }
    else if (!point) exp++;
  }
  if (digits == 0) fail("a number is missing");
  if (c == 101 || c == 69) {
    next();
    const minus = c == 45;
    if (c == 45 || c == 43) next();
    let e = 0;
    for (; c >= 48 && c <= 57; next()) e = min(e * 10 + (c - 48), 9999);
    exp += minus ? -e : e;
  }
  let v = <f64>m;
  if (m != 0) v = exp < 0 ? v / power(min(-exp, 400)) : v * power(min(exp, 400));
  return negative ? -v : v;
}

/** Whether another number is on the line. */
function more(): bool { blank(); return !ended() && c != 35; }

function unit(v: f64): f32 { return <f32>max(0.0, min(1.0, v)); }

/** The whole number here; 0 stands for none. */
function whole(): i32 {
  const negative = c == 45;
  if (negative) next();
  let v = 0;
  for (; c >= 48 && c <= 57; next()) v = min(v * 10 + (c - 48), 100000000);
  return negative ? -v : v;
}

/** An index as the file counts, from 1 or back from the last: from 1. */
function resolve(i: i32, soFar: i32, all: i32): i32 {
  if (i < 0) i += soFar + 1;
  if (i < 1 || i > all) fail("index " + i.toString() + " of " + all.toString());
  return i;
}

// What is counted.
let vertices = 0, uvs = 0, normals = 0, corners = 0, faceCorners = 0, colored = false;

function count(): void {
  rewind();
  while (c != -1) {
    const w = word();
    if (w == V) {
      vertices++;
      let n = 0;
      for (; more() && n < 7; n++) number();
      colored = colored || n >= 6;
    } else if (w == VT) uvs++;
    else if (w == VN) normals++;
    else if (w == F) {
      let n = 0;
      while (more()) { word(); n++; if (n > MAX_CORNERS) fail("a face with too many corners"); }
      if (n < 3) fail("a face with " + n.toString() + " corners");
      faceCorners += n;
      corners += 3 * (n - 2);
    }
    if (vertices > MAX_VERTICES || uvs > MAX_VERTICES || normals > MAX_VERTICES || corners > MAX_CORNERS)
      fail("a mesh has at most " + MAX_VERTICES.toString() + " vertices and " + (MAX_CORNERS / 3).toString() + " triangles");
    skipLine();
  }
  if (corners == 0) fail("no faces");
}

// What is kept: the file's lists, and the vertices that faces make of them.
let posAt: usize, colAt: usize, uvAt: usize, normAt: usize;
let unique: i32 = 0, uniqueMost: i32, uniqueAt: usize; // v, vt, vn from 1; 0 for none
let table: usize, mask: u32;                           // of unique + 1
let indexAt: usize, indices: i32 = 0;
const PARTS: usize = memory.data(4096 * 12, 4);
let parts: i32 = 0, material: u32 = NONE;
let anyUV = false, anyNormal = false;

// Materials: colour, roughness, emissive, length of the name, the name.
const MAT_NAME = 36, MAT_SIZE = 104;
const MATERIALS: usize = memory.data(1024 * 104, 8);
let materials: i32 = 0;

function reserve(): void {
  uniqueMost = min(faceCorners, MAX_VERTICES);
  let slots = 16;
  while (slots < 2 * uniqueMost) slots <<= 1;
  mask = <u32>slots - 1;
  const need: i64 = <i64>vertices * (colored ? 15 : 12) + <i64>uvs * 8 + <i64>normals * 12 + <i64>uniqueMost * 12 + <i64>slots * 4 + <i64>corners * 4;
  if (need > MEMORY) asset.fail("it needs " + (need >> 20).toString() + " MiB, a loader has " + (MEMORY >> 20).toString());
  posAt = heap.alloc(vertices * 12 + 1);
  colAt = heap.alloc((colored ? <usize>vertices * 3 : 0) + 1);
  uvAt = heap.alloc(uvs * 8 + 1);
  normAt = heap.alloc(normals * 12 + 1);
  uniqueAt = heap.alloc(uniqueMost * 12);
  indexAt = heap.alloc(corners * 4);
  table = heap.alloc(slots * 4);
  memory.fill(table, 0, slots * 4);
}

/** The number of the vertex made of the three; from 0. */
function vertex(v: i32, t: i32, n: i32): u32 {
  let h = <u32>v * 0x9e3779b1 ^ <u32>t * 0x85ebca77 ^ <u32>n * 0xc2b2ae3d;
  h ^= h >> 15;
  while (true) {
    const slot = table + <usize>(h & mask) * 4;
    const known = load<u32>(slot);
    if (known == 0) {
      if (unique == uniqueMost) fail("more than " + MAX_VERTICES.toString() + " different corners");
      const p = uniqueAt + <usize>unique * 12;
      store<i32>(p, v);
      store<i32>(p, t, 4);
      store<i32>(p, n, 8);
      unique++;
      store<u32>(slot, <u32>unique);
      return <u32>unique - 1;
    }
    const p = uniqueAt + <usize>(known - 1) * 12;
    if (load<i32>(p) == v && load<i32>(p, 4) == t && load<i32>(p, 8) == n) return known - 1;
    h++;
  }
}

/** Linear light of a colour as screens show it (sRGB). */
function linear(v: f64): u8 {
  v = <f64>unit(v);
  v = v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
  return <u8>(v * 255 + 0.5);
}

const NAME: usize = memory.data(64, 8);

/** The material of the name here: known, or a new one. */
function named(): u32 {
  blank();
  let n = 0;
  for (; !ended(); next())
    if (c >= 32 && c < 127 && n < MAX_NAME) store<u8>(NAME + n++, <u8>c);
  while (n > 0 && load<u8>(NAME + n - 1) == 32) n--;
  for (let i = 0; i < materials; i++) {
    const m = MATERIALS + <usize>i * MAT_SIZE;
    if (load<i32>(m, 36) == n && memory.compare(m + 40, NAME, n) == 0) return <u32>i;
  }
  if (materials == MAX_MATERIALS) fail("more than " + MAX_MATERIALS.toString() + " materials");
  const m = MATERIALS + <usize>materials * MAT_SIZE;
  for (let k: usize = 0; k < 3; k++) store<f32>(m + k * 4, 0.8);
  store<f32>(m, 1, 12);
  store<f32>(m, 1, 16);
  store<i32>(m, n, 36);
  memory.copy(m + 40, NAME, n);
  materials++;
  return <u32>(materials - 1);
}

function part(): void {
  if (parts > 0) {
    const p = PARTS + <usize>(parts - 1) * 12;
    if (load<u32>(p, 8) == material) return;
    if (load<u32>(p) == <u32>indices) { store<u32>(p, material, 8); return; } // nothing in it yet
  }
  if (parts == MAX_PARTS) fail("more than " + MAX_PARTS.toString() + " changes of material");
  const p = PARTS + <usize>parts * 12;
  parts++;
  store<u32>(p, <u32>indices);
  store<u32>(p, material, 8);
}

let vSoFar = 0, tSoFar = 0, nSoFar = 0;

function corner(): u32 {
  const v = resolve(whole(), vSoFar, vertices);
  let t = 0, n = 0;
  if (c == 47) {
    next();
    if (c != 47) { t = resolve(whole(), tSoFar, uvs); anyUV = true; }
    if (c == 47) { next(); n = resolve(whole(), nSoFar, normals); anyNormal = true; }
  }
  if (!ended() && c != 32 && c != 9 && c != 13) fail("a corner is v, v/t, v//n or v/t/n");
  return vertex(v, t, n);
}

function keep(): void {
  rewind();
  let current: usize = 0; // the material that newmtl began
  while (c != -1) {
    const w = word();
    if (w == V) {
      const p = posAt + <usize>vSoFar * 12;
      for (let k: usize = 0; k < 3; k++) store<f32>(p + k * 4, <f32>number());
      if (colored) {
        const q = colAt + <usize>vSoFar * 3;
        let n: usize = 0;
        store<u8>(q, 255); store<u8>(q, 255, 1); store<u8>(q, 255, 2);
        for (; n < 3 && more(); n++) store<u8>(q + n, linear(number()));
        if (n < 3) { store<u8>(q, 255); store<u8>(q, 255, 1); store<u8>(q, 255, 2); }
      }
      vSoFar++;
    } else if (w == VT) {
      const p = uvAt + <usize>tSoFar * 8;
      tSoFar++;
      store<f32>(p, <f32>number());
      store<f32>(p, <f32>(1.0 - (more() ? number() : 0.0)), 4); // OBJ counts upwards
    } else if (w == VN) {
      const p = normAt + <usize>nSoFar * 12;
      nSoFar++;
      for (let k: usize = 0; k < 3; k++) store<f32>(p + k * 4, <f32>number());
    } else if (w == F) {
      part();
      blank();
      const a = corner();
      blank();
      let b = corner();
      while (more()) {
        const d = corner();
        const p = indexAt + <usize>indices * 4;
        store<u32>(p, a);
        store<u32>(p, b, 4);
        store<u32>(p, d, 8);
        indices += 3;
        b = d;
      }
    } else if (w == USEMTL) material = named();
    else if (w == NEWMTL) current = MATERIALS + <usize>named() * MAT_SIZE;
    else if (current != 0) look(w, current);
    skipLine();
  }
}

/** A line of a material. */
function look(w: u64, m: usize): void {
  if (w == KD) for (let k: usize = 0; k < 3 && more(); k++) store<f32>(m + k * 4, unit(number()));
  else if (w == KE) for (let k: usize = 0; k < 3 && more(); k++) store<f32>(m + 20 + k * 4, unit(number()));
  else if (w == D) store<f32>(m, unit(number()), 12);
  else if (w == TR) store<f32>(m, unit(1 - number()), 12);
  else if (w == NS) store<f32>(m, unit(Math.sqrt(2 / (max(number(), 0.0) + 2))), 16); // Blinn's exponent as a roughness
}

function write(): void {
  asset.head(asset.MESH);
  asset.putInt((anyNormal ? 1 : 0) | (anyUV ? 2 : 0) | (colored ? 4 : 0));
  asset.putInt(<u32>unique);
  asset.putInt(<u32>indices);
  asset.putInt(<u32>parts);
  asset.putInt(<u32>materials);
  asset.putInt(0);
  lists(posAt, 0, 3);
  if (anyNormal) lists(normAt, 8, 3);
  if (anyUV) lists(uvAt, 4, 2);
  if (colored) for (let i = 0; i < unique; i++) {
    const q = colAt + <usize>(load<i32>(uniqueAt + <usize>i * 12) - 1) * 3;
    asset.putInt(<u32>load<u8>(q) | <u32>load<u8>(q, 1) << 8 | <u32>load<u8>(q, 2) << 16 | 0xff000000);
  }
  for (let i = 0; i < indices; i++) asset.putInt(load<u32>(indexAt + <usize>i * 4));
  for (let i = 0; i < parts; i++) {
    const p = PARTS + <usize>i * 12;
    const first = load<u32>(p);
    asset.putInt(first);
    asset.putInt((i + 1 < parts ? load<u32>(p, 12) : <u32>indices) - first);
    asset.putInt(load<u32>(p, 8));
  }
  for (let i = 0; i < materials; i++) {
    const m = MATERIALS + <usize>i * MAT_SIZE;
    for (let k: usize = 0; k < 4; k++) asset.putFloat(load<f32>(m + k * 4));
    asset.putFloat(0);
    for (let k: usize = 4; k < 8; k++) asset.putFloat(load<f32>(m + k * 4));
    asset.putInt(NONE);
    asset.putInt(0);
    const n = load<i32>(m, MAT_NAME);
    asset.putInt(<u32>n);
    for (let k = 0; k < n; k++) asset.putByte(<i32>load<u8>(m + 40 + k));
  }
  asset.flush();
}

/** Writes n numbers for each vertex, of a list whose index is at a place of it. */
function lists(list: usize, place: usize, n: usize): void {
  for (let i = 0; i < unique; i++) {
    const at = load<i32>(uniqueAt + <usize>i * 12 + place);
    const p = list + <usize>(at - 1) * n * 4;
    for (let k: usize = 0; k < n; k++) asset.putFloat(at == 0 ? 0 : load<f32>(p + k * 4));
  }
}

// The name that the host calls; it cannot be called load here, which is the
// compiler's word for reading memory.
function run(): void {
  if (asset.wanted() != asset.MESH) asset.fail("an OBJ is a Mesh");
  count();
  reserve();
  keep();
  write();
}
export { run as load };
