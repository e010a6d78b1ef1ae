import { describe, expect, it } from 'vitest'
import { Steering, renewMs, runSpeed, turnMs, velocity, walkSpeed, type Held } from '../src/input/steering'

const none: Held = { forward: 0, right: 0, run: false }
const ahead: Held = { forward: 1, right: 0, run: false }

describe('the wanted velocity', () => {
  const at = (held: Held, yaw: number): [number, number] => {
    const { x, z } = velocity(held, yaw)
    return [+x.toFixed(6) + 0, +z.toFixed(6) + 0]
  }

  it('is along the camera: -Z at yaw 0, -X after a quarter turn', () => {
    expect(at(ahead, 0)).toEqual([0, -walkSpeed])
    expect(at(ahead, Math.PI / 2)).toEqual([-walkSpeed, 0])
    expect(at({ ...none, right: 1 }, 0)).toEqual([walkSpeed, 0])
    expect(at({ ...none, right: 1 }, Math.PI / 2)).toEqual([0, -walkSpeed])
    expect(at({ ...none, forward: -1 }, Math.PI)).toEqual([0, -walkSpeed])
  })

  it('is as fast across as straight on', () => {
    for (const yaw of [0, 0.7, 2, -3]) {
      const { x, z } = velocity({ forward: 1, right: -1, run: true }, yaw)
      expect(Math.hypot(x, z)).toBeCloseTo(runSpeed)
    }
  })

  it('is nothing when nothing or both ways are held', () => { expect(velocity(none, 1)).toEqual({ x: 0, z: 0 }) })
})

describe('steering', () => {
  it('says nothing while nobody presses', () => {
    const s = new Steering()
    for (let now = 0; now < 5000; now += 16) expect(s.next(now, none, now / 100, false)).toBeUndefined()
  })

  it('speaks at once on a press, renews while held, and stops once', () => {
    const s = new Steering()
    const sent: number[] = []
    for (let now = 0; now < 3000; now += 20) if (s.next(now, now < 2000 ? ahead : none, 0, false)) sent.push(now)
    expect(sent).toEqual([0, renewMs, 2 * renewMs, 3 * renewMs, 2000])
    expect(s.next(3000, ahead, 0, false)).toEqual({ x: 0 - 0, z: -walkSpeed })
  })

  it('follows a turning camera, but not at every frame', () => {
    const s = new Steering()
    let n = 0
    for (let now = 0; now < 1000; now += 16) if (s.next(now, ahead, now / 300, false)) n++
    expect(n).toBeGreaterThan(5)
    expect(n).toBeLessThanOrEqual(1000 / turnMs + 1)
  })

  it('jumps at once, standing or walking', () => {
    const s = new Steering()
    expect(s.next(0, none, 0, true)).toEqual({ x: 0, z: 0, jump: true })
    expect(s.next(1, ahead, 0, false)).toBeDefined()
    expect(s.next(2, ahead, 0, true)?.jump).toBe(true)
    expect(s.next(3, ahead, 0, false)).toBeUndefined()
  })
})
