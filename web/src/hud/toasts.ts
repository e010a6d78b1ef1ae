import { el, tame } from './dom'

const shownMs = 5200
const most = 4

/** Toasts are short notices that go by themselves. */
export class Toasts {
  readonly root = el('div', 'toasts')

  constructor() {
    this.root.setAttribute('role', 'status')
    this.root.setAttribute('aria-live', 'polite')
  }

  show(text: string, kind: 'info' | 'bad' = 'info'): void {
    const words = tame(text, 240)
    if (words === '') return
    const last = this.root.lastElementChild
    if (last?.textContent === words) last.remove() // the same again: only newer
    const toast = el('div', `toast ${kind}`, words)
    this.root.append(toast)
    while (this.root.childElementCount > most) this.root.firstElementChild?.remove()
    setTimeout(() => {
      toast.classList.add('leaving')
      setTimeout(() => toast.remove(), 400)
    }, shownMs)
  }
}
