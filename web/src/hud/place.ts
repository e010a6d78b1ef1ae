import type { LinkState } from '../api/link'
import type { AdminStatus, Region, WorldInfo } from '../api/types'
import { button, el, safeColor, tame } from './dom'

const titleMs = 3200

/** adminLine names the admins of a region by the first digits of their keys. */
export function adminLine(s: AdminStatus): string {
  const who = (key: string): string => key === s.me ? 'you' : tame(key.slice(0, 8), 8)
  const warning = s.warning ? ' (not proven)' : ''
  if (s.temp) return `temporary admin: ${who(s.temp)}${warning}`
  if (s.vacant || s.admins.length === 0) return `no admin${warning}`
  const more = s.admins.length > 3 ? ` and ${s.admins.length - 3} more` : ''
  return `${s.admins.length > 1 ? 'admins' : 'admin'}: ${s.admins.slice(0, 3).map(a => who(a.key)).join(', ')}${more}${warning}`
}

/** Place says where I am: world, region, who I am, and whether the node is
 * there. A region's name is shown large for a moment when I enter it. */
export class Place {
  readonly root = el('header', 'place panel')
  readonly title = el('div', 'place-title')
  private readonly world = el('div', 'place-world', 'Metatopia')
  private readonly region = el('div', 'place-region')
  private readonly regionName = el('span', '', 'connecting…')
  private readonly owner = el('div', 'place-owner')
  private readonly admins: HTMLButtonElement
  private readonly dot = el('span', 'dot')
  private readonly link = el('span', 'place-link', 'connecting')
  private readonly who = el('span', 'place-who')
  private timer = 0

  constructor(office: () => void = () => undefined) {
    this.admins = button('place-admins', '', office)
    this.admins.title = 'Who looks after this region, and whom I have blocked'
    this.showAdmins(undefined)
    this.region.append(el('span', 'swatch'), this.regionName)
    const foot = el('div', 'place-foot')
    foot.append(this.dot, this.link, this.who)
    this.root.append(this.world, this.region, this.owner, this.admins, foot)
    this.title.setAttribute('aria-hidden', 'true')
  }

  showWorld(info: WorldInfo | undefined): void {
    this.world.textContent = tame(info?.name ?? '', 40) || 'Metatopia'
    document.title = info ? `${tame(info.name, 40)} · Metatopia` : 'Metatopia'
  }

  showMe(name: string): void { this.who.textContent = name ? `· ${tame(name, 32)}` : '' }

  showLink(state: LinkState): void {
    this.dot.dataset['state'] = state
    this.link.textContent = { connecting: 'connecting', open: 'connected', lost: 'not connected', denied: 'not allowed' }[state]
  }

  /** showAdmins says who looks after the region; undefined: not known. */
  showAdmins(status: AdminStatus | undefined): void { this.admins.textContent = status ? adminLine(status) : 'people' }

  showRegion(region: Region | undefined, mine: boolean, announce: boolean): void {
    this.regionName.textContent = region ? tame(region.name, 40) : 'Wilderness'
    const color = safeColor(region?.color, '#9aa7b5')
    document.documentElement.style.setProperty('--region', color)
    this.owner.textContent = !region ? 'nobody looks after this ground'
      : mine ? 'served by your own node' : `served by node ${region.owner.slice(0, 8)}`
    if (!announce) return
    this.title.replaceChildren(
      el('span', 'place-title-small', region ? 'You are now in' : 'You left for'),
      el('span', 'place-title-name', region ? tame(region.name, 40) : 'the wilderness'))
    this.title.classList.add('shown')
    clearTimeout(this.timer)
    this.timer = window.setTimeout(() => this.title.classList.remove('shown'), titleMs)
  }
}
