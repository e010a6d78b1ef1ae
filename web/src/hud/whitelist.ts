import { again } from '../api/again'
import type { AccessReport } from '../api/types'
import { button, el, shortId } from './dom'
import { Section, form, tick, who, type Asker } from './section'

/** listed are the keys on a region's whitelist. */
export function listed(r: AccessReport): string[] {
  return (r.members ?? []).filter(m => m.listed).map(m => m.key)
}

/** Whitelist is where admins say who may be in a region while only those may. */
export class Whitelist {
  readonly section: Section
  private readonly on = tick('Only admins and who is on it may be here')
  private readonly list = el('ul', 'office-list')
  private readonly whom = who()
  private since = 0 // tick of what I did last

  constructor(private readonly asker: Asker) {
    this.section = new Section('Whitelist', () => this.read(), () => this.clear())
    this.on.box.addEventListener('change', () => {
      const on = this.on.box.checked
      this.act({ do: 'settings', settings: { whitelist: on } }, on ? 'The whitelist is on.' : 'The whitelist is off.')
    })
    this.section.append(this.on.row, form('Put on the whitelist', 'Add', () => {
      const player = this.whom.value.trim()
      if (player !== '') this.act({ do: 'list', player }, 'They are on the whitelist.', () => { this.whom.value = '' })
    }, this.whom), this.section.outcome, this.list)
  }

  private clear(): void {
    this.whom.value = ''
    this.since = 0 // the next region has other ticks
  }

  private act(request: object, said: string, then: () => void = () => undefined): void {
    const region = this.asker.region()
    void this.section.run(async () => {
      this.since = (await this.asker.ask<{ tick: number }>('AccessAct', { region, ...request })).tick
      return said
    }).then(done => { if (done) then() })
  }

  private async read(): Promise<void> {
    const region = this.asker.region()
    const r = await again(() => this.asker.ask<AccessReport>('AccessReport', { region }), r => r.tick < this.since)
    if (region !== this.asker.region()) return
    this.on.box.checked = r.settings.whitelist ?? false
    const keys = listed(r)
    this.list.replaceChildren(...keys.slice(0, 200).map(key => {
      const li = el('li')
      const name = el('span', 'name', shortId(key, 8))
      name.title = key
      li.append(name, button('act small', 'Remove', () => this.act({ do: 'unlist', player: key }, 'They are not on it any more.')))
      return li
    }))
    if (keys.length === 0) this.list.append(el('li', 'more', 'nobody is on it'))
    if (keys.length > 200) this.list.append(el('li', 'more', `and ${keys.length - 200} more`))
  }
}
