import type { ScreenFrame } from '../api/types'

export interface Cell { ch: string; fg: string; bg: string; flags: number }

const empty: Cell = { ch: ' ', fg: '', bg: '', flags: 0 }

/** Bounds, as those of the node: what comes may still be wrong. */
const maxCells = 1 << 16
const maxPixels = 1 << 22

/** Copy is a process's screen as its frames made it. */
export class Copy {
  title = ''
  cols = 0
  rows = 0
  cells: Cell[] = []
  width = 0
  height = 0
  /** red, green, blue, 255 for each pixel. */
  pix = new Uint8ClampedArray(0)
  cursor: { col: number; row: number } | undefined

  /** apply changes it by one frame; inflate undoes the deflate format. Throws
   * RangeError for what is out of bounds. Frames are applied one after the
   * other: the caller waits. */
  async apply(f: ScreenFrame, inflate: (data: Uint8Array) => Promise<Uint8Array>): Promise<void> {
    const [cols, rows, width, height] = [f.cols ?? 0, f.rows ?? 0, f.width ?? 0, f.height ?? 0]
    if (cols < 0 || rows < 0 || width < 0 || height < 0 || cols * rows > maxCells || width * height > maxPixels) {
      throw new RangeError(`a screen of ${cols}x${rows} cells and ${width}x${height} pixels`)
    }
    if (f.whole || cols !== this.cols || rows !== this.rows) this.cells = new Array<Cell>(cols * rows).fill(empty)
    if (f.whole || width !== this.width || height !== this.height) this.pix = new Uint8ClampedArray(4 * width * height).fill(255)
    Object.assign(this, { cols, rows, width, height, title: f.title ?? '', cursor: f.cursor })
    for (const line of f.lines ?? []) {
      if (line.row < 0 || line.row >= rows) throw new RangeError(`line ${line.row} of ${rows}`)
      let at = line.row * cols
      const end = at + cols
      for (const run of line.runs ?? []) {
        for (const ch of run.text) {
          if (at < end) this.cells[at++] = { ch, fg: run.fg ?? '', bg: run.bg ?? '', flags: run.flags ?? 0 }
        }
      }
    }
    for (const band of f.bands ?? []) {
      if (band.y < 0 || band.rows < 0 || band.y + band.rows > height) throw new RangeError(`rows from ${band.y} of ${height}`)
      const rgb = await inflate(bytes(band.rgb))
      if (rgb.length !== 3 * width * band.rows) throw new RangeError(`${rgb.length} bytes for ${band.rows} rows`)
      let to = 4 * width * band.y
      for (let i = 0; i < rgb.length; i += 3, to += 4) {
        this.pix[to] = rgb[i]!
        this.pix[to + 1] = rgb[i + 1]!
        this.pix[to + 2] = rgb[i + 2]!
      }
    }
  }
}

/** bytes undoes base64. */
export function bytes(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64)
  const out = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i)
  return out
}

/** inflate undoes the deflate format with what the browser has. */
export async function inflate(data: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([data as BlobPart]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
