import type { Point } from '../api/types'
import type { Thing, World } from './world'

/** Reach in metres, as the regions have it (region/limits.go). */
export const touchReach = 3
export const throwReach = 2.5

const avatarHalf = 0.9

const throwSpeed = 8.5

/** nearestTouchable is the nearest thing within reach that may answer: those
 * with a script first. */
export function nearestTouchable(world: World): Thing | undefined {
  return nearest(world, touchReach, t => t.entity.script ? 0 : t.entity.kind === 'avatar' || t.entity.kind === 'ball' || t.entity.kind === 'tree' || t.entity.kind === 'path' ? undefined : 1)
}

/** nearestBall is the nearest ball within reach of a throw. */
export function nearestBall(world: World): Thing | undefined {
  return nearest(world, throwReach, t => t.entity.kind === 'ball' ? 0 : undefined)
}

/** throwVelocity throws the way one looks, upwards the more one looks up. */
export function throwVelocity(forward: { x: number; z: number }, pitch: number): Point {
  const rise = Math.max(0.15, Math.min(1.1, 0.75 - pitch * 0.8))
  return {
    x: forward.x * throwSpeed * Math.cos(rise),
    y: throwSpeed * Math.sin(rise),
    z: forward.z * throwSpeed * Math.cos(rise),
  }
}

/** gap is the distance from my upright body to the box of a thing, as the
 * regions measure reach: a wide fountain is touched at its rim. */
function gap(me: readonly number[], at: readonly number[], size: Point): number {
  const out = (d: number, half: number): number => Math.max(0, Math.abs(d) - half)
  return Math.hypot(
    out(at[0]! - me[0]!, size.x / 2),
    Math.max(0, out(at[1]! - me[1]!, size.y / 2) - avatarHalf),
    out(at[2]! - me[2]!, size.z / 2))
}

function nearest(world: World, reach: number, rank: (t: Thing) => number | undefined): Thing | undefined {
  const me = world.mine?.track.latest.pos
  if (!me) return undefined
  let best: Thing | undefined
  let bestRank = Infinity
  let bestAway = Infinity
  for (const t of world.things.values()) {
    if (t.entity.id === world.me) continue
    const r = rank(t)
    const p = t.track.latest.pos
    const away = gap(me, p, t.entity.size)
    if (r === undefined || away > reach) continue
    if (r < bestRank || (r === bestRank && away < bestAway)) {
      best = t
      bestRank = r
      bestAway = away
    }
  }
  return best
}
