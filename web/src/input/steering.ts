import type { Steer } from '../api/types'

/** Walking speed in m/s, and with Shift held. */
export const walkSpeed = 3.2
export const runSpeed = 5.5

/** The node forgets a steer after 2 s: renew well before. */
export const renewMs = 500
/** While the camera turns, the direction changes at every frame: say so at
 * most this often. */
export const turnMs = 100

/** Held is what the person holds down: forward and right are -1, 0 or 1. */
export interface Held { forward: number; right: number; run: boolean }

/** velocity is the wanted velocity in the ground plane for a camera that looks
 * along yaw: at yaw 0 forward is -Z and right is +X, as in the scene. */
export function velocity(held: Held, yaw: number): { x: number; z: number } {
  const length = Math.hypot(held.forward, held.right)
  if (length === 0) return { x: 0, z: 0 }
  const speed = (held.run ? runSpeed : walkSpeed) / length
  const sin = Math.sin(yaw)
  const cos = Math.cos(yaw)
  return {
    x: (-sin * held.forward + cos * held.right) * speed,
    z: (-cos * held.forward - sin * held.right) * speed,
  }
}

/** Steering decides when to send which Steer. */
export class Steering {
  private sent: { x: number; z: number } = { x: 0, z: 0 }
  private held: Held = { forward: 0, right: 0, run: false }
  private at = -Infinity

  /** next gives the call to make at now (ms), if any. */
  next(now: number, held: Held, yaw: number, jump: boolean): Steer | undefined {
    const wanted = velocity(held, yaw)
    const still = wanted.x === 0 && wanted.z === 0
    const pressed = held.forward !== this.held.forward || held.right !== this.held.right || held.run !== this.held.run
    const turned = Math.hypot(wanted.x - this.sent.x, wanted.z - this.sent.z) > 0.05
    const due = pressed || jump || (!still && now - this.at >= (turned ? turnMs : renewMs))
    if (!due) return undefined
    this.held = { ...held }
    this.sent = wanted
    this.at = now
    return jump ? { ...wanted, jump: true } : wanted
  }
}
