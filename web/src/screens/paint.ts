import { safeColor } from '../hud/dom'
import type { Copy } from './copy'

/** Size of a cell on the canvas, in its pixels. */
export const cellWidth = 9
export const cellHeight = 18

const ink = '#d7e0e6'
const paper = '#0d1217'

/** size is how large the canvas of a screen is: its grid, or twice its picture. */
export function size(c: Copy): { width: number; height: number } {
  if (c.cols > 0) return { width: c.cols * cellWidth, height: c.rows * cellHeight }
  return { width: 2 * c.width, height: 2 * c.height }
}

/** Paint draws a screen on a canvas. */
export class Paint {
  private picture: HTMLCanvasElement | undefined

  constructor(private readonly canvas: HTMLCanvasElement) {}

  draw(c: Copy): void {
    const { width, height } = size(c)
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width
      this.canvas.height = height
    }
    const g = this.canvas.getContext('2d')
    if (!g || width === 0) return
    g.fillStyle = paper
    g.fillRect(0, 0, width, height)
    if (c.width > 0) this.drawPicture(g, c, width, height)
    this.drawCells(g, c)
  }

  private drawPicture(g: CanvasRenderingContext2D, c: Copy, width: number, height: number): void {
    this.picture ??= document.createElement('canvas')
    if (this.picture.width !== c.width || this.picture.height !== c.height) {
      this.picture.width = c.width
      this.picture.height = c.height
    }
    this.picture.getContext('2d')?.putImageData(new ImageData(c.pix as Uint8ClampedArray<ArrayBuffer>, c.width, c.height), 0, 0)
    g.imageSmoothingEnabled = false
    g.drawImage(this.picture, 0, 0, width, height)
  }

  private drawCells(g: CanvasRenderingContext2D, c: Copy): void {
    g.textBaseline = 'middle'
    g.textAlign = 'center'
    for (let row = 0; row < c.rows; row++) {
      for (let col = 0; col < c.cols; col++) {
        const cell = c.cells[row * c.cols + col]!
        const [x, y] = [col * cellWidth, row * cellHeight]
        let fg = safeColor(cell.fg, ink)
        let bg = safeColor(cell.bg, '')
        if (cell.flags & 8) [fg, bg] = [bg || paper, fg]
        if (bg) {
          g.fillStyle = bg
          g.fillRect(x, y, cellWidth, cellHeight)
        }
        if (cell.ch !== ' ') {
          g.fillStyle = fg
          g.font = `${cell.flags & 2 ? 'italic ' : ''}${cell.flags & 1 ? 'bold ' : ''}15px ui-monospace, "DejaVu Sans Mono", monospace`
          g.fillText(cell.ch, x + cellWidth / 2, y + cellHeight / 2 + 1, cellWidth + 1)
        }
        if (cell.flags & 4) {
          g.fillStyle = fg
          g.fillRect(x, y + cellHeight - 2, cellWidth, 1)
        }
      }
    }
    if (c.cursor) {
      g.fillStyle = ink
      g.fillRect(c.cursor.col * cellWidth, c.cursor.row * cellHeight + cellHeight - 3, cellWidth, 2)
    }
  }
}
