import { el } from './dom'

/** lay puts the panels on the page. */
export function lay(root: HTMLElement, parts: Record<'place' | 'office' | 'title' | 'banner' | 'toasts' | 'minimap' | 'nearby' | 'shards' | 'screens' | 'windows' | 'inspector' | 'gate' | 'chat' | 'actions', HTMLElement>): void {
  const hud = el('div', 'hud')
  const left = el('div', 'column left')
  left.append(parts.place, parts.office, el('div', 'spring'), parts.chat)
  const right = el('div', 'column right')
  right.append(parts.minimap, parts.shards, parts.nearby, parts.screens, parts.inspector)
  const middle = el('div', 'middle')
  middle.append(parts.banner, parts.toasts, parts.title, parts.gate, parts.windows, el('div', 'spring'), parts.actions)
  hud.append(left, middle, right)
  root.append(hud)
}
