import { describe, expect, it } from 'vitest'
import type { Entity, Frame, Region } from '../src/api/types'
import { borders, regionAt } from '../src/world/cells'
import { nearestBall, nearestTouchable, throwVelocity } from '../src/world/reach'
import { World } from '../src/world/world'

function entity(id: string, x = 0, more: Partial<Entity> = {}): Entity {
  return {
    id, kind: 'box', name: id, region: 'a', shape: 'box', size: { x: 1, y: 1, z: 1 }, color: '#ffffff',
    pos: { x, y: 0.5, z: 0 }, rot: [0, 0, 0, 1], vel: { x: 0, y: 0, z: 0 }, ...more,
  }
}

function region(id: string, x: number, z: number, y = 0): Region {
  return { id, name: id, site: { x, y, z }, owner: id, color: '#888888', live: true }
}

function recorded(): { world: World; log: string[]; apply: (f: Partial<Frame>, now?: number) => void } {
  const log: string[] = []
  const world = new World({
    appeared: t => { log.push(`appeared ${t.entity.id}`) },
    changed: (t, before) => { log.push(`changed ${t.entity.id} ${before.region}>${t.entity.region}`) },
    gone: id => { log.push(`gone ${id}`) },
    regions: () => { log.push('regions') },
    entered: (r, before) => { log.push(`entered ${before || '-'}>${r?.name ?? 'nowhere'}`) },
    chat: lines => { log.push(`chat ${lines.map(l => l.text).join('|')}`) },
    notice: words => { log.push(`notice ${words.join('|')}`) },
    neighbours: list => { log.push(`neighbours ${list.length}`) },
  })
  return { world, log, apply: (f, now = 0) => { world.apply({ seq: 1, ...f }, now) } }
}

describe('the world', () => {
  it('is replaced by a full frame and keeps what is in both', () => {
    const { world, log, apply } = recorded()
    apply({ full: true, regions: [region('a', 0, 0)], upsert: [entity('one'), entity('me', 1, { me: true })], in: 'a' })
    expect(world.mine?.entity.id).toBe('me')
    log.length = 0
    apply({ full: true, regions: [region('a', 0, 0)], upsert: [entity('me'), entity('two')], me: 'me' })
    expect(log).toEqual(['gone one', 'changed me a>a', 'appeared two', 'regions'])
    expect([...world.things.keys()].sort()).toEqual(['me', 'two'])
  })

  it('keeps a thing that one region gives up and another takes in the same frame', () => {
    const { log, apply } = recorded()
    apply({ full: true, upsert: [entity('ball', 31)] })
    log.length = 0
    apply({ gone: ['ball'], upsert: [entity('ball', 33, { region: 'b' })] })
    expect(log).toEqual(['changed ball a>b'])
  })

  it('moves what it knows, and ignores poses and farewells of what it does not', () => {
    const { world, log, apply } = recorded()
    apply({ full: true, upsert: [entity('x')] }, 0)
    log.length = 0
    apply({ poses: [{ id: 'x', p: [5, 0, 0], r: [0, 0, 0, 1], v: [0, 0, 0] }, { id: 'ghost', p: [0, 0, 0], r: [0, 0, 0, 1], v: [0, 0, 0] }], gone: ['nobody'] }, 50)
    expect(world.things.get('x')?.track.latest.pos).toEqual([5, 0, 0])
    expect(log).toEqual([])
  })

  it('says once that I crossed a border', () => {
    const { log, apply } = recorded()
    apply({ full: true, regions: [region('a', 0, 0), region('b', 64, 0)], in: 'a' })
    apply({ in: 'b', notice: ['crossed'] })
    apply({ in: 'b' })
    apply({ in: '' })
    expect(log).toEqual(['regions', 'entered ->a', 'entered a>b', 'notice crossed', 'entered b>nowhere'])
  })

  it('takes null for an empty list, as Go writes it', () => {
    const { world, apply } = recorded()
    apply({ full: true, regions: null, upsert: null, poses: null, gone: null, chat: null, notice: null, neighbours: null })
    expect(world.things.size).toBe(0)
  })
})

describe('what is within reach', () => {
  it('prefers a thing with a script to one that is nearer', () => {
    const { world, apply } = recorded()
    apply({ full: true, upsert: [entity('me', 0, { me: true, kind: 'avatar' }), entity('crate', 1), entity('bell', 2, { script: 'cid' }), entity('far', 4.5, { script: 'cid' })] })
    expect(nearestTouchable(world)?.entity.id).toBe('bell')
  })

  it('finds the nearest ball, and none beyond reach', () => {
    const { world, apply } = recorded()
    apply({ full: true, upsert: [entity('me', 0, { me: true }), entity('b1', 2.4, { kind: 'ball' }), entity('b2', -1, { kind: 'ball' })] })
    expect(nearestBall(world)?.entity.id).toBe('b2')
    apply({ gone: ['b2'] })
    expect(nearestBall(world)?.entity.id).toBe('b1')
    apply({ poses: [{ id: 'b1', p: [3.1, 0.5, 0], r: [0, 0, 0, 1], v: [0, 0, 0] }] }, 50)
    expect(nearestBall(world)).toBeUndefined()
  })

  it('throws along the view, higher when one looks up', () => {
    const flat = throwVelocity({ x: 0, z: -1 }, 0.6)
    const high = throwVelocity({ x: 0, z: -1 }, 0)
    expect(flat.z).toBeLessThan(0)
    expect(flat.x).toBeCloseTo(0)
    expect(high.y).toBeGreaterThan(flat.y)
    expect(Math.hypot(high.x, high.y, high.z)).toBeLessThanOrEqual(15)
  })
})

describe('borders', () => {
  const min = { x: -96, y: 0, z: -96 }
  const max = { x: 160, y: 64, z: 96 }

  it('of two sites are the bisector within the box', () => {
    const [b, ...rest] = borders([region('a', 0, 0), region('b', 64, 0)], min, max)
    expect(rest).toEqual([])
    expect(b?.from[0]).toBeCloseTo(32)
    expect(b?.to[0]).toBeCloseTo(32)
    expect([b?.from[1], b?.to[1]].map(v => Math.round(v!)).sort((p, q) => p - q)).toEqual([-96, 96])
    expect(b?.normal).toEqual([1, 0])
  })

  it('end where a third site is nearer, and every point of them is as near to both', () => {
    const sites = [region('a', 0, 0), region('b', 64, 0), region('c', 32, 60)]
    const found = borders(sites, min, max)
    expect(found).toHaveLength(3)
    for (const b of found) {
      for (const f of [0.02, 0.5, 0.98]) {
        const x = b.from[0] + (b.to[0] - b.from[0]) * f
        const z = b.from[1] + (b.to[1] - b.from[1]) * f
        const away = (r: Region): number => Math.hypot(r.site.x - x, r.site.z - z)
        expect(away(b.a)).toBeCloseTo(away(b.b), 4)
        for (const other of sites) expect(away(other)).toBeGreaterThan(away(b.a) - 1e-3)
      }
    }
  })

  it('count the height of sites', () => {
    const [b] = borders([region('a', 0, 0), region('b', 64, 0, 16)], min, max)
    expect(b?.from[0]).toBeCloseTo((64 * 64 + 16 * 16) / 128)
  })

  it('are none between sites above each other', () => {
    expect(borders([region('a', 0, 0), region('b', 0, 0, 20)], min, max)).toEqual([])
  })

  it('agree with the region of a place; the lower id wins a tie', () => {
    const sites = [region('b', 64, 0), region('a', 0, 0)]
    expect(regionAt(sites, 31.9, 0, 5)?.id).toBe('a')
    expect(regionAt(sites, 32.1, 0, 5)?.id).toBe('b')
    expect(regionAt(sites, 32, 0, 5)?.id).toBe('a')
    expect(regionAt([], 0, 0, 0)).toBeUndefined()
  })
})
