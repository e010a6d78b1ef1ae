import { MathUtils, Vector3, type PerspectiveCamera } from 'three'

const minDistance = 2.5
const maxDistance = 28
const minPitch = -0.12
const maxPitch = 1.35

/** Orbit is a camera behind a point: it follows, turns by drag and comes
 * nearer by the wheel. */
export class Orbit {
  yaw = 0
  pitch = 0.3
  distance = 8.5
  readonly focus = new Vector3(0, 1.4, 0)
  /** target is the point followed; focus eases towards it. */
  readonly target = new Vector3(0, 1.4, 0)
  private wantedDistance = 8.5
  private placed = false

  constructor(private readonly camera: PerspectiveCamera) {}

  turn(dx: number, dy: number): void {
    this.yaw -= dx
    this.pitch = MathUtils.clamp(this.pitch + dy, minPitch, maxPitch)
  }

  zoom(factor: number): void {
    this.wantedDistance = MathUtils.clamp(this.wantedDistance * factor, minDistance, maxDistance)
  }

  /** look sets all at once. */
  look(yaw: number, pitch: number, distance: number): void {
    this.yaw = yaw
    this.pitch = MathUtils.clamp(pitch, minPitch, maxPitch)
    this.distance = this.wantedDistance = MathUtils.clamp(distance, minDistance, maxDistance)
  }

  /** follow names the point to look at, from now on. */
  follow(x: number, y: number, z: number): void {
    this.target.set(x, y, z)
    if (!this.placed || this.target.distanceTo(this.focus) > 15) {
      this.placed = true
      this.focus.copy(this.target)
    }
  }

  /** forward is the way the camera looks, in the ground plane. */
  forward(): { x: number; z: number } { return { x: -Math.sin(this.yaw), z: -Math.cos(this.yaw) } }

  animate(dt: number): void {
    this.focus.lerp(this.target, 1 - Math.exp(-dt * 14))
    this.distance += (this.wantedDistance - this.distance) * (1 - Math.exp(-dt * 10))
    this.place(this.camera.position)
    this.camera.lookAt(this.focus)
  }

  /** place gives where the camera is to be. */
  place(out: Vector3): Vector3 {
    const flat = Math.cos(this.pitch) * this.distance
    return out.set(
      this.focus.x + Math.sin(this.yaw) * flat,
      Math.max(0.35, this.focus.y + Math.sin(this.pitch) * this.distance),
      this.focus.z + Math.cos(this.yaw) * flat)
  }
}
