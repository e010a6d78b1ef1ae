import type { Entity } from '../api/types'
import { button, el } from './dom'

/** What a person can do about another one in the region. */
export type Act = 'kick' | 'mute' | 'unmute' | 'ban' | 'guest' | 'resident' | 'builder' | 'none'

const armedMs = 3000

/** offered are the acts that somebody may do who has such rights; admins have
 * the right to ban, and alone give roles. */
export function offered(may: readonly string[]): Act[] {
  const out: Act[] = []
  if (may.includes('kick')) out.push('kick')
  if (may.includes('mute')) out.push('mute', 'unmute')
  if (may.includes('ban')) out.push('ban', 'guest', 'resident', 'builder', 'none')
  return out
}

const titles: Record<string, string> = {
  kick: 'They leave, and may come back', mute: 'Nobody here hears them for ten minutes', unmute: 'They are heard again', ban: 'They stay out until an admin lets them in again',
}

/** discipline is the line of what may be done about somebody; empty when there is
 * nothing. Kick and ban ask once more. */
export function discipline(entity: Entity, may: readonly string[], act: (e: Entity, what: Act) => void): HTMLElement {
  const bar = el('div', 'inspector-acts discipline')
  const list = offered(may)
  for (const what of list) {
    if (!(what in titles)) continue
    const word = what[0]!.toUpperCase() + what.slice(1)
    let armed = 0
    const b = button('act', word, () => {
      if ((what === 'kick' || what === 'ban') && performance.now() - armed > armedMs) {
        armed = performance.now()
        b.textContent = `${word}?`
        b.classList.add('armed')
        setTimeout(() => { b.textContent = word; b.classList.remove('armed') }, armedMs)
        return
      }
      armed = 0
      b.textContent = word
      b.classList.remove('armed')
      act(entity, what)
    })
    b.title = titles[what] ?? ''
    bar.append(b)
  }
  const roles = list.filter(what => !(what in titles))
  if (roles.length > 0) {
    const select = el('select', 'act role')
    select.setAttribute('aria-label', `Role of ${entity.name}`)
    select.append(new Option('Role…', ''), ...roles.map(r => new Option(r === 'none' ? 'the default' : r, r)))
    select.addEventListener('change', () => {
      if (select.value !== '') act(entity, select.value as Act)
      select.value = ''
      select.blur()
    })
    bar.append(select)
  }
  bar.hidden = list.length === 0
  return bar
}
