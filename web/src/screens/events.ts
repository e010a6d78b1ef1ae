/** Names of keys that the page keeps: they lead out of the screen. */
const kept = new Set(['Escape', 'Tab'])

/** keyEvents says what a key press is to a process, or nothing for what the
 * page or the browser keeps. */
export function keyEvents(e: Pick<KeyboardEvent, 'key' | 'type' | 'ctrlKey' | 'altKey' | 'metaKey' | 'isComposing'>): string[] {
  if (e.ctrlKey || e.altKey || e.metaKey || e.isComposing || kept.has(e.key) || e.key === 'Dead' || e.key === 'Unidentified') return []
  const name = e.key === ' ' ? 'Space' : e.key
  if (e.type === 'keyup') return [`up ${name}`]
  return [...e.key].length === 1 ? [`key ${name}`, `text ${e.key}`] : [`key ${name}`]
}

/** pasted cuts a text into events of at most 256 bytes. */
export function pasted(text: string, most = 64): string[] {
  const out: string[] = []
  let part = ''
  let bytes = 0
  for (const ch of text.replace(/\r\n?/g, '\n')) {
    const n = new TextEncoder().encode(ch).length
    if (bytes + n > 240) {
      out.push(`text ${part}`)
      part = ''
      bytes = 0
    }
    part += ch
    bytes += n
  }
  if (part) out.push(`text ${part}`)
  return out.slice(0, most)
}

interface Shape { cols: number; rows: number; width: number; height: number }

/** place is the cell and the pixel at a place of 0 to 1 each way; -1 where
 * there is no grid or no picture. */
export function place(s: Shape, u: number, v: number): string {
  const at = (share: number, n: number): number => n > 0 ? Math.min(n - 1, Math.max(0, Math.floor(share * n))) : -1
  return `${at(u, s.cols)} ${at(v, s.rows)} ${at(u, s.width)} ${at(v, s.height)}`
}
