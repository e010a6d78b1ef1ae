import type { Held } from './steering'

const forward = new Set(['KeyW', 'ArrowUp'])
const back = new Set(['KeyS', 'ArrowDown'])
const left = new Set(['KeyA', 'ArrowLeft'])
const right = new Set(['KeyD', 'ArrowRight'])
const shift = new Set(['ShiftLeft', 'ShiftRight'])
const talk = new Set(['Enter', 'NumpadEnter', 'KeyT'])

/** Keys follows the keyboard by place of the key, so that WASD is where it
 * should be on every layout. */
export class Keys {
  private readonly down = new Set<string>()
  private jumped = false

  /** act is called for the keys that do one thing: E, F, Enter, Escape. */
  constructor(target: Window, private readonly act: (code: string) => void) {
    target.addEventListener('keydown', e => this.press(e))
    target.addEventListener('keyup', e => { this.down.delete(e.code) })
    target.addEventListener('blur', () => { this.down.clear() }) // no keyup comes any more
  }

  held(): Held {
    return {
      forward: this.any(forward) - this.any(back),
      right: this.any(right) - this.any(left),
      run: this.any(shift) > 0,
    }
  }

  /** takeJump is true once after each press of Space. */
  takeJump(): boolean {
    const jumped = this.jumped
    this.jumped = false
    return jumped
  }

  private press(e: KeyboardEvent): void {
    if (e.ctrlKey || e.altKey || e.metaKey) return
    if (writing(e.target)) {
      if (e.code === 'Escape') this.act(e.code)
      return
    }
    if (e.code === 'Space' || e.code.startsWith('Arrow')) {
      if (onControl(e.target)) return // a focused button keeps its keys
      e.preventDefault()
    }
    if (e.code === 'Space' && !e.repeat) this.jumped = true
    this.down.add(e.code)
    if (e.repeat || (e.code === 'Enter' && onControl(e.target))) return
    // The key that leads to the chat box is not typed into it. What follows at
    // once is, however slowly frames are drawn.
    if (talk.has(e.code)) e.preventDefault()
    this.act(e.code)
  }

  private any(codes: ReadonlySet<string>): number {
    for (const code of codes) if (this.down.has(code)) return 1
    return 0
  }
}

function writing(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}

function onControl(target: EventTarget | null): boolean {
  return target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement
}
