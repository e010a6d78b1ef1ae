// A ball that rolls down one track and leaps to the start of the next, for ever.
// Slots ax, ay, az and bx, by, bz are two places in centimetres: where the
// tracks begin. At rest it leaps to the one that is nearer.
// SPDX-License-Identifier: MIT
import { body, event, slot } from "./sdk";

const GRAVITY: f64 = 9.81;
/** How far above its goal a leap rises, in metres: over the rail. */
const RISE: f64 = 0.8;
/** Slower than this it is at rest, metres per second. */
const REST: f64 = 0.35;
/** What a thing may push itself in one tick, metres per second. */
const MOST: f64 = 9.9;

function metres(name: string): f64 { return <f64>slot.getInt(name) / 100; }

export function handle(): void {
  if (event.name() != "tick") return;
  const v = body.velocity();
  if (v.x * v.x + v.y * v.y + v.z * v.z > REST * REST) return;
  const p = body.where();
  let dx = metres("ax") - p.x, dy = metres("ay") - p.y, dz = metres("az") - p.z;
  const ex = metres("bx") - p.x, ey = metres("by") - p.y, ez = metres("bz") - p.z;
  if (ex * ex + ey * ey + ez * ez < dx * dx + dy * dy + dz * dz) {
    dx = ex; dy = ey; dz = ez;
  }
  // Under a track there is no way up: every third leap goes aside first.
  const tries = slot.getInt("tries") + 1;
  slot.setInt("tries", dy < 3.1 ? 0 : tries);
  if (tries % 3 == 2 && dy >= 3.1) {
    body.push(0, 3, -3);
    return;
  }
  slot.setInt("leaps", slot.getInt("leaps") + 1);
  const up = Math.sqrt(2 * GRAVITY * (Math.max(dy, 0) + RISE));
  const time = (up + Math.sqrt(2 * GRAVITY * (Math.max(-dy, 0) + RISE))) / GRAVITY;
  let x = dx / time, z = dz / time;
  // What is too far takes more than one leap.
  const flat = Math.sqrt(x * x + z * z), room = Math.sqrt(Math.max(0, MOST * MOST - up * up));
  if (flat > room) {
    x *= room / flat;
    z *= room / flat;
  }
  body.push(x - v.x, Math.min(up, MOST), z - v.z);
}
