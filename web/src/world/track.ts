// Poses arrive about 20 times a second. A Track shows them a little late, so
// that there is usually a later pose to move towards, and goes on with the
// last velocity for a moment when there is none.

export type Vec3 = [number, number, number]
export type Quat = [number, number, number, number]

/** How far behind arrival the world is shown, in ms: two frames at 20 Hz. */
export const delayMs = 100
/** How long a velocity is trusted after the last pose, in ms. */
export const extrapolateMs = 250
/** A step longer than this is a jump, not a walk, in metres. */
export const jumpMetres = 8

const keepMs = 1000
/** A gap longer than this means that the thing stood still until then. */
const gapMs = 160
const stepMs = 50

export interface Sample { at: number; pos: Vec3; rot: Quat; vel: Vec3 }

export class Track {
  private samples: Sample[]

  constructor(first: Sample) { this.samples = [first] }

  /** push adds a pose that arrived at sample.at (ms, not decreasing). */
  push(sample: Sample): void {
    const last = this.samples[this.samples.length - 1]!
    if (distance(last.pos, sample.pos) > jumpMetres) {
      this.samples = [sample]
      return
    }
    if (sample.at - last.at > gapMs) {
      this.samples.push({ ...last, at: sample.at - stepMs, vel: [0, 0, 0] })
    } else if (sample.at <= last.at) {
      this.samples.pop() // two poses in one frame: the later counts
    }
    this.samples.push(sample)
    const old = sample.at - keepMs
    while (this.samples.length > 2 && this.samples[1]!.at < old) this.samples.shift()
  }

  /** latest is the newest pose known. */
  get latest(): Sample { return this.samples[this.samples.length - 1]! }

  /** at gives the pose to show when the clock says now (ms). */
  at(now: number): Sample {
    const t = now - delayMs
    const s = this.samples
    const first = s[0]!
    const last = this.latest
    if (t >= last.at) {
      const dt = Math.min(t - last.at, extrapolateMs) / 1000
      return { at: t, pos: ahead(last.pos, last.vel, dt), rot: last.rot, vel: last.vel }
    }
    if (t <= first.at) return first
    let i = s.length - 2
    while (s[i]!.at > t) i--
    const a = s[i]!
    const b = s[i + 1]!
    const f = (t - a.at) / (b.at - a.at)
    return { at: t, pos: lerp(a.pos, b.pos, f), rot: slerp(a.rot, b.rot, f), vel: lerp(a.vel, b.vel, f) }
  }
}

function distance(a: Vec3, b: Vec3): number { return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) }

function ahead(p: Vec3, v: Vec3, dt: number): Vec3 {
  return [p[0] + v[0] * dt, Math.max(Math.min(p[1], 0), p[1] + v[1] * dt), p[2] + v[2] * dt]
}

function lerp(a: Vec3, b: Vec3, f: number): Vec3 {
  return [a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f, a[2] + (b[2] - a[2]) * f]
}

/** slerp takes the short way; a quaternion of length zero counts as none. */
export function slerp(a: Quat, b: Quat, f: number): Quat {
  let dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3]
  const sign = dot < 0 ? -1 : 1
  dot *= sign
  let wa = 1 - f
  let wb = f
  if (dot < 0.9995) {
    const angle = Math.acos(dot)
    const s = Math.sin(angle)
    wa = Math.sin(angle * (1 - f)) / s
    wb = Math.sin(angle * f) / s
  }
  wb *= sign
  const q: Quat = [a[0] * wa + b[0] * wb, a[1] * wa + b[1] * wb, a[2] * wa + b[2] * wb, a[3] * wa + b[3] * wb]
  const n = Math.hypot(...q)
  return n > 0 ? [q[0] / n, q[1] / n, q[2] / n, q[3] / n] : [0, 0, 0, 1]
}
