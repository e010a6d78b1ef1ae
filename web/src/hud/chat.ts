import type { ChatLine } from '../api/types'
import { el, safeColor, tame } from './dom'

/** Lines kept on the page. */
const keepLines = 200

/** Chat is the log of what was heard, and the box to say something. */
export class Chat {
  readonly root = el('section', 'chat panel')
  private readonly log = el('ol', 'chat-log')
  private readonly input = el('input', 'chat-input')
  private readonly seen = new Set<string>()

  constructor(say: (text: string) => Promise<boolean>) {
    this.root.setAttribute('aria-label', 'Chat')
    this.log.setAttribute('aria-live', 'polite')
    this.input.placeholder = 'Press Enter to say something'
    this.input.maxLength = 512
    this.input.setAttribute('aria-label', 'Say something')
    this.input.autocomplete = 'off'
    this.input.spellcheck = false
    const form = el('form', 'chat-form')
    form.append(this.input)
    form.addEventListener('submit', event => {
      event.preventDefault()
      const text = this.input.value.trim()
      if (text === '') {
        this.input.blur()
        return
      }
      this.input.value = ''
      void say(text).then(said => {
        if (!said && this.input.value === '') this.input.value = text // not lost: try again
      })
    })
    this.input.addEventListener('focus', () => {
      this.root.classList.add('writing')
      this.input.placeholder = 'Say something to those near you'
    })
    this.input.addEventListener('blur', () => {
      this.root.classList.remove('writing')
      this.input.placeholder = 'Press Enter to say something'
    })
    this.root.append(this.log, form)
    // A panel above takes room from the log: who reads the end goes on reading it.
    let end = true
    this.log.addEventListener('scroll', () => { end = this.atEnd() })
    new ResizeObserver(() => { if (end) this.toEnd() }).observe(this.log)
  }

  private atEnd(): boolean { return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40 }

  private toEnd(): void { this.log.scrollTop = this.log.scrollHeight }

  focus(): void { this.input.focus() }

  leave(): void { this.input.blur() }

  /** add shows lines that were not shown before: after a new connection the
   * node may send some again. color gives the speaker's colour. */
  add(lines: readonly ChatLine[], color: (line: ChatLine) => string, mine: (line: ChatLine) => boolean): ChatLine[] {
    const fresh: ChatLine[] = []
    const end = this.atEnd()
    for (const line of lines) {
      const id = `${line.tick}/${line.region}/${line.entity || line.key}/${line.text}`
      if (line.tick > 0 && this.seen.has(id)) continue
      if (this.seen.size > 2000) this.seen.clear()
      this.seen.add(id)
      fresh.push(line)
      this.log.append(lineElement(line, color(line), mine(line)))
    }
    while (this.log.childElementCount > keepLines) this.log.firstElementChild?.remove()
    if (end) this.toEnd()
    return fresh
  }
}

/** lineElement makes one line of the log, from text only. */
export function lineElement(line: ChatLine, color: string, mine: boolean): HTMLLIElement {
  const li = el('li', mine ? 'chat-line mine' : 'chat-line')
  const who = el('span', 'chat-from', tame(line.from, 40) || 'someone')
  who.style.color = safeColor(color, '#c9d4e3')
  if (line.key === '') who.classList.add('thing')
  const where = line.channel ? `#${tame(line.channel, 24)}` : ''
  li.title = `${tame(line.region, 40)}, ${line.time}`
  if (where) li.append(el('span', 'chat-channel', where), ' ')
  li.append(who, ' ', el('span', 'chat-text', tame(line.text, 600)))
  return li
}
