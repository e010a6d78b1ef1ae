import { Group, Mesh, Vector3, type Camera, type Material, type Scene } from 'three'
import type { Entity } from '../api/types'
import type { Thing } from '../world/world'
import { build } from './kinds'
import type { Glow, Model } from './kinds/model'
import type { Labels, Label } from './labels'

/** Seconds that a thing takes to fade in or out. */
const fadeSeconds = 0.45

/** Kinds that need no name in the air: one sees what they are. */
const unnamed = new Set(['tree', 'box', 'bench', 'sign', 'path', 'lantern'])

/** Actor is a thing on the stage. */
export class Actor {
  readonly group = new Group()
  model: Model
  label: Label | undefined
  /** yaw that an upright model faces, in radians; eases towards the walk. */
  private yaw: number | undefined
  private travelled = 0
  private speed = 0
  private presence = 0 // 0 absent, 1 all there
  private leaving = false
  private faded: { mesh: Mesh; own: Material; clone: Material }[] = []
  private readonly last = new Vector3()

  constructor(public thing: Thing, private readonly labels: Labels) {
    this.model = build(thing.entity)
    this.group.add(this.model.root)
    this.place(thing.track.latest.pos)
    this.last.copy(this.group.position)
    this.relabel()
    this.setFading(true)
  }

  /** glow is the light it gives now, at its place in the world. */
  get glow(): Glow | undefined { return this.model.glow }

  /** gone is true when it has faded away. */
  get gone(): boolean { return this.leaving && this.presence <= 0 }

  get isLeaving(): boolean { return this.leaving }

  restyle(before: Entity): void {
    const e = this.thing.entity
    const same = e.kind === before.kind && e.shape === before.shape &&
      e.size.x === before.size.x && e.size.y === before.size.y && e.size.z === before.size.z
    if (!same) {
      this.setFading(false)
      this.group.remove(this.model.root)
      release(this.model)
      this.model = build(e)
      this.group.add(this.model.root)
    } else {
      // A faded material is a copy: give the model its own before it changes.
      const fading = this.faded.length > 0
      this.setFading(false)
      this.model.restyle?.(e)
      this.setFading(fading)
    }
    if (e.name !== before.name || e.me !== before.me || !same) this.relabel()
  }

  leave(): void { this.leaving = true }

  stay(thing: Thing): void {
    this.thing = thing
    this.leaving = false
  }

  animate(now: number, seconds: number, dt: number): void {
    const pose = this.thing.track.at(now)
    this.place(pose.pos)
    const step = Math.hypot(this.group.position.x - this.last.x, this.group.position.z - this.last.z)
    this.last.copy(this.group.position)
    const speed = dt > 0 ? Math.min(step / dt, 12) : 0
    this.speed += (speed - this.speed) * Math.min(1, dt * 10)
    this.travelled += Math.min(step, 2)
    if (this.model.turns) this.turn(pose.vel, dt)
    else this.group.quaternion.set(...pose.rot)
    this.model.animate?.({ seconds, dt, speed: this.speed, travelled: this.travelled })
    this.fade(dt)
    if (this.label) this.label.shown = !this.leaving
  }

  /** at is where its label goes. */
  labelAt(out: Vector3): Vector3 { return out.copy(this.group.position).setY(this.group.position.y + this.model.top) }

  dispose(): void {
    this.setFading(false)
    release(this.model)
    this.label?.remove()
  }

  private place(p: readonly [number, number, number]): void { this.group.position.set(p[0], p[1], p[2]) }

  private turn(vel: readonly [number, number, number], dt: number): void {
    if (Math.hypot(vel[0], vel[2]) > 0.35) {
      const wanted = Math.atan2(vel[0], vel[2])
      this.yaw ??= wanted
      const d = Math.atan2(Math.sin(wanted - this.yaw), Math.cos(wanted - this.yaw))
      this.yaw += d * Math.min(1, dt * 11)
    }
    this.group.rotation.set(0, this.yaw ?? 0, 0)
  }

  /** face turns a person who has not walked yet. */
  face(yaw: number): void { this.yaw ??= yaw }

  private fade(dt: number): void {
    const goal = this.leaving ? 0 : 1
    if (this.presence === goal) return
    this.presence = this.leaving
      ? Math.max(0, this.presence - dt / fadeSeconds)
      : Math.min(1, this.presence + dt / fadeSeconds)
    if (this.presence < 1 && this.faded.length === 0) this.setFading(true)
    const eased = 1 - (1 - this.presence) ** 3
    this.group.scale.setScalar(0.8 + 0.2 * eased)
    for (const f of this.faded) f.clone.opacity = f.own.opacity * eased
    if (this.presence >= 1) {
      this.setFading(false)
      this.group.scale.setScalar(1)
    }
  }

  /** setFading gives every mesh its own see-through material, or its shared
   * one back. */
  private setFading(on: boolean): void {
    for (const f of this.faded) {
      f.mesh.material = f.own
      f.clone.dispose()
    }
    this.faded = []
    if (!on) return
    this.model.root.traverse(o => {
      if (!(o instanceof Mesh) || Array.isArray(o.material) || 'uniforms' in o.material) return
      const own = o.material as Material
      const clone = own.clone()
      clone.transparent = true
      clone.opacity = 0
      o.material = clone
      this.faded.push({ mesh: o, own, clone })
    })
  }

  private relabel(): void {
    this.label?.remove()
    this.label = undefined
    const e = this.thing.entity
    if (e.name === '' || unnamed.has(e.kind)) return
    this.label = this.labels.add(e.name, e.kind === 'avatar' ? (e.me ? 'me' : 'avatar') : 'thing')
  }
}

/** release frees what belongs to one model alone: materials stay small, and
 * geometry is shared except for a stage's backdrop. */
function release(model: Model): void {
  model.root.traverse(o => {
    if (o instanceof Mesh && o.geometry.userData['own'] === true) o.geometry.dispose()
  })
}

/** Actors are all things on the stage. */
export class Actors {
  readonly all = new Map<string, Actor>()
  private readonly at = new Vector3()

  constructor(private readonly scene: Scene, private readonly labels: Labels) {}

  appear(thing: Thing): void {
    const there = this.all.get(thing.entity.id)
    if (there) {
      const before = there.thing.entity
      there.stay(thing)
      there.restyle(before)
      return
    }
    const actor = new Actor(thing, this.labels)
    this.all.set(thing.entity.id, actor)
    this.scene.add(actor.group)
  }

  change(thing: Thing, before: Entity): void { this.all.get(thing.entity.id)?.restyle(before) }

  leave(id: string): void { this.all.get(id)?.leave() }

  get(id: string): Actor | undefined { return this.all.get(id) }

  animate(now: number, seconds: number, dt: number, camera: Camera): void {
    for (const [id, actor] of this.all) {
      actor.animate(now, seconds, dt)
      if (actor.gone) {
        this.scene.remove(actor.group)
        actor.dispose()
        this.all.delete(id)
        continue
      }
      if (actor.label) this.labels.place(actor.label, actor.labelAt(this.at), camera)
    }
  }
}
