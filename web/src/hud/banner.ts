import type { LinkState } from '../api/link'
import { button, el, tame } from './dom'

/** Banner says loudly that the page is not connected, and why. */
export class Banner {
  readonly root = el('div', 'banner')
  private readonly words = el('span', 'banner-words')
  private readonly detail = el('span', 'banner-detail')

  constructor(retry: () => void) {
    this.root.setAttribute('role', 'alert')
    this.root.hidden = true
    this.root.append(el('span', 'spinner'), this.words, this.detail, button('banner-retry', 'Try now', retry))
  }

  show(state: LinkState, detail: string, everOpen: boolean): void {
    this.root.hidden = state === 'open' || (state === 'connecting' && !everOpen && detail === '')
    this.root.dataset['state'] = state
    this.detail.textContent = tame(detail, 160)
    switch (state) {
      case 'denied':
        this.words.textContent = 'This page may not talk to the node.'
        this.detail.textContent = 'Open the address that the node printed again: its token changes at every start.'
        break
      case 'lost':
        this.words.textContent = everOpen ? 'Connection to the node lost.' : 'No connection to the node.'
        break
      case 'connecting':
        this.words.textContent = everOpen ? 'Connecting again…' : 'Connecting…'
        break
      case 'open':
        break
    }
  }
}
