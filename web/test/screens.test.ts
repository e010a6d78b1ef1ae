import { describe, expect, it } from 'vitest'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { Copy } from '../src/screens/copy'
import { keyEvents, pasted, place } from '../src/screens/events'

const inflate = async (data: Uint8Array): Promise<Uint8Array> => new Uint8Array(inflateRawSync(data))
const packed = (...rgb: number[]): string => deflateRawSync(Uint8Array.from(rgb)).toString('base64')

describe('Copy', () => {
  it('adds up frames', async () => {
    const c = new Copy()
    await c.apply({ whole: true, cols: 3, rows: 2, width: 2, height: 2, title: 'one',
      lines: [{ row: 1, runs: [{ text: 'a', fg: '#ff0000' }, { text: 'bcd', flags: 1 }] }],
      bands: [{ y: 0, rows: 2, rgb: packed(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) }] }, inflate)
    await c.apply({ cols: 3, rows: 2, width: 2, height: 2, bands: [{ y: 1, rows: 1, rgb: packed(0, 0, 0, 20, 21, 22) }] }, inflate)
    expect(c.cells.map(x => x.ch).join('')).toBe('   abc')
    expect(c.cells[3]).toEqual({ ch: 'a', fg: '#ff0000', bg: '', flags: 0 })
    expect([...c.pix]).toEqual([1, 2, 3, 255, 4, 5, 6, 255, 0, 0, 0, 255, 20, 21, 22, 255])
    expect(c.title).toBe('')
  })

  it('refuses what is out of bounds', async () => {
    const c = new Copy()
    await expect(c.apply({ whole: true, cols: 70000, rows: 70000 }, inflate)).rejects.toThrow(RangeError)
    await expect(c.apply({ whole: true, cols: 2, rows: 1, lines: [{ row: 1, runs: [] }] }, inflate)).rejects.toThrow(RangeError)
    await expect(c.apply({ width: 2, height: 1, bands: [{ y: 0, rows: 1, rgb: packed(1) }] }, inflate)).rejects.toThrow(RangeError)
  })
})

describe('events', () => {
  const key = (type: string, k: string, more = {}): string[] =>
    keyEvents({ type, key: k, ctrlKey: false, altKey: false, metaKey: false, isComposing: false, ...more })

  it('names keys', () => {
    expect(key('keydown', 'a')).toEqual(['key a', 'text a'])
    expect(key('keydown', ' ')).toEqual(['key Space', 'text  '])
    expect(key('keydown', 'ArrowUp')).toEqual(['key ArrowUp'])
    expect(key('keyup', 'a')).toEqual(['up a'])
    expect(key('keydown', 'c', { ctrlKey: true })).toEqual([])
    expect(key('keydown', 'Escape')).toEqual([])
  })

  it('cuts what is pasted', () => {
    const events = pasted('ä'.repeat(300) + '\r\nend')
    expect(events.length).toBe(3)
    expect(events.map(e => e.slice(5)).join('')).toBe('ä'.repeat(300) + '\nend')
    for (const e of events) expect(new TextEncoder().encode(e).length).toBeLessThanOrEqual(256)
  })

  it('finds places', () => {
    expect(place({ cols: 40, rows: 25, width: 320, height: 200 }, 0.5, 1)).toBe('20 24 160 199')
    expect(place({ cols: 0, rows: 0, width: 2, height: 2 }, -1, 0.6)).toBe('-1 -1 0 1')
  })
})
