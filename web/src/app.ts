import { words, type Client } from './api/client'
import { Link } from './api/link'
import type { ChatLine, Frame, Inspection, Region, Slot, Status } from './api/types'
import { Actions } from './hud/actions'
import { Banner } from './hud/banner'
import { Chat } from './hud/chat'
import { el } from './hud/dom'
import { lay } from './hud/hud'
import { Inspector } from './hud/inspector'
import { Minimap } from './hud/minimap'
import { Nearby } from './hud/nearby'
import { Place } from './hud/place'
import { Toasts } from './hud/toasts'
import { Keys } from './input/keys'
import { watchPointer } from './input/pointer'
import { Steering } from './input/steering'
import { View } from './scene/view'
import { nearestBall, nearestTouchable, throwVelocity } from './world/reach'
import { World, type Thing } from './world/world'

/** App joins the parts: what the node says goes to the world and from there to
 * the scene and the panels; what the person does goes to the node. */
export class App {
  readonly world: World
  readonly view: View
  readonly inspector: Inspector
  connected = false
  fullFrames = 0
  private readonly link: Link
  private readonly place = new Place()
  private readonly toasts = new Toasts()
  private readonly nearby = new Nearby()
  private readonly banner: Banner
  private readonly chat: Chat
  private readonly minimap: Minimap
  private readonly actions: Actions
  private readonly steering = new Steering()
  private readonly keys: Keys
  private readonly veil = el('div', 'veil')
  private status: Status | undefined
  private steers: Promise<unknown> = Promise.resolve()
  private lastTrouble = ''
  private lastTroubleAt = -Infinity
  private lastHud = -Infinity

  constructor(root: HTMLElement, private readonly client: Client, test: boolean) {
    const canvas = el('canvas')
    canvas.id = 'view'
    canvas.tabIndex = 0
    canvas.setAttribute('aria-label', 'The world. W A S D walk, Space jumps, E touches, F throws, Enter talks.')
    root.append(canvas)
    this.view = new View(canvas, root, test)
    this.world = new World({
      appeared: thing => this.appeared(thing),
      changed: (thing, before) => this.view.actors.change(thing, before),
      gone: id => this.gone(id),
      regions: () => this.regionsChanged(),
      entered: (region, before) => this.entered(region, before),
      chat: lines => this.heard(lines),
      notice: list => list.forEach(n => this.toasts.show(n)),
      neighbours: list => this.nearby.show(list),
    })
    this.link = new Link(client, {
      frame: frame => this.frame(frame),
      state: (state, detail) => {
        this.connected = state === 'open'
        this.place.showLink(state)
        this.banner.show(state, detail, this.fullFrames > 0)
        this.veil.classList.toggle('lifted', state === 'denied' || state === 'lost' || this.fullFrames > 0)
        if (state === 'open') void this.readStatus()
      },
    })
    this.banner = new Banner(() => this.link.retry())
    this.chat = new Chat(text => this.say(text))
    this.minimap = new Minimap(this.world, (x, z) => this.walk(x, z))
    this.actions = new Actions(() => this.touchNearest(), () => this.throwNearest())
    this.inspector = new Inspector({
      inspect: id => this.client.unary<Inspection>('Inspect', { thing: id }),
      touch: id => this.touch(id),
      throwIt: id => this.throwThing(id),
      setSlot: (id, slot) => this.setSlot(id, slot),
      distance: id => this.distanceTo(id),
      region: id => this.world.region(id)?.name ?? '',
      mayEdit: e => e.owner !== undefined && e.owner !== '' && e.owner === this.status?.key,
      closed: () => this.view.select(undefined),
    })
    this.keys = new Keys(window, code => this.key(code))
    watchPointer(canvas, {
      turn: (dx, dy) => this.view.orbit.turn(dx, dy),
      zoom: factor => this.view.orbit.zoom(factor),
      click: (x, y) => this.click(x, y),
      hover: (x, y) => this.view.hover(x, y),
    })
    lay(root, {
      place: this.place.root, title: this.place.title, banner: this.banner.root, toasts: this.toasts.root,
      minimap: this.minimap.root, nearby: this.nearby.root, inspector: this.inspector.root, chat: this.chat.root, actions: this.actions.root,
    })
    this.veil.append(el('div', 'veil-name', 'Metatopia'), el('div', 'veil-words', 'Looking for your node…'))
    root.append(this.veil)
    this.nearby.show([])
  }

  /** run connects and never returns. */
  async run(): Promise<void> { await this.link.run() }

  /** render draws one frame at now (ms). */
  render(now: number): void {
    this.steer(now)
    this.view.render(now, this.world)
    if (now - this.lastHud > 90) {
      this.lastHud = now
      const f = this.view.orbit.focus
      this.minimap.draw(f.x, f.z, this.view.orbit.yaw)
      this.inspector.update()
      const near = nearestTouchable(this.world)?.entity
      this.actions.show(near?.kind === 'sign' ? 'read' : 'touch', near?.name ?? '', nearestBall(this.world)?.entity.name ?? '')
    }
  }

  private frame(frame: Frame): void {
    this.world.apply(frame, performance.now())
    if (frame.full) {
      this.fullFrames++
      this.veil.classList.add('lifted')
    }
  }

  private async readStatus(): Promise<void> {
    try {
      this.status = await this.client.unary<Status>('Status')
      this.place.showMe(this.status.name)
      this.showRegion(false)
    } catch {
      // the stream tells when the node is gone; the name can wait
    }
  }

  private appeared(thing: Thing): void {
    this.view.actors.appear(thing)
    if (thing.entity.id === this.world.me) this.view.first(thing, this.world)
  }

  private gone(id: string): void {
    this.view.actors.leave(id)
    if (this.inspector.selected === id) this.inspector.close()
  }

  private regionsChanged(): void {
    this.view.showRegions(this.world.regionsList, this.world.info)
    this.minimap.regionsChanged()
    this.place.showWorld(this.world.info)
    this.showRegion(false)
  }

  private entered(_region: Region | undefined, before: string): void { this.showRegion(before !== '' && this.fullFrames > 0) }

  private showRegion(announce: boolean): void {
    const region = this.world.region(this.world.inRegion)
    this.place.showRegion(region, region !== undefined && region.owner === this.status?.key, announce)
  }

  private heard(lines: ChatLine[]): void {
    const color = (line: ChatLine): string => this.world.things.get(line.entity)?.entity.color ?? ''
    const mine = (line: ChatLine): boolean => line.entity !== '' && line.entity === this.world.me
    for (const line of this.chat.add(lines, color, mine)) {
      const age = Date.now() - Date.parse(line.time)
      if (age < 8000 && line.entity) this.view.says(line.entity, line.text)
    }
  }

  // What the person does.

  private key(code: string): void {
    switch (code) {
      case 'Enter': case 'NumpadEnter': case 'KeyT': this.chat.focus(); break
      case 'Escape':
        if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur()
        else this.inspector.close()
        break
      case 'KeyE': this.touchNearest(); break
      case 'KeyF': this.throwNearest(); break
    }
  }

  private steer(now: number): void {
    const jump = this.keys.takeJump()
    if (!this.connected || !this.world.mine) return
    const steer = this.steering.next(now, this.keys.held(), this.view.orbit.yaw, jump)
    // One after the other: a stop must not overtake the walk before it.
    if (steer) this.steers = this.steers.then(() => this.call('Steer', steer))
  }

  private click(x: number, y: number): void {
    const hit = this.view.pick(x, y, this.world.me)
    if (!hit) return
    const thing = hit.id === undefined ? undefined : this.world.things.get(hit.id)
    if (thing) this.select(thing.entity.id)
    else this.walk(hit.point.x, hit.point.z)
  }

  /** select opens the inspector on a thing. */
  select(id: string): void {
    const thing = this.world.things.get(id)
    if (!thing) return
    this.view.select(id)
    this.inspector.open(thing.entity)
  }

  /** walk goes to a place on the ground. */
  walk(x: number, z: number): void {
    this.view.showGoal(x, z)
    void this.call('Walk', { to: { x, y: 0, z } })
  }

  async say(text: string): Promise<boolean> { return await this.call('Say', { text }) !== undefined }

  private touchNearest(): void {
    const thing = nearestTouchable(this.world)
    if (thing?.entity.kind === 'sign') this.select(thing.entity.id) // its words are a slot
    else if (thing) this.touch(thing.entity.id)
    else this.toasts.show('Nothing to touch within reach.')
  }

  private touch(id: string): void {
    this.view.reacts(id)
    void this.call('Touch', { thing: id }).then(() => { if (this.inspector.selected === id) void this.inspector.refresh() })
  }

  private throwNearest(): void {
    const thing = nearestBall(this.world)
    if (thing) this.throwThing(thing.entity.id)
    else this.toasts.show('No ball within reach.')
  }

  private throwThing(id: string): void {
    void this.call('Throw', { thing: id, vel: throwVelocity(this.view.orbit.forward(), this.view.orbit.pitch) })
  }

  private async setSlot(id: string, slot: Slot): Promise<boolean> {
    return await this.call('SetSlot', { thing: id, slot }) !== undefined
  }

  private distanceTo(id: string): number | undefined {
    const a = this.world.mine?.track.latest.pos
    const b = this.world.things.get(id)?.track.latest.pos
    return a && b ? Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) : undefined
  }

  /** call tells the person what went wrong, once every few seconds. */
  private async call(method: string, request: object): Promise<object | undefined> {
    try {
      return await this.client.unary<object>(method, request)
    } catch (err) {
      const text = words(err)
      const now = performance.now()
      if (text !== this.lastTrouble || now - this.lastTroubleAt > 4000) {
        this.lastTrouble = text
        this.lastTroubleAt = now
        this.toasts.show(text, 'bad')
      }
      return undefined
    }
  }
}
