import type { Shard, ShardBody, Touching } from '../api/types'
import { Track } from './track'

/** Milliseconds after which a region that says nothing more is forgotten. */
export const staleMs = 3000

/** SeenBody is a body as one region simulates it. The same thing can be seen
 * twice: as the body of its owner, and as the ghost that the neighbour has. */
export interface SeenBody {
  key: string
  region: string
  body: ShardBody
  ghost: boolean
  track: Track
}

/** SeenTouch is a contact as one region has it. */
export interface SeenTouch { touch: Touching; border: boolean }

/** RegionSummary is one region's shard in numbers. */
export interface RegionSummary {
  region: string; tick: number
  own: number; ghosts: number; asleep: number; touches: number
  /** oldest is the age of the moving ghost that was heard of longest ago, in
   * ticks: of what sleeps nothing is said. */
  oldest: number
}

interface Held { shard: Shard; at: number; touches: Touching[] }

/** Shards is the physics of the regions around me, as they tell it. */
export class Shards {
  readonly bodies = new Map<string, SeenBody>()
  private readonly held = new Map<string, Held>()

  /** apply takes what a region said, which arrived at now (ms). */
  apply(shard: Shard, now: number): void {
    const bodies = shard.bodies ?? []
    const here = new Map(bodies.map(b => [b.id, b]))
    const fresh = shard.touches ?? []
    const before = this.held.get(shard.region)
    // What sleeps is not solved, so its contacts are not told: they are where
    // they were.
    const known = new Set(fresh.map(pair))
    const asleep = (id: string | undefined): boolean => {
      if (id === undefined) return true
      const b = here.get(id)
      return b !== undefined && (b.asleep === true || b.fixed === true)
    }
    const kept = (before?.touches ?? []).filter(t => !known.has(pair(t)) && asleep(t.a) && asleep(t.b))
    this.held.set(shard.region, { shard, at: now, touches: [...fresh, ...kept] })
    for (const [key, seen] of this.bodies) {
      if (seen.region === shard.region && !here.has(seen.body.id)) this.bodies.delete(key)
    }
    for (const body of bodies) {
      const key = `${shard.region}/${body.id}`
      const sample = { at: now, pos: body.p, rot: body.r, vel: body.v }
      const seen = this.bodies.get(key)
      if (seen) {
        seen.body = body
        seen.ghost = body.owner !== shard.region
        seen.track.push(sample)
      } else {
        this.bodies.set(key, { key, region: shard.region, body, ghost: body.owner !== shard.region, track: new Track(sample) })
      }
    }
    this.forget(now)
  }

  /** forget drops regions that have been silent for too long. */
  forget(now: number): void {
    for (const [region, h] of this.held) {
      if (now - h.at > staleMs) this.drop(region)
    }
  }

  clear(): void {
    this.held.clear()
    this.bodies.clear()
  }

  /** touches gives all contacts; border is true where one side is a ghost. */
  touches(): SeenTouch[] {
    const found: SeenTouch[] = []
    for (const [region, h] of this.held) {
      const ghost = (id: string | undefined): boolean => id !== undefined && this.bodies.get(`${region}/${id}`)?.ghost === true
      for (const touch of h.touches) found.push({ touch, border: ghost(touch.a) || ghost(touch.b) })
    }
    return found
  }

  /** summary has a line for every region, in the order of their ids. */
  summary(): RegionSummary[] {
    return [...this.held.keys()].sort().map(region => {
      const h = this.held.get(region)!
      const bodies = (h.shard.bodies ?? []).filter(b => !b.fixed)
      const ghosts = bodies.filter(b => b.owner !== region)
      return {
        region, tick: h.shard.tick, own: bodies.length - ghosts.length, ghosts: ghosts.length,
        asleep: bodies.filter(b => b.asleep).length, touches: h.touches.length,
        oldest: Math.max(0, ...ghosts.filter(b => !b.asleep).map(b => b.age ?? 0)),
      }
    })
  }

  private drop(region: string): void {
    this.held.delete(region)
    for (const [key, seen] of this.bodies) if (seen.region === region) this.bodies.delete(key)
  }
}

function pair(t: Touching): string { return `${t.a ?? ''}|${t.b}` }

/** caption is what stands over a body: how its id begins, which is the same in
 * both regions, its epoch, and how old the word about a ghost is. */
export function caption(seen: SeenBody): string {
  const b = seen.body
  return `${seen.ghost ? 'ghost ' : ''}${b.id.slice(0, 4)} e${epochText(b.epoch)}${b.asleep ? ' asleep' : ''}${seen.ghost && b.age && !b.asleep ? ` ${b.age}t` : ''}`
}

/** epochText leaves out of an avatar's epoch the time at which its life began:
 * what is left are its hand-offs. */
export function epochText(epoch: string): string {
  try {
    return String(BigInt(epoch) & 0xffffn)
  } catch {
    return '?'
  }
}

/** Colours for owners: what regions look like is up to their ids, and two of
 * them may look alike. */
const palette = ['#35c6ff', '#ff9f2e', '#9be15d', '#ff5f8f', '#b79bff', '#ffe45c', '#3fe0b0', '#ff7ad9']

/** ownerColor is the colour of a region's bodies among the regions known. */
export function ownerColor(ids: readonly string[], id: string): string {
  const at = [...ids].sort().indexOf(id)
  return palette[at < 0 ? palette.length - 1 : at % palette.length]!
}

/** impulseLength is how long the line of a contact's impulse (N·s) is drawn, in
 * metres: a crate's weight shows, and a hit does not leave the screen. */
export function impulseLength(impulse: number): number {
  return 0.1 + 0.25 * Math.log1p(Math.max(0, impulse))
}
