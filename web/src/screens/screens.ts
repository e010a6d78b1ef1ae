import type { Client } from '../api/client'
import type { Process } from '../api/types'
import { el, tame } from '../hud/dom'
import { Window } from './window'

const refreshMs = 2000
const most = 8

/** Screens lists the processes of my node that show something, and opens their
 * screens. */
export class Screens {
  readonly root = el('section', 'screens panel')
  readonly windows = el('div', 'screen-windows')
  private readonly list = el('ul', 'screens-list')
  private shown = ''
  private readonly open = new Map<number, Window>()

  constructor(private readonly client: Client) {
    this.root.hidden = true
    const head = el('h2', '', 'Screens')
    head.title = 'Processes of your node that show something'
    this.root.append(head, this.list)
    setInterval(() => { if (!document.hidden) void this.refresh() }, refreshMs)
  }

  async refresh(): Promise<void> {
    let found: Process[]
    try {
      const res = await this.client.unary<{ processes: Process[] | null }>('Ps', { screens: true, limit: most })
      found = res.processes ?? []
    } catch {
      return // the banner tells when the node is gone
    }
    this.root.hidden = found.length === 0
    // A row that is made anew under the pointer cannot be clicked.
    const now = JSON.stringify(found.map(p => [p.pid, p.name]))
    if (now === this.shown) return
    this.shown = now
    this.list.replaceChildren(...found.map(p => this.row(p)))
  }

  /** show opens the screen of a process, or gives it the keyboard. */
  show(p: Process): void {
    let w = this.open.get(p.pid)
    if (!w) {
      w = new Window(this.client, p, () => this.open.delete(p.pid))
      this.open.set(p.pid, w)
      this.windows.append(w.root)
    }
    w.focus()
  }

  private row(p: Process): HTMLLIElement {
    const li = el('li')
    const b = el('button', 'screens-open', tame(p.name, 32) || `process ${p.pid}`)
    b.type = 'button'
    b.addEventListener('click', () => this.show(p))
    li.append(b)
    return li
  }
}
