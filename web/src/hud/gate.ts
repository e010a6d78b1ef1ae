import { button, el, tame } from './dom'

/** Gate asks for a region's password when the avatar is kept out. */
export class Gate {
  readonly root = el('form', 'gate panel')
  private region = ''
  private readonly words = el('label', 'gate-words')
  private readonly input = el('input', 'gate-input')

  constructor(enter: (region: string, password: string) => Promise<boolean>) {
    this.root.hidden = true
    this.root.setAttribute('aria-label', 'Password')
    this.input.type = 'password'
    this.input.maxLength = 512
    this.input.autocomplete = 'off'
    this.input.setAttribute('aria-label', 'Password of the region')
    const go = el('button', 'act primary', 'Enter')
    go.type = 'submit'
    this.root.append(this.words, this.input, go, button('act', 'Stay out', () => this.close()))
    this.root.addEventListener('submit', event => {
      event.preventDefault()
      const password = this.input.value
      this.input.value = ''
      if (password === '') return
      void enter(this.region, password).then(right => { if (right) this.close() })
    })
  }

  /** heard looks whether a notice says that a region wants a password. */
  heard(notice: string): void {
    const region = wanting(notice)
    if (region === '') return
    this.region = region
    this.words.textContent = `${tame(region, 40)} wants a password`
    this.root.hidden = false
    this.input.focus()
  }

  private close(): void {
    this.input.value = ''
    this.input.blur()
    this.root.hidden = true
  }
}

/** wanting is the region that a notice says wants a password, or "". */
export function wanting(notice: string): string {
  return /^(.+) wants a password: `password /.exec(notice)?.[1] ?? ''
}

/** base64 is how the node's API takes bytes. */
export function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), b => String.fromCharCode(b)).join(''))
}
