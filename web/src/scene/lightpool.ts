import { PointLight, Vector3, type Scene } from 'three'
import type { Actors } from './actors'

/** LightPool lends a fixed number of point lights to the things that glow
 * nearest to me. Fixed, because every material is compiled for a number of
 * lights. */
export class LightPool {
  private readonly lights: PointLight[] = []
  private readonly at = new Vector3()

  constructor(scene: Scene, size: number) {
    for (let i = 0; i < size; i++) {
      const light = new PointLight(0xffffff, 0, 10, 1.7)
      this.lights.push(light)
      scene.add(light)
    }
  }

  animate(actors: Actors, me: Vector3): void {
    const found: { d: number; id: string }[] = []
    for (const [id, actor] of actors.all) {
      if (actor.glow && actor.glow.strength > 0) found.push({ d: actor.group.position.distanceTo(me), id })
    }
    found.sort((a, b) => a.d - b.d)
    this.lights.forEach((light, i) => {
      const one = found[i]
      const actor = one && actors.get(one.id)
      if (!actor?.glow) {
        light.intensity = 0
        return
      }
      light.position.copy(this.at.copy(actor.glow.at).applyQuaternion(actor.group.quaternion).add(actor.group.position))
      light.color.copy(actor.glow.color)
      light.distance = actor.glow.reach
      light.intensity = actor.glow.strength * actor.group.scale.x
    })
  }
}
