import { words, type Client } from '../api/client'
import type { Process, ScreenFrame } from '../api/types'
import { button, el, tame } from '../hud/dom'
import { Copy, inflate } from './copy'
import { keyEvents, pasted, place } from './events'
import { Paint } from './paint'
import { Sound } from './sound'

/** As MaxScreenEvents in node/control. */
const mostEvents = 64

/** Window shows one process's screen, and gives it keys and pointer while it
 * has the keyboard. */
export class Window {
  readonly root = el('section', 'screen panel')
  private readonly canvas = el('canvas', 'screen-canvas')
  private readonly title = el('h2')
  private readonly note = el('p', 'screen-note', 'Waiting for the process to show something…')
  private readonly copy = new Copy()
  private readonly paint = new Paint(this.canvas)
  private readonly sound = new Sound()
  private readonly stop = new AbortController()
  private work: Promise<void> = Promise.resolve()
  private sending = false
  private waiting: string[] = []
  private drawing = false
  private held = 0

  constructor(private readonly client: Client, readonly process: Process, private readonly closed: () => void) {
    this.title.textContent = tame(process.name, 40)
    this.canvas.tabIndex = 0
    this.canvas.setAttribute('aria-label', `Screen of ${process.name}: it has the keyboard while it is focused, Escape leaves`)
    const head = el('div', 'screen-head')
    head.append(this.title, el('span', 'screen-pid', `process ${process.pid}`), button('screen-close', '×', () => this.close()))
    this.root.append(head, this.canvas, this.note)
    this.listen()
    void this.run()
  }

  focus(): void { this.canvas.focus() }

  close(): void {
    this.stop.abort()
    this.sound.close()
    this.root.remove()
    this.closed()
  }

  private async run(): Promise<void> {
    let end = 'The process has ended.'
    try {
      await this.client.stream<ScreenFrame>('Screen', { pid: this.process.pid, rate: 30 }, f => {
        this.sound.play(f.sounds ?? [])
        this.work = this.work.then(() => this.copy.apply(f, inflate)).then(() => this.redraw())
      }, this.stop.signal)
      await this.work
    } catch (err) {
      end = words(err)
    }
    this.note.textContent = end
    this.note.hidden = false
    this.root.classList.add('over')
  }

  private redraw(): void {
    this.title.textContent = tame(this.copy.title, 40) || tame(this.process.name, 40)
    this.note.hidden = this.copy.cols > 0 || this.copy.width > 0
    if (this.drawing) return
    this.drawing = true
    requestAnimationFrame(() => {
      this.drawing = false
      this.paint.draw(this.copy)
    })
  }

  private listen(): void {
    const keys = (e: KeyboardEvent): void => {
      e.stopPropagation() // the world does not walk meanwhile
      if (e.type === 'keydown' && e.key === 'Escape') this.canvas.blur()
      const events = keyEvents(e)
      if (events.length === 0) return
      e.preventDefault()
      this.act(...events)
    }
    this.canvas.addEventListener('keydown', keys)
    this.canvas.addEventListener('keyup', keys)
    this.canvas.addEventListener('paste', e => this.act(...pasted(e.clipboardData?.getData('text/plain') ?? '')))
    const point = (word: string, e: PointerEvent): void => {
      const box = this.canvas.getBoundingClientRect()
      this.act(`${word} ${this.held} ${place(this.copy, (e.clientX - box.left) / box.width, (e.clientY - box.top) / box.height)}`)
    }
    this.canvas.addEventListener('pointerdown', e => {
      this.focus()
      this.canvas.setPointerCapture(e.pointerId)
      this.held = e.button + 1
      point('press', e)
    })
    this.canvas.addEventListener('pointermove', e => { if (this.held) point('move', e) })
    this.canvas.addEventListener('pointerup', e => {
      point('release', e)
      this.held = 0
    })
    this.canvas.addEventListener('contextmenu', e => { e.preventDefault() })
  }

  /** act sends what was done, one call after the other. */
  private act(...events: string[]): void {
    this.waiting.push(...events)
    if (!this.sending) void this.send()
  }

  private async send(): Promise<void> {
    this.sending = true
    while (this.waiting.length > 0 && !this.stop.signal.aborted) {
      try {
        await this.client.unary('ScreenAct', { pid: this.process.pid, events: this.waiting.splice(0, mostEvents) }, this.stop.signal)
      } catch {
        this.waiting = [] // the stream tells when the process has ended
      }
    }
    this.sending = false
  }
}
