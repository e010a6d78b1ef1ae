import { describe, expect, it } from 'vitest'
import type { Shard, ShardBody, Touching } from '../src/api/types'
import { Shards, caption, epochText, impulseLength, ownerColor, staleMs } from '../src/world/shards'

function body(id: string, owner: string, more: Partial<ShardBody> = {}): ShardBody {
  return { id, owner, epoch: '2', shape: 'box', size: [1, 1, 1], p: [0, 0.5, 0], r: [0, 0, 0, 1], v: [0, 0, 0], ...more }
}

function touch(a: string | undefined, b: string): Touching {
  return { ...(a === undefined ? {} : { a }), b, n: [0, 1, 0], i: 2, points: [[0, 0, 0]] }
}

function shard(region: string, bodies: ShardBody[], touches: Touching[] = [], tick = 1): Shard {
  return { region, tick, bodies, touches }
}

describe('the physics of the regions', () => {
  it('tells a body from its ghost next door', () => {
    const s = new Shards()
    s.apply(shard('h', [body('one', 'h')]), 0)
    s.apply(shard('c', [body('one', 'h', { age: 3 }), body('two', 'c')]), 0)
    expect([...s.bodies.values()].map(b => [b.key, b.ghost])).toEqual([['h/one', false], ['c/one', true], ['c/two', false]])
    expect(caption(s.bodies.get('c/one')!)).toBe('ghost one e2 3t')
    expect(caption(s.bodies.get('h/one')!)).toBe('one e2')
    expect(epochText(String((1795284000000n << 16n) + 3n))).toBe('3')
    expect(s.summary()).toEqual([
      { region: 'c', tick: 1, own: 1, ghosts: 1, asleep: 0, touches: 0, oldest: 3 },
      { region: 'h', tick: 1, own: 1, ghosts: 0, asleep: 0, touches: 0, oldest: 0 },
    ])
  })

  it('moves a body that changed hands to its new owner', () => {
    const s = new Shards()
    s.apply(shard('h', [body('one', 'h')]), 0)
    s.apply(shard('h', [body('one', 'c', { epoch: '3' })]), 100)
    expect(s.bodies.get('h/one')!.ghost).toBe(true)
    s.apply(shard('h', []), 200)
    expect(s.bodies.size).toBe(0)
  })

  it('keeps the contacts of what sleeps and drops those of what moves', () => {
    const s = new Shards()
    s.apply(shard('h', [body('low', 'h'), body('top', 'h')], [touch(undefined, 'low'), touch('low', 'top')]), 0)
    s.apply(shard('h', [body('low', 'h', { asleep: true }), body('top', 'h', { asleep: true })], []), 100)
    expect(s.touches().length).toBe(2)
    s.apply(shard('h', [body('low', 'h', { asleep: true }), body('top', 'h')], [touch('low', 'top')]), 200)
    expect(s.touches().length).toBe(2)
    s.apply(shard('h', [body('low', 'h'), body('top', 'h')], []), 300)
    expect(s.touches()).toEqual([])
  })

  it('marks contacts with a ghost', () => {
    const s = new Shards()
    s.apply(shard('h', [body('mine', 'h'), body('theirs', 'c')], [touch('mine', 'theirs'), touch(undefined, 'mine')]), 0)
    expect(s.touches().map(t => t.border)).toEqual([true, false])
  })

  it('forgets a region that fell silent, and takes missing lists', () => {
    const s = new Shards()
    s.apply(shard('h', [body('one', 'h')]), 0)
    s.apply({ region: 'c', tick: 1, bodies: null, touches: null }, staleMs + 1)
    expect(s.summary().map(x => x.region)).toEqual(['c'])
    expect(s.bodies.size).toBe(0)
  })

  it('gives owners colours that can be told apart', () => {
    const ids = ['b', 'a', 'c']
    const all = ids.map(id => ownerColor(ids, id))
    expect(new Set(all).size).toBe(3)
    expect(ownerColor(['c', 'b', 'a'], 'a')).toBe(all[1])
    expect(ownerColor(ids, 'unknown')).toMatch(/^#/)
  })

  it('draws impulses longer, but not without end', () => {
    expect(impulseLength(0)).toBeCloseTo(0.1)
    expect(impulseLength(-1)).toBeCloseTo(0.1)
    expect(impulseLength(2)).toBeGreaterThan(impulseLength(1))
    expect(impulseLength(1e6)).toBeLessThan(5)
  })
})
