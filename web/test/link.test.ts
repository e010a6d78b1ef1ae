import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, type Client } from '../src/api/client'
import { Link } from '../src/api/link'
import type { Frame } from '../src/api/types'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

type Take = (frame: Frame) => void

/** scripted is a client whose streams go as told, one after the other. */
function scripted(...streams: ((take: Take) => Promise<void>)[]): { client: Client; calls: () => number } {
  let n = 0
  const client = {
    stream: (_method: string, _request: object, take: Take) => streams[Math.min(n++, streams.length - 1)]!(take),
  } as unknown as Client
  return { client, calls: () => n }
}

const refuse = (): Promise<void> => Promise.reject(new ApiError('unavailable', 'the node does not answer'))
const deny = (): Promise<void> => Promise.reject(new ApiError('permission_denied', 'no valid token'))
const open = (take: Take): Promise<void> => {
  take({ seq: 1, full: true })
  take({ seq: 2 })
  return new Promise(() => undefined)
}
const openThenBreak = (take: Take): Promise<void> => {
  take({ seq: 1, full: true })
  return refuse()
}

function watch(...streams: ((take: Take) => Promise<void>)[]): { states: string[]; frames: number[]; link: Link; calls: () => number } {
  const states: string[] = []
  const frames: number[] = []
  const { client, calls } = scripted(...streams)
  const link = new Link(client, { frame: f => { frames.push(f.seq) }, state: s => { states.push(s) } })
  void link.run()
  return { states, frames, link, calls }
}

describe('the link', () => {
  it('is open after a full frame, and gives every frame on', async () => {
    const { states, frames } = watch(open)
    await vi.advanceTimersByTimeAsync(0)
    expect(states).toEqual(['connecting', 'open'])
    expect(frames).toEqual([1, 2])
  })

  it('tries again, more and more slowly, until the node is back', async () => {
    const { states, calls } = watch(refuse, refuse, refuse, open)
    await vi.advanceTimersByTimeAsync(499)
    expect(calls()).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(calls()).toBe(2)
    await vi.advanceTimersByTimeAsync(1000)
    expect(calls()).toBe(3)
    await vi.advanceTimersByTimeAsync(1999)
    expect(calls()).toBe(3)
    await vi.advanceTimersByTimeAsync(1)
    expect(states).toEqual(['connecting', 'lost', 'connecting', 'lost', 'connecting', 'lost', 'connecting', 'open'])
  })

  it('starts with a short pause again after it was open', async () => {
    const { calls } = watch(refuse, refuse, openThenBreak, open)
    await vi.advanceTimersByTimeAsync(500 + 1000)
    expect(calls()).toBe(3)
    await vi.advanceTimersByTimeAsync(500)
    expect(calls()).toBe(4)
  })

  it('says denied, and stays so while it tries', async () => {
    const { states } = watch(deny, deny, open)
    await vi.advanceTimersByTimeAsync(600)
    expect(states).toEqual(['connecting', 'denied', 'denied', 'denied'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(states.at(-1)).toBe('open')
  })

  it('tries at once when asked', async () => {
    const { link, calls } = watch(refuse, refuse, refuse, refuse, open)
    await vi.advanceTimersByTimeAsync(3600)
    const before = calls()
    link.retry()
    await vi.advanceTimersByTimeAsync(0)
    expect(calls()).toBe(before + 1)
  })
})
