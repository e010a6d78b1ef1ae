import type { Entity, Inspection, Slot } from '../api/types'
import { discipline, type Act } from './discipline'
import { button, el, metres, safeColor, shortId, tame } from './dom'
import { highlight } from './highlight'

export interface InspectorActs {
  inspect(id: string): Promise<Inspection>
  touch(id: string): void
  block(entity: Entity): void
  /** may is what I may do about people where the entity is. */
  may(entity: Entity): readonly string[]
  discipline(entity: Entity, what: Act): void
  throwIt(id: string): void
  setSlot(id: string, slot: Slot): Promise<boolean>
  distance(id: string): number | undefined
  region(id: string): string
  /** mayEdit says whether the entity is mine. */
  mayEdit(entity: Entity): boolean
  closed(): void
}

/** The source shown is cut here: highlighting is for reading, not for
 * archives. */
const maxSource = 60_000
const refreshMs = 1500

/** Kinds that a region sets up fixed: throwing them is never possible. */
const rooted = new Set(['tree', 'bench', 'lamp', 'lantern', 'bell', 'sign', 'hearth', 'fountain', 'stage', 'arch', 'path'])

/** Slots that say whose code a thing runs: set by publishing, not by hand. */
const fixedSlots = new Set(['script', 'source', 'language', 'license', 'author'])

/** Inspector shows one thing: what it is, its slots and its script's source. */
export class Inspector {
  readonly root = el('aside', 'inspector panel')
  private id = ''
  private shownSource: string | undefined
  private readonly head = el('div', 'inspector-head')
  private readonly facts = el('dl', 'facts')
  private readonly slots = el('table', 'slots')
  private readonly code = el('pre', 'code')
  private readonly codeHead = el('h3', '', 'Script')
  private readonly trouble = el('p', 'trouble')
  private readonly away = el('dd')

  constructor(private readonly acts: InspectorActs) {
    this.root.hidden = true
    this.root.setAttribute('aria-label', 'Inspector')
    this.code.tabIndex = 0
    const body = el('div', 'inspector-body')
    body.append(this.facts, el('h3', '', 'Slots'), this.slots, this.codeHead, this.trouble, this.code)
    this.root.append(this.head, body)
    setInterval(() => { if (!this.root.hidden) void this.refresh() }, refreshMs)
  }

  /** selected is the id of the thing shown, or "". */
  get selected(): string { return this.id }

  open(entity: Entity): void {
    this.id = entity.id
    this.shownSource = undefined
    this.root.hidden = false
    this.code.textContent = ''
    this.code.hidden = this.codeHead.hidden = true
    this.trouble.textContent = ''
    this.slots.replaceChildren()
    this.showHead(entity)
    this.showFacts({ entity, slots: [], runs: 0 })
    void this.refresh()
  }

  close(): void {
    if (this.root.hidden) return
    this.root.hidden = true
    this.id = ''
    this.acts.closed()
  }

  /** update shows the distance, which changes as I walk. */
  update(): void {
    const d = this.id ? this.acts.distance(this.id) : undefined
    if (d !== undefined) this.away.textContent = metres(d)
  }

  async refresh(): Promise<void> {
    const id = this.id
    if (id === '') return
    try {
      const found = await this.acts.inspect(id)
      if (id !== this.id) return // another thing was selected meanwhile
      this.showHead(found.entity)
      this.showFacts(found)
      this.showSlots(found)
      this.showSource(found)
      this.trouble.textContent = found.lastError ? `Last error: ${tame(found.lastError, 300)}` : ''
    } catch (err) {
      if (id === this.id) this.trouble.textContent = tame(err instanceof Error ? err.message : String(err), 200)
    }
  }

  private showHead(e: Entity): void {
    const may = e.kind === 'avatar' && !e.me && e.owner ? this.acts.may(e) : []
    const signature = `${e.id}/${e.name}/${e.kind}/${e.color}/${may.join()}`
    if (this.head.dataset['for'] === signature) return
    this.head.dataset['for'] = signature
    const swatch = el('span', 'swatch')
    swatch.style.background = safeColor(e.color, '#9aa7b5')
    const title = el('h2', '', tame(e.name, 60) || e.kind)
    const close = button('close', '×', () => this.close())
    close.setAttribute('aria-label', 'Close')
    const bar = el('div', 'inspector-acts')
    if (e.kind === 'avatar' && !e.me && e.owner) {
      const hide = button('act', 'Block', () => this.acts.block(e))
      hide.title = 'See and hear nothing more of them'
      bar.append(hide)
    }
    if (e.kind !== 'avatar') {
      bar.append(button('act primary', 'Touch', () => this.acts.touch(e.id)))
      if (!rooted.has(e.kind)) bar.append(button('act', 'Throw', () => this.acts.throwIt(e.id)))
    }
    const line = el('div', 'inspector-title')
    line.append(swatch, title, close)
    this.head.replaceChildren(line, bar)
    if (may.length > 0) this.head.append(discipline(e, may, (who, what) => this.acts.discipline(who, what)))
  }

  private showFacts(found: Inspection): void {
    const e = found.entity
    const rows: [string, string | HTMLElement, string?][] = [
      ['Kind', tame(e.kind, 30)],
      ['Region', tame(this.acts.region(e.region), 40) || shortId(e.region)],
      ['Away', this.away],
    ]
    if (e.owner) rows.push(['Owner', shortId(e.owner, 12), e.owner])
    if (found.language) rows.push(['Language', tame(found.language, 40)])
    if (found.author) rows.push(['Author', tame(found.author, 80)])
    if (found.license) rows.push(['Licence', tame(found.license, 60)])
    if (e.script) rows.push(['Module', shortId(e.script, 16), e.script])
    if (found.sourceCid) rows.push(['Source', shortId(found.sourceCid, 16), found.sourceCid])
    if (e.script || found.runs > 0) rows.push(['Events handled', String(found.runs)])
    this.facts.replaceChildren(...rows.flatMap(([name, value, title]) => {
      const dd = typeof value === 'string' ? el('dd', '', value) : value
      if (title) dd.title = title
      return [el('dt', '', name), dd]
    }))
    this.update()
  }

  private showSlots(found: Inspection): void {
    if (this.slots.contains(document.activeElement)) return // being edited
    const editable = this.acts.mayEdit(found.entity)
    const slots = found.slots ?? []
    const rows = slots.map(slot => {
      const tr = el('tr')
      const td = el('td', 'value')
      if (editable && !fixedSlots.has(slot.name)) td.append(this.editor(found.entity.id, slot))
      else td.append(valueOf(slot))
      tr.append(el('th', '', tame(slot.name, 40)), td, el('td', 'type', tame(slot.type, 10)))
      return tr
    })
    if (rows.length === 0) {
      const tr = el('tr')
      tr.append(el('td', 'none', 'no slots'))
      rows.push(tr)
    }
    this.slots.replaceChildren(...rows)
  }

  private editor(id: string, slot: Slot): HTMLElement {
    const input = el('input', 'slot-input')
    input.value = slot.value
    input.setAttribute('aria-label', `Value of ${slot.name}`)
    input.addEventListener('keydown', e => {
      if (e.key === 'Enter') {
        input.blur()
        e.preventDefault()
      }
      if (e.key === 'Escape') {
        input.value = slot.value
        input.blur()
        e.stopPropagation()
      }
    })
    input.addEventListener('blur', () => {
      if (input.value === slot.value) return
      void this.acts.setSlot(id, { ...slot, value: input.value }).then(() => this.refresh())
    })
    return input
  }

  private showSource(found: Inspection): void {
    const source = found.source ?? ''
    if (source === this.shownSource) return
    this.shownSource = source
    this.code.hidden = this.codeHead.hidden = source === ''
    const cut = source.length > maxSource
    this.code.replaceChildren(...highlight(source.slice(0, maxSource), found.language).map(t =>
      t.kind === 'plain' || t.kind === 'name' ? document.createTextNode(t.text) : el('span', `t-${t.kind}`, t.text)))
    if (cut) this.code.append(el('span', 't-comment', '\n… cut here'))
  }
}

function valueOf(slot: Slot): Node {
  if (slot.name === 'color' && slot.type === 'int') {
    const n = Number(slot.value)
    const hex = '#' + (Number.isFinite(n) ? n & 0xffffff : 0).toString(16).padStart(6, '0')
    const span = el('span', 'color')
    const swatch = el('span', 'swatch')
    swatch.style.background = safeColor(hex, '#000000')
    span.append(swatch, hex)
    return span
  }
  const text = slot.type === 'lump' ? shortId(slot.value, 18) : tame(slot.value, 200)
  const span = el('span', '', text || '(empty)')
  if (slot.value !== text) span.title = slot.value.slice(0, 2000)
  return span
}
