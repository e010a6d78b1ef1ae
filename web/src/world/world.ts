import type { ChatLine, Entity, Frame, Neighbour, Point, Region, WorldInfo } from '../api/types'
import { Track, type Quat, type Vec3 } from './track'

/** Thing is an entity with its way through the last second. */
export interface Thing { entity: Entity; track: Track }

/** WorldEvents are told after the world holds the change. */
export interface WorldEvents {
  appeared(thing: Thing): void
  changed(thing: Thing, before: Entity): void
  gone(id: string): void
  regions(): void
  entered(region: Region | undefined, before: string): void
  chat(lines: ChatLine[]): void
  notice(words: string[]): void
  neighbours(list: Neighbour[]): void
}

/** World is what the node said so far: frames applied in order. */
export class World {
  readonly things = new Map<string, Thing>()
  regionsList: Region[] = []
  info: WorldInfo | undefined
  neighbourList: Neighbour[] = []
  me = ''
  inRegion = ''

  constructor(private readonly events: WorldEvents) {}

  /** mine is my avatar, when it is in the world. */
  get mine(): Thing | undefined { return this.things.get(this.me) }

  region(id: string): Region | undefined { return this.regionsList.find(r => r.id === id) }

  /** apply takes a frame that arrived at now (ms). */
  apply(frame: Frame, now: number): void {
    if (frame.world) this.info = frame.world
    if (frame.regions) {
      this.regionsList = frame.regions
    } else if (frame.full) {
      this.regionsList = []
    }
    if (frame.me !== undefined) this.me = frame.me
    this.remove(frame)
    for (const e of frame.upsert ?? []) this.upsert(e, now)
    for (const p of frame.poses ?? []) {
      this.things.get(p.id)?.track.push({ at: now, pos: p.p, rot: p.r, vel: p.v })
    }
    if (frame.world || frame.regions || frame.full) this.events.regions()
    if (frame.in !== undefined && frame.in !== this.inRegion) {
      const before = this.inRegion
      this.inRegion = frame.in
      this.events.entered(this.region(frame.in), before)
    }
    if (frame.neighbours) {
      this.neighbourList = frame.neighbours
      this.events.neighbours(frame.neighbours)
    }
    if (frame.chat?.length) this.events.chat(frame.chat)
    if (frame.notice?.length) this.events.notice(frame.notice)
  }

  /** remove drops what is gone. A thing that is gone and there again in one
   * frame changed hands: it stays. */
  private remove(frame: Frame): void {
    const here = new Set((frame.upsert ?? []).map(e => e.id))
    const gone = frame.full ? [...this.things.keys()] : frame.gone ?? []
    for (const id of gone) {
      if (!here.has(id) && this.things.delete(id)) this.events.gone(id)
    }
  }

  private upsert(entity: Entity, now: number): void {
    if (entity.me) this.me = entity.id
    const sample = { at: now, pos: vec(entity.pos), rot: quat(entity.rot), vel: vec(entity.vel) }
    const known = this.things.get(entity.id)
    if (!known) {
      const thing = { entity, track: new Track(sample) }
      this.things.set(entity.id, thing)
      this.events.appeared(thing)
      return
    }
    const before = known.entity
    known.entity = entity
    known.track.push(sample)
    this.events.changed(known, before)
  }
}

function vec(p: Point): Vec3 { return [p.x, p.y, p.z] }

function quat(q: readonly number[] | null | undefined): Quat {
  const [x = 0, y = 0, z = 0, w = 1] = q ?? []
  return x === 0 && y === 0 && z === 0 && w === 0 ? [0, 0, 0, 1] : [x, y, z, w]
}
