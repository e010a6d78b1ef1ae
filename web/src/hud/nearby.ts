import type { Neighbour } from '../api/types'
import { el, metres, shortId, tame } from './dom'

const most = 12

/** Nearby lists the Raynet neighbours: the nodes that surround my position. */
export class Nearby {
  readonly root = el('section', 'nearby panel')
  private readonly list = el('ul', 'nearby-list')
  private readonly count = el('span', 'count', '0')

  constructor() {
    const head = el('h2', '', 'Raynet neighbours ')
    head.append(this.count)
    head.title = 'Nodes whose positions surround yours: your own node found them, no server keeps a list'
    this.root.append(head, this.list)
  }

  show(list: readonly Neighbour[]): void {
    const sorted = [...list].sort((a, b) => a.distance - b.distance)
    this.count.textContent = String(list.length)
    this.list.replaceChildren(...sorted.slice(0, most).map(row))
    if (sorted.length > most) this.list.append(el('li', 'more', `and ${sorted.length - most} more`))
    if (sorted.length === 0) this.list.append(el('li', 'more', 'nobody yet'))
  }
}

function row(n: Neighbour): HTMLLIElement {
  const li = el('li')
  const icon = el('span', n.kind === 'site' ? 'icon site' : 'icon avatar')
  icon.title = n.kind === 'site' ? 'a region’s site' : 'a person'
  const name = el('span', 'name', tame(n.name ?? '', 28) || shortId(n.key, 8))
  const kind = el('span', 'kind', n.kind)
  const away = el('span', 'distance', metres(n.distance))
  li.title = `${n.peerId}\nwins ${n.rays} rays, heard ${n.age.toFixed(1)} s ago`
  if (n.age > 10) li.classList.add('stale')
  li.append(icon, name, kind, away)
  return li
}
