import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ChatLine } from '../src/api/types'
import { lineElement } from '../src/hud/chat'
import { safeColor, shortId, tame } from '../src/hud/dom'
import { highlight } from '../src/hud/highlight'

/** Node is as much of the DOM as a chat line needs. Only textContent and
 * append put anything into it; everything that parses markup throws. */
class Node {
  children: (Node | string)[] = []
  className = ''
  title = ''
  style: Record<string, string> = {}
  classList = { add: (name: string) => { this.className += ` ${name}` } }
  constructor(readonly tag: string) {}
  set textContent(text: string) { this.children = [text] }
  get textContent(): string { return this.children.map(c => typeof c === 'string' ? c : c.textContent).join('') }
  set innerHTML(_: string) { throw new Error('innerHTML') }
  append(...nodes: (Node | string)[]): void { this.children.push(...nodes) }
  tags(): string[] { return [this.tag, ...this.children.flatMap(c => typeof c === 'string' ? [] : c.tags())] }
}

const hostile = [
  '<img src=x onerror=alert(1)>', '</span><script>alert(1)</script>', '"><svg onload=alert(1)>', '&lt;b&gt;', '{{constructor}}',
]

describe('hostile names and words', () => {
  beforeEach(() => { vi.stubGlobal('document', { createElement: (tag: string) => new Node(tag) }) })
  afterEach(() => { vi.unstubAllGlobals() })

  it('stay text in the chat log', () => {
    for (const bad of hostile) {
      const line: ChatLine = { from: bad, key: 'k', entity: 'e', region: bad, text: bad, channel: bad, time: 'now', tick: 1 }
      const li = lineElement(line, `red;background:url(${bad})`, false) as unknown as Node
      expect(li.tags()).toEqual(['li', 'span', 'span', 'span'])
      const [, , from, , text] = li.children as Node[]
      expect(from!.textContent).toBe(bad)
      expect(text!.textContent).toBe(bad)
      expect(from!.style['color']).toBe('#c9d4e3')
    }
  })

  it('never meet anything that parses markup, in the whole page', () => {
    const root = join(import.meta.dirname, '..', 'src')
    const bad = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|srcdoc|setAttribute\(\s*['"`](?:style|on)|\beval\(|new Function/
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(f => f.endsWith('.ts'))
    expect(files.length).toBeGreaterThan(20)
    for (const f of files) expect(readFileSync(join(root, f), 'utf8'), f).not.toMatch(bad)
  })
})

describe('tame', () => {
  it('keeps words, drops what hides or turns text, and is one line', () => {
    expect(tame('Zoë  🔥', 20)).toBe('Zoë  🔥')
    expect(tame('a\u202eb\u200bc\u0000d\ne', 20)).toBe('abc d e')
    expect(tame('\u0007\n', 20)).toBe('')
  })

  it('cuts between characters', () => {
    expect(tame('🔥🔥🔥🔥', 3)).toBe('🔥🔥…')
    expect([...tame('x'.repeat(5000), 40)]).toHaveLength(40)
  })
})

describe('colours and ids', () => {
  it('pass only in the form the node uses', () => {
    expect(safeColor('#A0b1c2', 'x')).toBe('#A0b1c2')
    for (const bad of ['red', '#fff', '#12345g', '#123456;x', undefined, 'url(x)']) expect(safeColor(bad, 'fallback')).toBe('fallback')
    expect(shortId('abcdefghijklmnop', 4)).toBe('abcd…')
    expect(shortId('abcde', 4)).toBe('abcde')
  })
})

describe('highlighting', () => {
  const source = 'export function handle(e: Event): void { // touch <b>\n  const s = "on \\" off" + `t`\n  x = 0xffd28a * 2.5 /* open'

  it('changes no character, whatever comes', () => {
    for (const s of [source, ...hostile, '', '"', "'\\", '/*', '--x', '#ffd28a #x', '🔥 = 1']) {
      for (const language of ['', 'lua', 'python', 'AssemblyScript']) {
        expect(highlight(s, language).map(t => t.text).join('')).toBe(s)
      }
    }
  })

  it('knows keywords, strings, numbers and comments', () => {
    const kinds = (kind: string): string[] => highlight(source).filter(t => t.kind === kind).map(t => t.text)
    expect(kinds('keyword')).toEqual(['export', 'function', 'void', 'const'])
    expect(kinds('string')).toEqual(['"on \\" off"', '`t`'])
    expect(kinds('number')).toEqual(['0xffd28a', '2.5'])
    expect(kinds('comment')).toEqual(['// touch <b>', '/* open'])
  })

  it('takes dashes for a comment in Lua only', () => {
    expect(highlight('a --b', 'lua').some(t => t.kind === 'comment')).toBe(true)
    expect(highlight('a --b', 'c').some(t => t.kind === 'comment')).toBe(false)
  })

  it('reads a hostile source once, not once a character', () => {
    // The time of a source is counted in characters the patterns look at.
    let looked = 0
    const exec = RegExp.prototype.exec
    RegExp.prototype.exec = function (text: string) {
      const found = exec.call(this, text)
      looked += found?.[0].length ?? 1
      return found
    }
    try {
      for (const text of ['-'.repeat(20_000), '#'.repeat(20_000), '/'.repeat(20_000), '\'\n'.repeat(10_000)]) {
        looked = 0
        highlight(text, 'c')
        expect(looked).toBeLessThan(20 * text.length)
      }
    } finally {
      RegExp.prototype.exec = exec
    }
  })
})
