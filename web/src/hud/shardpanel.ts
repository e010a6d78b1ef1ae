import type { Region } from '../api/types'
import { ownerColor, type RegionSummary } from '../world/shards'
import { el, tame } from './dom'

/** ShardPanel says in numbers what the view of the physics shows. */
export class ShardPanel {
  readonly root = el('section', 'shards panel')
  private readonly list = el('ul', 'shards-list')

  constructor() {
    const legend = el('div', 'shards-legend')
    for (const [name, words] of [['own', 'simulated by its owner'], ['ghost', 'ghost: followed next door'], ['asleep', 'asleep'], ['touch', 'contact, its impulse'], ['border', 'contact with a ghost']] as const) {
      const row = el('span', 'shards-key')
      row.append(el('i', `shards-${name}`), ` ${words}`)
      legend.append(row)
    }
    this.root.append(el('h2', '', 'Physics'), this.list, legend)
    this.root.hidden = true
  }

  show(on: boolean): void { this.root.hidden = !on }

  update(list: readonly RegionSummary[], ids: readonly string[], region: (id: string) => Region | undefined): void {
    this.list.replaceChildren(...list.map(s => {
      const r = region(s.region)
      const li = el('li')
      const swatch = el('span', 'swatch')
      swatch.style.background = ownerColor(ids, s.region)
      const ghosts = `${s.ghosts} ghosts${s.oldest ? ` (${s.oldest}t)` : ''}`
      li.append(swatch, el('span', 'name', tame(r?.name ?? s.region.slice(0, 8), 28)),
        el('span', 'numbers', `tick ${s.tick} · ${s.own} bodies · ${ghosts} · ${s.asleep} asleep · ${s.touches} contacts`))
      return li
    }))
    if (list.length === 0) this.list.append(el('li', 'more', 'no region has told its physics yet'))
  }
}
