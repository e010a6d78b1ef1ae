import type { AdminStatus, Block } from '../api/types'
import { button, el, shortId, tame } from './dom'
import { Invitations, invitable } from './invitations'
import type { Asker } from './section'
import { Settings } from './settings'
import { Whitelist } from './whitelist'

export interface OfficeActs extends Asker {
  unblock(block: Block): void
  unban(key: string): void
  closed(): void
}

/** lines are the words about who looks after a region, with what is proven of
 * them at the end. */
export function lines(s: AdminStatus): string[] {
  const out = (s.words ?? []).slice(0, 40).map(w => tame(w, 400))
  if (s.may) out.push('I have an admin\'s rights here.')
  if (s.warning) out.push(`Not proven: ${tame(s.warning, 200)}.`)
  return out.filter(w => w !== '')
}

/** parts are the sections of the office that somebody has who has such rights and
 * such a role: admins, who have the right to ban, have all. */
export function parts(may: readonly string[], role: string): ('whitelist' | 'invitations' | 'settings')[] {
  if (may.includes('ban')) return ['whitelist', 'invitations', 'settings']
  return invitable(may, role).length > 0 ? ['invitations'] : []
}

/** Office is the panel about the region's people: who looks after it and why, who
 * is banned, whom I have blocked myself, and what I may change about it. */
export class Office {
  readonly root = el('section', 'office panel')
  private readonly title = el('h2')
  private readonly words = el('div', 'office-words')
  private readonly bansHead = el('h3', '', 'Banned here')
  private readonly bans = el('ul', 'office-list')
  private readonly blocks = el('ul', 'office-list')
  private readonly whitelist: Whitelist
  private readonly invitations: Invitations
  private readonly settings: Settings

  constructor(private readonly acts: OfficeActs) {
    this.root.hidden = true
    this.root.setAttribute('aria-label', 'People of the region')
    const close = button('close', '×', () => this.close())
    close.setAttribute('aria-label', 'Close')
    const head = el('div', 'office-head')
    head.append(this.title, close)
    this.whitelist = new Whitelist(acts)
    this.invitations = new Invitations(acts)
    this.settings = new Settings(acts, status => this.admins(status))
    const body = el('div', 'office-body')
    body.append(this.words, this.whitelist.section.root, this.invitations.section.root, this.settings.section.root,
      this.bansHead, this.bans, el('h3', '', 'Blocked by me'), this.blocks)
    this.rights([], '')
    this.root.append(head, body)
  }

  get open(): boolean { return !this.root.hidden }

  show(): void { this.root.hidden = false }

  close(): void {
    if (this.root.hidden) return
    this.root.hidden = true
    this.fold()
    this.acts.closed()
  }

  /** rights says what I may do in the region, and as what. */
  rights(may: readonly string[], role: string): void {
    const shown = parts(may, role)
    this.invitations.rights(may, role)
    for (const [name, part] of [['whitelist', this.whitelist], ['invitations', this.invitations], ['settings', this.settings]] as const) {
      const hidden = !shown.includes(name)
      if (hidden && !part.section.root.hidden) part.section.fold()
      part.section.root.hidden = hidden
    }
  }

  private fold(): void {
    for (const part of [this.whitelist, this.invitations, this.settings]) part.section.fold()
  }

  /** moved says that I am in another region: what is half done is not for it. */
  moved(): void {
    this.fold()
    this.rights([], '')
    this.admins(undefined)
  }

  /** admins says who looks after the region; undefined: not known. */
  admins(s: AdminStatus | undefined): void {
    this.title.textContent = s ? tame(s.region, 40) : 'This region'
    const words = s ? lines(s) : ['It is not known here who looks after this region.']
    this.words.replaceChildren(...words.map(w => el('p', '', w)))
    const banned = s?.banned ?? []
    this.bans.replaceChildren(...banned.slice(0, 100).map(key => {
      const li = el('li')
      li.append(el('span', 'name', shortId(key, 8)))
      if (s?.may) li.append(this.act('Let in', () => this.acts.unban(key)))
      return li
    }))
    this.bans.hidden = this.bansHead.hidden = banned.length === 0
  }

  /** blocked lists whom I do not want to meet. */
  blocked(list: readonly Block[]): void {
    this.blocks.replaceChildren(...list.map(b => {
      const li = el('li')
      const who = el('span', 'name', tame(b.name ?? '', 32) || shortId(b.key, 8))
      who.title = shortId(b.key, 16)
      li.append(who)
      if (b.things) li.append(el('span', 'kind', 'and their things'))
      li.append(this.act('Unblock', () => this.acts.unblock(b)))
      return li
    }))
    if (list.length === 0) this.blocks.append(el('li', 'more', 'nobody'))
  }

  private act(text: string, act: () => void): HTMLElement { return button('act small', text, act) }
}
