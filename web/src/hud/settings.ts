import { again } from '../api/again'
import type { AdminSettings, AdminStatus, RegionRules } from '../api/types'
import { el } from './dom'
import { Section, form, tick, type Asker } from './section'

/** maxDays is the region's bound on every number of days; the least one stands with each. */
const maxDays = 3660

/** Wanted is what stands in the fields. */
export interface Wanted { vacantDays: string; activeDays: string; minDays: string; countDowntime: boolean; tempMayNotBan: boolean }

const days = [
  ['vacantDays', 'Days without an admin until there is a temporary one', 1],
  ['activeDays', 'Days within which one must have been seen to be it', 1],
  ['minDays', 'Different days on which one must have been seen', 0],
] as const

/** changes are the settings that differ from those in force; it throws in words
 * for a person when a number is none. */
export function changes(now: AdminSettings, wanted: Wanted): AdminSettings {
  const out: AdminSettings = {}
  for (const [name, label, least] of days) {
    const text = wanted[name].trim()
    if (!/^[0-9]{1,4}$/.test(text) || Number(text) < least || Number(text) > maxDays) throw new Error(`${label}: give a number from ${least} to ${maxDays}.`)
    if (Number(text) !== (now[name] ?? 0)) out[name] = Number(text)
  }
  for (const name of ['countDowntime', 'tempMayNotBan'] as const) {
    if (wanted[name] !== (now[name] ?? false)) out[name] = wanted[name]
  }
  return out
}

/** Settings is where admins say how they are succeeded, and what the region holds
 * scripts to. */
export class Settings {
  readonly section: Section
  private now: AdminSettings = {}
  private since = 0 // entry of what I did last
  private rules: boolean | undefined // as I have set them
  private readonly fields = new Map<typeof days[number][0], HTMLInputElement>()
  private readonly downtime = tick('Days pass also while the region does not run')
  private readonly noBans = tick('A temporary admin bans nobody')
  private readonly copyleft = tick('Scripts run only with their source and a free licence')

  /** seen is told who administers the region, as that is read here too. */
  constructor(private readonly asker: Asker, private readonly seen: (status: AdminStatus) => void) {
    this.section = new Section('Settings', async () => { await Promise.all([this.readSettings(), this.readRules()]) }, () => this.clear())
    const rows = days.map(([name, label]) => {
      const input = el('input', 'field number')
      input.inputMode = 'numeric'
      input.maxLength = 4
      input.autocomplete = 'off'
      this.fields.set(name, input)
      const row = el('label', 'part-number')
      row.append(el('span', '', label), input)
      return row
    })
    const all = form('Settings of the region', 'Save', () => this.save(), ...rows, this.downtime.row, this.noBans.row)
    all.classList.add('tall')
    this.copyleft.box.addEventListener('change', () => this.rule(this.copyleft.box.checked))
    this.section.append(all, el('h3', '', 'Rules'), this.copyleft.row, this.section.outcome)
  }

  private clear(): void {
    this.since = 0
    this.rules = undefined
  }

  private save(): void {
    const region = this.asker.region()
    const text = (name: typeof days[number][0]): string => this.fields.get(name)?.value ?? ''
    const wanted = { vacantDays: text('vacantDays'), activeDays: text('activeDays'), minDays: text('minDays'), countDowntime: this.downtime.box.checked, tempMayNotBan: this.noBans.box.checked }
    void this.section.run(async () => {
      const settings = changes(this.now, wanted)
      if (Object.keys(settings).length === 0) return 'Nothing was changed.'
      this.since = (await this.asker.ask<{ index: number }>('AdminAct', { region, do: 'set', settings })).index
      return 'The settings are in force.'
    }, () => this.readSettings(), () => Promise.resolve())
  }

  private rule(copyleft: boolean): void {
    const region = this.asker.region()
    void this.section.run(async () => {
      this.rules = (await this.asker.ask<RegionRules>('RegionRules', { region, copyleft })).copyleft
      return copyleft ? 'Scripts run only with their source now.' : 'Scripts run without their source too now.'
    }, () => this.readRules())
  }

  private async readSettings(): Promise<void> {
    const region = this.asker.region()
    const status = await again(() => this.asker.ask<AdminStatus>('AdminStatus', { region }), s => s.index < this.since)
    if (region !== this.asker.region()) return
    this.now = status.settings ?? {}
    for (const [name, input] of this.fields) input.value = String(this.now[name] ?? 0)
    this.downtime.box.checked = this.now.countDowntime ?? false
    this.noBans.box.checked = this.now.tempMayNotBan ?? false
    this.seen(status)
  }

  private async readRules(): Promise<void> {
    const region = this.asker.region()
    const set = this.rules
    this.rules = undefined
    const rules = await again(() => this.asker.ask<RegionRules>('RegionRules', { region }), r => set !== undefined && r.copyleft !== set)
    if (region === this.asker.region()) this.copyleft.box.checked = rules.copyleft
  }
}
