import { describe, expect, it } from 'vitest'
import { FlagEnd, MaxMessageBytes, Splitter, enclose } from '../src/api/envelope'

const utf8 = new TextEncoder()
const text = new TextDecoder()

function joined(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const p of parts) {
    out.set(p, at)
    at += p.length
  }
  return out
}

const stream = joined(
  enclose(utf8.encode('{"seq":1,"full":true}')), enclose(new Uint8Array(0)),
  enclose(utf8.encode('{"name":"Zoë 🔥"}')), enclose(utf8.encode('{}'), FlagEnd))
const expected = [[0, '{"seq":1,"full":true}'], [0, ''], [0, '{"name":"Zoë 🔥"}'], [FlagEnd, '{}']]

function split(pieces: Uint8Array[]): { got: [number, string][]; pending: boolean } {
  const s = new Splitter()
  const got = pieces.flatMap(p => s.push(p)).map(e => [e.flags, text.decode(e.data)] as [number, string])
  return { got, pending: s.pending }
}

describe('envelopes', () => {
  it('puts flags and a big-endian length first', () => {
    expect([...enclose(new Uint8Array(300), 2).slice(0, 5)]).toEqual([2, 0, 0, 1, 44])
  })

  it('come out alike wherever the stream is cut in two', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const { got, pending } = split([stream.subarray(0, cut), stream.subarray(cut)])
      expect(got, `cut at ${cut}`).toEqual(expected)
      expect(pending).toBe(false)
    }
  })

  it('come out alike byte by byte, and in threes', () => {
    for (const n of [1, 3]) {
      const pieces: Uint8Array[] = []
      for (let i = 0; i < stream.length; i += n) pieces.push(stream.subarray(i, i + n))
      expect(split(pieces).got).toEqual(expected)
    }
  })

  it('knows that a stream stopped inside one', () => {
    for (let cut = 1; cut < 26; cut++) expect(split([stream.subarray(0, cut)]).pending, `cut at ${cut}`).toBe(true)
  })

  it('reads a piece that starts inside a larger buffer', () => {
    const wide = joined(new Uint8Array([9, 9, 9]), stream)
    expect(split([wide.subarray(3)]).got).toEqual(expected)
  })

  it('refuses a length over the limit before it waits for the bytes', () => {
    const head = new Uint8Array(5)
    new DataView(head.buffer).setUint32(1, MaxMessageBytes + 1)
    expect(() => new Splitter().push(head)).toThrow(RangeError)
  })
})
