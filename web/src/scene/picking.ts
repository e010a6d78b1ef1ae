import { Box3, Plane, Ray, Raycaster, Vector2, Vector3, type Camera } from 'three'
import type { Actors } from './actors'

export interface Hit { id: string | undefined; point: Vector3 }

/** Farthest ground that a click walks to, in metres from the camera. */
const groundReach = 160

/** Picker finds what lies under a point of the screen: bodies by their boxes
 * (upright, around the turned body), else the ground. */
export class Picker {
  private readonly caster = new Raycaster()
  private readonly ground = new Plane(new Vector3(0, 1, 0), 0)
  private readonly box = new Box3()
  private readonly at = new Vector3()

  constructor(private readonly camera: Camera, private readonly actors: Actors) {}

  /** between says whether a thing that stays where it is hides one point from
   * the other. */
  between(a: Vector3, b: Vector3): boolean {
    const ray = new Ray(a, b.clone().sub(a).normalize())
    const away = a.distanceTo(b)
    for (const actor of this.actors.all.values()) {
      const { kind } = actor.thing.entity
      if (kind === 'avatar' || kind === 'ball' || actor.model.bounds.isEmpty()) continue
      actor.group.updateMatrixWorld()
      this.box.copy(actor.model.bounds).applyMatrix4(actor.group.matrixWorld)
      if (this.box.containsPoint(a)) continue
      const hit = ray.intersectBox(this.box, this.at)
      if (hit && hit.distanceTo(a) < away) return true
    }
    return false
  }

  /** pick takes coordinates from -1 to 1, y up. me is left out: one does not
   * click oneself by mistake while walking. */
  pick(x: number, y: number, me: string): Hit | undefined {
    this.caster.setFromCamera(new Vector2(x, y), this.camera)
    const ray = this.caster.ray
    const ground = ray.intersectPlane(this.ground, new Vector3())
    let nearest = ground ? ground.distanceTo(ray.origin) : Infinity
    if (nearest > groundReach) nearest = Infinity
    let found: Hit | undefined = ground && nearest < Infinity ? { id: undefined, point: ground } : undefined
    for (const [id, actor] of this.actors.all) {
      if (id === me || actor.isLeaving) continue
      if (actor.model.bounds.isEmpty()) continue
      this.box.copy(actor.model.bounds).applyMatrix4(actor.group.matrixWorld)
      if (this.box.containsPoint(ray.origin)) continue // the camera stands inside it
      const hit = ray.intersectBox(this.box, this.at)
      if (!hit) continue
      const d = hit.distanceTo(ray.origin)
      if (d < nearest) {
        nearest = d
        found = { id, point: hit.clone() }
      }
    }
    return found
  }
}
