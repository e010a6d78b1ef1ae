import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError, Client } from '../src/api/client'
import { FlagEnd, enclose } from '../src/api/envelope'
import { retryDelay } from '../src/api/link'
import { takeToken, tokenIn } from '../src/api/token'

afterEach(() => { vi.unstubAllGlobals() })

const utf8 = new TextEncoder()

function answer(body: BodyInit | null, init: ResponseInit = {}): ReturnType<typeof vi.fn> {
  const fetch = vi.fn(() => Promise.resolve(new Response(body, init)))
  vi.stubGlobal('fetch', fetch)
  return fetch
}

async function caught(p: Promise<unknown>): Promise<ApiError> {
  const err: unknown = await p.then(() => undefined, e => e as unknown)
  expect(err).toBeInstanceOf(ApiError)
  return err as ApiError
}

describe('calls', () => {
  it('are posted with the token and give the answer', async () => {
    const fetch = answer('{"tick":7}')
    expect(await new Client('secret').unary('Say', { text: 'hi' })).toEqual({ tick: 7 })
    const [url, init] = fetch.mock.calls[0] as unknown as [string, RequestInit & { headers: Record<string, string> }]
    expect(url).toBe('/metatopia.v1.Node/Say')
    expect(init.method).toBe('POST')
    expect(init.body).toBe('{"text":"hi"}')
    expect(init.headers['Authorization']).toBe('Bearer secret')
    expect(init.headers['Content-Type']).toBe('application/json')
  })

  it('fail with the code, the words and the hint of the node', async () => {
    answer('{"code":"not_found","message":"no such thing"}', { status: 404, headers: { 'Metatopia-Hint': 'walk%20nearer' } })
    const err = await caught(new Client('').unary('Touch'))
    expect([err.code, err.message, err.hint, err.denied]).toEqual(['not_found', 'no such thing', 'walk nearer', false])
  })

  it('fail as denied when the answer is not JSON', async () => {
    answer('forbidden', { status: 403 })
    expect((await caught(new Client('').unary('Status'))).denied).toBe(true)
  })

  it('fail as unavailable when nobody answers', async () => {
    vi.stubGlobal('fetch', vi.fn(() => Promise.reject(new TypeError('fetch failed'))))
    expect((await caught(new Client('').unary('Status'))).code).toBe('unavailable')
  })
})

describe('streams', () => {
  const one = enclose(utf8.encode('{"seq":1}'))

  it('give every message and return at the end', async () => {
    answer(new Blob([one, enclose(utf8.encode('{"seq":2}')), enclose(utf8.encode('{}'), FlagEnd)]))
    const got: unknown[] = []
    await new Client('').stream('Watch', {}, m => { got.push(m) })
    expect(got).toEqual([{ seq: 1 }, { seq: 2 }])
  })

  it('throw the error of the end message', async () => {
    const end = '{"error":{"code":"unavailable","message":"the node stops"},"metadata":{"metatopia-hint":["start%20it"]}}'
    answer(new Blob([one, enclose(utf8.encode(end), FlagEnd)]))
    const err = await caught(new Client('').stream('Watch', {}, () => undefined))
    expect(err.words).toBe('the node stops (start it)')
  })

  it('throw when they stop without an end message', async () => {
    answer(new Blob([one]))
    expect((await caught(new Client('').stream('Watch', {}, () => undefined))).code).toBe('unavailable')
  })

  it('throw when a message is no JSON', async () => {
    answer(new Blob([enclose(utf8.encode('<html>'))]))
    expect((await caught(new Client('').stream('Watch', {}, () => undefined))).code).toBe('unavailable')
  })
})

describe('the pause before the next attempt', () => {
  it('doubles up to eight seconds', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map(retryDelay)).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000])
  })
})

describe('the token', () => {
  it('is found under both names', () => {
    expect(tokenIn('#t=abc')).toBe('abc')
    expect(tokenIn('#token=a-b_c')).toBe('a-b_c')
    expect(tokenIn('#else')).toBe('')
  })

  it('leaves the address bar and stays for a reload', () => {
    const kept = new Map<string, string>()
    const storage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => { kept.set(k, v) } } as Storage
    const replaceState = vi.fn()
    const history = { replaceState } as unknown as History
    const at = (hash: string): Location => ({ hash, pathname: '/', search: '?test=1' }) as Location
    expect(takeToken(at('#t=abc'), history, storage)).toBe('abc')
    expect(replaceState).toHaveBeenCalledWith(null, '', '/?test=1')
    expect(takeToken(at(''), history, storage)).toBe('abc')
    expect(replaceState).toHaveBeenCalledTimes(1)
  })
})
