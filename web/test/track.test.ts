import { describe, expect, it } from 'vitest'
import { Track, delayMs, extrapolateMs, slerp, type Quat, type Sample, type Vec3 } from '../src/world/track'

const still: Quat = [0, 0, 0, 1]

function sample(at: number, pos: Vec3, vel: Vec3 = [0, 0, 0], rot: Quat = still): Sample { return { at, pos, rot, vel } }

describe('a track', () => {
  it('is shown a little late, between two poses', () => {
    const t = new Track(sample(1000, [0, 0, 0]))
    t.push(sample(1050, [1, 0, 0]))
    t.push(sample(1100, [2, 0, 4]))
    expect(t.at(1025 + delayMs).pos).toEqual([0.5, 0, 0])
    expect(t.at(1075 + delayMs).pos).toEqual([1.5, 0, 2])
    expect(t.at(1100 + delayMs).pos).toEqual([2, 0, 4])
  })

  it('never goes back for a walker at even speed, whatever the time asked', () => {
    const t = new Track(sample(0, [0, 0, 0], [2, 0, 0]))
    let last = -1
    for (let now = 0; now < 2000; now += 16) {
      if (now % 48 === 0 && now > 0) t.push(sample(now, [now / 500, 0, 0], [2, 0, 0]))
      const x = t.at(now).pos[0]
      expect(x).toBeGreaterThanOrEqual(last)
      expect(Math.abs(x - Math.max(0, now - delayMs) / 500)).toBeLessThan(0.12)
      last = x
    }
  })

  it('goes on with the last velocity, for a moment only', () => {
    const t = new Track(sample(1000, [0, 1, 0], [4, 0, 0]))
    expect(t.at(1100 + delayMs).pos[0]).toBeCloseTo(0.4)
    const stop = 4 * extrapolateMs / 1000
    expect(t.at(1000 + delayMs + extrapolateMs).pos[0]).toBeCloseTo(stop)
    expect(t.at(9000).pos[0]).toBeCloseTo(stop)
  })

  it('does not fall through the ground while it guesses', () => {
    const t = new Track(sample(1000, [0, 0.2, 0], [0, -9, 0]))
    expect(t.at(1200 + delayMs).pos[1]).toBe(0)
  })

  it('stands still until just before a pose that comes after a long pause', () => {
    const t = new Track(sample(0, [0, 0, 0]))
    t.push(sample(10_000, [1, 0, 0]))
    expect(t.at(9900 + delayMs).pos[0]).toBe(0)
    expect(t.at(9975 + delayMs).pos[0]).toBeCloseTo(0.5)
    expect(t.at(10_000 + delayMs).pos[0]).toBe(1)
  })

  it('jumps a long way at once', () => {
    const t = new Track(sample(1000, [0, 0, 0]))
    t.push(sample(1050, [60, 0, 0]))
    expect(t.at(1050).pos[0]).toBe(60)
  })

  it('keeps a bounded past and the newest of two poses of one frame', () => {
    const t = new Track(sample(0, [0, 0, 0]))
    for (let i = 1; i < 5000; i++) t.push(sample(i * 50, [i % 7, 0, 0]))
    t.push(sample(4999 * 50, [3, 0, 0]))
    expect(t.latest.pos[0]).toBe(3)
    expect((t as unknown as { samples: unknown[] }).samples.length).toBeLessThan(30)
  })
})

describe('slerp', () => {
  const quarter: Quat = [0, Math.SQRT1_2, 0, Math.SQRT1_2]

  it('turns evenly', () => {
    const half = slerp(still, quarter, 0.5)
    expect(half[1]).toBeCloseTo(Math.sin(Math.PI / 8))
    expect(half[3]).toBeCloseTo(Math.cos(Math.PI / 8))
  })

  it('takes the short way for either sign', () => {
    const minus: Quat = [-quarter[0], -quarter[1], -quarter[2], -quarter[3]]
    const a = slerp(still, quarter, 0.3)
    const b = slerp(still, minus, 0.3)
    for (let i = 0; i < 4; i++) expect(b[i]).toBeCloseTo(a[i]!)
  })

  it('gives a rotation for nonsense', () => {
    expect(slerp([0, 0, 0, 0], [0, 0, 0, 0], 0.5)).toEqual([0, 0, 0, 1])
  })
})
