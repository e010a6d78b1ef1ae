import { words } from '../api/client'
import { button, el, tame } from './dom'

/** Asker is how a section of the office speaks to my node, about the region that I
 * am in. ask throws what the node answers instead of a result. */
export interface Asker {
  ask<T>(method: string, request: object): Promise<T>
  region(): string
}

/** Section is a part of the office that can be folded away, with words about what
 * was last done in it. */
export class Section {
  readonly root = el('section', 'part')
  /** outcome has the words: each section puts it beside its form, as a list may be long. */
  readonly outcome = el('p', 'part-outcome')
  private readonly body = el('div', 'part-body')
  private readonly fields = el('fieldset', 'part-fields')
  private readonly head: HTMLButtonElement
  private last = 0

  /** read brings what the section shows up to date; it is called when it opens, and
   * throws when it cannot. */
  constructor(title: string, private readonly read: () => Promise<void>, private readonly clear: () => void) {
    this.head = button('part-head', title, () => { if (this.body.hidden) this.open(); else this.fold() })
    this.outcome.setAttribute('role', 'status')
    this.body.append(this.fields)
    this.root.append(this.head, this.body)
    this.fold()
  }

  append(...parts: Node[]): void { this.fields.append(...parts) }

  /** fold hides the section and forgets what was typed: it may be about another
   * region when it opens again. */
  fold(): void {
    this.last++
    this.body.hidden = true
    this.head.setAttribute('aria-expanded', 'false')
    this.fields.disabled = false
    this.tell('', false)
    this.clear()
  }

  private open(): void {
    this.body.hidden = false
    this.head.setAttribute('aria-expanded', 'true')
    void this.run(() => Promise.resolve('')).then(() => { if (!this.body.hidden) this.root.scrollIntoView({ block: 'nearest' }) })
  }

  /** run does something, shows what came of it and reads anew what is shown, unless
   * the section was folded meanwhile. Nothing else can be done in it until then.
   * After something done in vain restore puts back what was shown: a box that was
   * ticked, but not what somebody has typed. */
  async run(act: () => Promise<string>, read = this.read, restore = read): Promise<boolean> {
    const mine = ++this.last
    const ours = (): boolean => mine === this.last
    this.fields.disabled = true
    this.tell('', false)
    let done = false
    try {
      const said = await act()
      done = true
      if (ours()) await read()
      if (ours()) this.tell(said, false)
    } catch (err) {
      if (ours()) this.tell(words(err), true)
      if (ours() && !done) await restore().catch(() => undefined)
    }
    if (ours()) this.fields.disabled = false
    return done && ours()
  }

  private tell(text: string, bad: boolean): void {
    this.outcome.textContent = tame(text, 400)
    this.outcome.classList.toggle('bad', bad)
    if (text !== '') this.outcome.scrollIntoView({ block: 'nearest' })
  }
}

/** form is a line of fields with a button that submits them. */
export function form(label: string, word: string, submit: () => void, ...fields: HTMLElement[]): HTMLFormElement {
  const f = el('form', 'part-form')
  f.setAttribute('aria-label', label)
  const go = el('button', 'act small', word)
  go.type = 'submit'
  f.append(...fields, go)
  f.addEventListener('submit', event => {
    event.preventDefault()
    submit()
  })
  return f
}

/** who is a field for somebody: a name in sight or a key. */
export function who(): HTMLInputElement {
  const input = el('input', 'field')
  input.maxLength = 128
  input.required = true
  input.autocomplete = 'off'
  input.spellcheck = false
  input.placeholder = 'Name in sight, or key'
  input.setAttribute('aria-label', 'Whom: a name in sight, or a key')
  return input
}

/** tick is a box to tick with its words. */
export function tick(words: string): { row: HTMLLabelElement; box: HTMLInputElement } {
  const box = el('input')
  box.type = 'checkbox'
  const row = el('label', 'part-tick')
  row.append(box, el('span', '', words))
  return { row, box }
}
