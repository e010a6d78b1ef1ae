import { Vector3, type Camera } from 'three'
import { el } from '../hud/dom'

export type LabelKind = 'me' | 'avatar' | 'thing' | 'body' | 'ghost'

/** Metres within which a label of that kind can be read. */
const reach: Record<LabelKind, number> = { me: 60, avatar: 55, thing: 12, body: 26, ghost: 26 }
const bubbleSeconds = 6

/** Label is a name over a head, with what it says now. */
export class Label {
  readonly root: HTMLElement
  shown = true
  said = ''
  private bubble: HTMLElement | undefined
  private until = 0
  private style = ''
  private readonly name: HTMLElement

  constructor(parent: HTMLElement, name: string, readonly kind: LabelKind) {
    this.root = el('div', `label label-${kind}`)
    this.name = el('span', 'label-name', name)
    this.root.append(this.name)
    this.root.hidden = true
    parent.append(this.root)
  }

  /** say shows words over the name for a few seconds. now is in ms. */
  say(text: string, now: number): void {
    this.bubble?.remove()
    this.said = text
    this.bubble = el('span', 'bubble', text.length > 140 ? text.slice(0, 139) + '…' : text)
    this.root.prepend(this.bubble)
    this.until = now + bubbleSeconds * 1000
  }

  rename(name: string): void { if (this.name.textContent !== name) this.name.textContent = name }

  /** tick takes old words away. */
  tick(now: number): void {
    if (this.bubble && now > this.until) {
      this.bubble.remove()
      this.bubble = undefined
    }
  }

  get talking(): boolean { return this.bubble !== undefined }

  /** move writes the element's place when it changed. */
  move(x: number, y: number, opacity: number): void {
    const style = `${x.toFixed(1)},${y.toFixed(1)},${opacity.toFixed(2)}`
    this.root.hidden = false
    if (style === this.style) return
    this.style = style
    this.root.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -100%)`
    this.root.style.opacity = opacity.toFixed(2)
  }

  remove(): void { this.root.remove() }
}

/** Labels is a layer of DOM text over the picture: crisp at any size, any
 * script, and cheaper than a texture each. */
export class Labels {
  private readonly layer: HTMLElement
  private readonly v = new Vector3()
  private width = 1
  private height = 1

  constructor(parent: HTMLElement) {
    this.layer = el('div', 'labels')
    this.layer.setAttribute('aria-hidden', 'true') // the chat log and the inspector say the same
    parent.append(this.layer)
  }

  resize(width: number, height: number): void {
    this.width = width
    this.height = height
  }

  add(name: string, kind: LabelKind): Label { return new Label(this.layer, name, kind) }

  /** place puts a label at a point of the world, or hides it. */
  place(label: Label, at: Vector3, camera: Camera): void {
    label.tick(performance.now())
    const distance = at.distanceTo(camera.position)
    const limit = label.talking ? 60 : reach[label.kind]
    this.v.copy(at).project(camera)
    const outside = this.v.z > 1 || Math.abs(this.v.x) > 1.1 || Math.abs(this.v.y) > 1.15
    if (!label.shown || outside || distance > limit) {
      label.root.hidden = true
      return
    }
    const opacity = Math.min(1, (limit - distance) / (limit * 0.3))
    label.move((this.v.x * 0.5 + 0.5) * this.width, (0.5 - this.v.y * 0.5) * this.height, opacity)
  }
}
