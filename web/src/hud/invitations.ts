import { again } from '../api/again'
import type { AccessReport } from '../api/types'
import { el, shortId } from './dom'
import { Section, form, who, type Asker } from './section'

const roles = ['guest', 'resident', 'builder'] as const

/** invitable are the roles that somebody may invite others to, who has such rights
 * and such a role: at most their own. */
export function invitable(may: readonly string[], role: string): string[] {
  if (may.includes('ban')) return [...roles] // an admin
  const mine = roles.findIndex(r => r === role)
  return may.includes('invite') ? roles.slice(0, mine + 1) : []
}

/** Invited is somebody who was invited, and by whom. */
export interface Invited { key: string; role: string; by: string }

/** invited are those of a region, the keys of one inviter together. */
export function invited(r: AccessReport): Invited[] {
  return (r.members ?? []).filter(m => m.inviter)
    .map(m => ({ key: m.key, role: m.role ?? '', by: m.inviter! }))
    .sort((a, b) => a.by < b.by ? -1 : a.by > b.by ? 1 : a.key < b.key ? -1 : 1)
}

/** Invitations is where a region's people invite others, and see who was. */
export class Invitations {
  readonly section: Section
  private readonly whom = who()
  private readonly role = el('select', 'field role')
  private readonly list = el('ul', 'office-list')
  private sees = false
  private since = 0 // tick of what I did last

  constructor(private readonly asker: Asker) {
    this.section = new Section('Invitations', () => this.read(), () => this.clear())
    this.role.setAttribute('aria-label', 'As what')
    this.section.append(form('Invite somebody', 'Invite', () => this.invite(), this.whom, this.role), this.section.outcome, this.list)
  }

  /** rights says what I may do: whom I may make what, and whether the region shows
   * me the list. */
  rights(may: readonly string[], role: string): void {
    const list = invitable(may, role)
    if ([...this.role.options].map(o => o.value).join() !== list.join()) this.role.replaceChildren(...list.map(r => new Option(r, r)))
    this.sees = ['kick', 'mute', 'ban'].some(r => may.includes(r))
  }

  private clear(): void {
    this.whom.value = ''
    this.since = 0 // the next region has other ticks
  }

  private invite(): void {
    const player = this.whom.value.trim()
    const region = this.asker.region()
    const role = this.role.value
    if (player === '') return
    void this.section.run(async () => {
      this.since = (await this.asker.ask<{ tick: number }>('AccessAct', { region, do: 'invite', player, role })).tick
      return `They are invited as a ${role}.`
    }).then(done => { if (done) this.whom.value = '' })
  }

  private async read(): Promise<void> {
    if (!this.sees) {
      this.list.replaceChildren(el('li', 'more', 'Who is invited is shown to those who keep order here.'))
      return
    }
    const region = this.asker.region()
    const report = await again(() => this.asker.ask<AccessReport>('AccessReport', { region }), r => r.tick < this.since)
    if (region !== this.asker.region()) return
    const list = invited(report)
    this.list.replaceChildren(...list.slice(0, 200).map(m => {
      const li = el('li')
      const name = el('span', 'name', shortId(m.key, 8))
      name.title = m.key
      const by = el('span', 'kind', `${m.role === '' ? '' : m.role + ', '}by ${shortId(m.by, 8)}`)
      by.title = m.by
      li.append(name, by)
      return li
    }))
    if (list.length === 0) this.list.append(el('li', 'more', 'nobody was invited'))
    if (list.length > 200) this.list.append(el('li', 'more', `and ${list.length - 200} more`))
  }
}
