import { ApiError, words, type Client } from './api/client'
import { Link } from './api/link'
import type { AdminStatus, Block, ChatLine, Entity, Frame, Inspection, Region, Shard, Slot, Standing, Status } from './api/types'
import { Actions } from './hud/actions'
import { Banner } from './hud/banner'
import { Chat } from './hud/chat'
import { el } from './hud/dom'
import { Gate, base64 } from './hud/gate'
import { lay } from './hud/hud'
import { Inspector } from './hud/inspector'
import type { Act } from './hud/discipline'
import { Minimap } from './hud/minimap'
import { Nearby } from './hud/nearby'
import { Office } from './hud/office'
import { Place } from './hud/place'
import { ShardPanel } from './hud/shardpanel'
import { Toasts } from './hud/toasts'
import { Keys } from './input/keys'
import { watchPointer } from './input/pointer'
import { Steering } from './input/steering'
import { Screens } from './screens/screens'
import { View } from './scene/view'
import { nearestBall, nearestTouchable, throwVelocity } from './world/reach'
import { Shards } from './world/shards'
import { World, type Thing } from './world/world'

/** App joins the parts: what the node says goes to the world and from there to
 * the scene and the panels; what the person does goes to the node. */
export class App {
  readonly world: World
  readonly view: View
  readonly inspector: Inspector
  readonly shards = new Shards()
  connected = false
  fullFrames = 0
  private readonly link: Link
  private readonly place = new Place(() => this.toggleOffice())
  private readonly office = new Office({
    unblock: b => this.unblock(b),
    unban: key => this.unban(key),
    closed: () => undefined,
    ask: (method, request) => this.client.unary(method, request),
    region: () => this.adminsOf ?? '',
  })
  private readonly toasts = new Toasts()
  private readonly nearby = new Nearby()
  private readonly shardPanel = new ShardPanel()
  private looking: AbortController | undefined
  private readonly banner: Banner
  private readonly chat: Chat
  private readonly gate = new Gate((region, password) => this.enter(region, password))
  private readonly minimap: Minimap
  private readonly screens: Screens
  private readonly actions: Actions
  private readonly steering = new Steering()
  private readonly keys: Keys
  private readonly veil = el('div', 'veil')
  private status: Status | undefined
  private steers: Promise<unknown> = Promise.resolve()
  private lastTrouble = ''
  private lastTroubleAt = -Infinity
  private lastHud = -Infinity
  private adminsOf: string | undefined
  private standing: { id: string; may: readonly string[] } = { id: '', may: [] }

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
      notice: list => list.forEach(n => { this.toasts.show(n); this.gate.heard(n) }),
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
    this.screens = new Screens(client)
    this.actions = new Actions(() => this.touchNearest(), () => this.throwNearest(), () => this.togglePhysics())
    this.inspector = new Inspector({
      inspect: id => this.client.unary<Inspection>('Inspect', { thing: id }),
      touch: id => this.touch(id),
      block: entity => this.block(entity),
      may: e => e.region === this.standing.id ? this.standing.may : [],
      discipline: (e, what) => this.discipline(e, what),
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
      place: this.place.root, office: this.office.root, title: this.place.title, banner: this.banner.root, toasts: this.toasts.root,
      minimap: this.minimap.root, nearby: this.nearby.root, shards: this.shardPanel.root, screens: this.screens.root, windows: this.screens.windows,
      inspector: this.inspector.root, gate: this.gate.root, chat: this.chat.root, actions: this.actions.root,
    })
    this.veil.append(el('div', 'veil-name', 'Metatopia'), el('div', 'veil-words', 'Looking for your node…'))
    root.append(this.veil)
    this.nearby.show([])
  }

  /** run connects and never returns. */
  async run(): Promise<void> {
    window.setInterval(() => void this.readAdmins(), 60_000)
    await this.link.run()
  }

  /** render draws one frame at now (ms). */
  render(now: number): void {
    this.steer(now)
    this.view.render(now, this.world, this.shards)
    if (now - this.lastHud > 90) {
      this.lastHud = now
      const f = this.view.orbit.focus
      this.minimap.draw(f.x, f.z, this.view.orbit.yaw)
      this.inspector.update()
      if (this.looking) this.shardPanel.update(this.shards.summary(), this.world.regionsList.map(r => r.id), id => this.world.region(id))
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
    if (region?.id !== this.adminsOf) {
      this.place.showAdmins(undefined)
      this.office.moved()
    }
    this.adminsOf = region?.id
    void this.readAdmins()
  }

  /** readAdmins asks who looks after the region that I am in. */
  private async readAdmins(): Promise<void> {
    const id = this.adminsOf
    if (!id) return
    const status = await this.client.unary<AdminStatus>('AdminStatus', { region: id }).catch(() => undefined)
    if (status && id === this.adminsOf) {
      this.place.showAdmins(status)
      this.office.admins(status)
    }
    const mine = await this.client.unary<Standing>('RegionPassword', { region: id }).catch(() => undefined)
    if (mine && id === this.adminsOf) {
      this.standing = { id, may: mine.may ?? [] }
      this.office.rights(this.standing.may, mine.role ?? '')
    }
  }

  /** toggleOffice shows who looks after the region and whom I have blocked. */
  toggleOffice(): void {
    if (this.office.open) return this.office.close()
    this.office.show()
    void this.readAdmins()
    void this.readBlocks()
  }

  private async readBlocks(): Promise<void> {
    const r = await this.client.unary<{ blocks?: Block[] | null }>('Blocks').catch(() => undefined)
    this.office.blocked(r?.blocks ?? [])
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
        if (document.activeElement instanceof HTMLInputElement || document.activeElement instanceof HTMLSelectElement) document.activeElement.blur()
        else if (this.office.open) this.office.close()
        else this.inspector.close()
        break
      case 'KeyE': this.touchNearest(); break
      case 'KeyF': this.throwNearest(); break
      case 'KeyB': this.togglePhysics(); break
    }
  }

  /** togglePhysics shows what the regions simulate, or hides it again. */
  togglePhysics(): void {
    const on = this.looking === undefined
    this.looking?.abort()
    this.looking = on ? new AbortController() : undefined
    this.shards.clear()
    this.view.shards.turn(on)
    this.shardPanel.show(on)
    this.actions.turned(on)
    if (this.looking) void this.look(this.looking.signal)
  }

  /** look follows the physics until it is hidden; a node that goes away is
   * asked again. */
  private async look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.client.stream<Shard>('Shards', { rate: 10, radius: 40 }, s => this.shards.apply(s, performance.now()), signal)
      } catch (err) {
        if (signal.aborted) return
        if (err instanceof ApiError && err.code !== 'unavailable') {
          this.toasts.show(words(err), 'bad')
          if (this.looking?.signal === signal) this.togglePhysics()
          return
        }
      }
      await new Promise(resolve => setTimeout(resolve, 1500))
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

  /** block hides somebody from this screen, wherever they are. */
  private block(entity: Entity): void {
    void this.call('Block', { player: entity.owner ?? '' }).then(done => {
      if (!done) return
      this.toasts.show(`You see and hear nothing more of ${entity.name}. The panel of the region's people, at the top left, brings them back.`)
      void this.readBlocks()
    })
  }

  private unblock(b: Block): void {
    void this.call('Unblock', { player: b.key }).then(() => this.readBlocks())
  }

  private unban(key: string): void {
    void this.call('AdminAct', { region: this.adminsOf ?? '', do: 'unban', player: key }).then(done => {
      if (done) this.toasts.show('They may come in again.')
      return this.readAdmins()
    })
  }

  /** discipline does what an admin, or who may kick and mute, does about somebody. */
  private discipline(e: Entity, what: Act): void {
    const about = { region: e.region, player: e.owner ?? '' }
    const told: Record<string, string> = {
      kick: `${e.name} is sent out, and may come back.`, mute: `Nobody here hears ${e.name} for ten minutes.`, unmute: `${e.name} is heard again.`,
      ban: `${e.name} may not come in any more.`, none: `${e.name} has the default role now.`,
    }
    const done = what === 'ban' ? this.call('AdminAct', { ...about, do: 'ban' })
      : what === 'kick' || what === 'unmute' ? this.call('AccessAct', { ...about, do: what })
        : what === 'mute' ? this.call('AccessAct', { ...about, do: 'mute', seconds: 600 })
          : this.call('AccessAct', { ...about, do: 'role', role: what })
    void done.then(ok => {
      if (!ok) return
      this.toasts.show(told[what] ?? `${e.name} is a ${what} now.`)
      void this.readAdmins()
    })
  }

  private async enter(region: string, password: string): Promise<boolean> {
    return await this.call('RegionPassword', { region, do: 'enter', password: base64(password) }) !== undefined
  }

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
