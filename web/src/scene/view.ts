import { Vector3 } from 'three'
import type { Region, WorldInfo } from '../api/types'
import { regionAt } from '../world/cells'
import type { Shards } from '../world/shards'
import type { Thing, World } from '../world/world'
import { Actors } from './actors'
import { Curtains } from './curtain'
import { Ground } from './ground'
import { Labels } from './labels'
import { LightPool } from './lightpool'
import { Marker } from './marker'
import { Meadow } from './meadow'
import { Orbit } from './orbit'
import { Picker, type Hit } from './picking'
import { ShardView } from './shardview'
import { Stage } from './stage'

/** Height of the eyes above the middle of an avatar, in metres. */
const eyes = 0.55

/** View is the scene that shows a World. */
export class View {
  readonly stage: Stage
  readonly orbit: Orbit
  readonly actors: Actors
  readonly shards: ShardView
  frames = 0
  private readonly ground: Ground
  private readonly curtains: Curtains
  private readonly meadow: Meadow
  private readonly lights: LightPool
  private readonly labels: Labels
  private readonly picker: Picker
  private readonly goal: Marker
  private readonly chosen: Marker
  private selected: string | undefined
  private pointer: [number, number] | undefined
  private last: number | undefined
  private readonly start = performance.now()
  private regionsKey = ''
  /** arriving is the way to look at first, until everything is there. */
  private arriving: number | undefined
  private readonly focus = new Vector3()
  private readonly at = new Vector3()

  /** test: frames are asked for and drawn cheaply. */
  constructor(private readonly canvas: HTMLCanvasElement, root: HTMLElement, test: boolean) {
    this.stage = new Stage(canvas, test)
    document.documentElement.classList.toggle('software', this.stage.software)
    this.labels = new Labels(root)
    this.actors = new Actors(this.stage.scene, this.labels)
    this.shards = new ShardView(this.stage.scene, this.labels)
    this.orbit = new Orbit(this.stage.camera)
    this.picker = new Picker(this.stage.camera, this.actors)
    this.ground = new Ground(this.stage.scene)
    this.curtains = new Curtains(this.stage.scene)
    this.meadow = new Meadow(this.stage.scene, test ? 20 : 38)
    this.lights = new LightPool(this.stage.scene, test ? 2 : 4)
    this.goal = new Marker(this.stage.scene, 0xffe0a8, true)
    this.chosen = new Marker(this.stage.scene, 0xffc27a, false)
    const fit = (): void => {
      const width = window.innerWidth
      const height = window.innerHeight
      this.stage.resize(width, height)
      this.labels.resize(width, height)
    }
    window.addEventListener('resize', fit)
    fit()
  }

  /** first points the camera from a new avatar of mine towards the middle of
   * its region, or past it towards the next one. */
  first(me: Thing, world: World): void {
    const [x, y, z] = me.track.latest.pos
    const here = regionAt(world.regionsList, x, y, z)
    const others = world.regionsList.filter(r => r !== here)
    const aim = here && Math.hypot(here.site.x - x, here.site.z - z) > 5 ? here.site : others[0]?.site
    const yaw = aim ? Math.atan2(x - aim.x, z - aim.z) : 0
    this.orbit.look(yaw + 0.25, 0.24, this.orbit.distance)
    this.orbit.follow(x, y + eyes, z)
    this.arriving = yaw
    this.actors.get(me.entity.id)?.face(yaw + Math.PI)
  }

  showRegions(regions: readonly Region[], info: WorldInfo | undefined): void {
    const key = JSON.stringify([regions.map(r => [r.id, r.name, r.site, r.color]), info?.min, info?.max])
    if (key === this.regionsKey) return // "live" alone changes nothing here
    this.regionsKey = key
    this.ground.show(regions, info)
    this.curtains.show(regions, info)
    this.meadow.show(regions)
    this.shards.regions(regions, info)
  }

  says(id: string, text: string): void {
    const actor = this.actors.get(id)
    actor?.label?.say(text, performance.now())
    actor?.model.react?.(this.seconds)
  }

  reacts(id: string): void { this.actors.get(id)?.model.react?.(this.seconds) }

  showGoal(x: number, z: number): void { this.goal.show(x, z, 0.3) }

  select(id: string | undefined): void {
    this.selected = id
    if (id === undefined) this.chosen.hide()
  }

  pick(x: number, y: number, me: string): Hit | undefined { return this.picker.pick(x, y, me) }

  hover(x: number, y: number): void { this.pointer = [x, y] }

  /** render draws the world as it was a moment before now (ms). */
  render(now: number, world: World, shards: Shards): void {
    const dt = this.last === undefined ? 0 : Math.min(0.1, Math.max(0, (now - this.last) / 1000))
    this.last = now
    const seconds = this.seconds
    const me = world.mine
    if (me) {
      const [x, y, z] = me.track.at(now).pos
      this.orbit.follow(x, y + eyes, z)
    }
    this.arrive()
    this.orbit.animate(dt)
    this.focus.copy(this.orbit.focus)
    this.stage.camera.updateMatrixWorld()
    this.actors.animate(now, seconds, dt, this.stage.camera)
    this.shards.animate(now, shards, this.stage.camera)
    this.lights.animate(this.actors, this.focus)
    this.curtains.animate(seconds)
    this.meadow.animate(this.focus.x, this.focus.z, seconds)
    this.goal.animate(seconds, dt)
    this.showChosen(seconds, dt)
    this.showHover(world.me)
    this.stage.render(this.focus, seconds)
    this.frames++
  }

  /** arrive chooses the first view: nearest to the wanted one with nothing
   * between the camera and me. */
  private arrive(): void {
    if (this.arriving === undefined) return
    const wanted = this.arriving
    this.arriving = undefined
    for (const turn of [0.25, -0.25, 0.6, -0.6, 1, -1, 1.5, -1.5, 2.2, -2.2, 3]) {
      this.orbit.look(wanted + turn, this.orbit.pitch, this.orbit.distance)
      if (!this.picker.between(this.orbit.target, this.orbit.place(this.at))) return
    }
    this.orbit.look(wanted, 0.9, this.orbit.distance) // over everything
  }

  private get seconds(): number { return (performance.now() - this.start) / 1000 }

  private showChosen(seconds: number, dt: number): void {
    const actor = this.selected === undefined ? undefined : this.actors.get(this.selected)
    if (!actor) {
      this.chosen.hide()
      return
    }
    const b = actor.model.bounds
    const radius = Math.min(4, Math.max(b.max.x - b.min.x, b.max.z - b.min.z) * 0.5 + 0.35)
    this.chosen.show(actor.group.position.x, actor.group.position.z, radius)
    this.chosen.animate(seconds, dt)
  }

  private showHover(me: string): void {
    if (!this.pointer) return
    const hit = this.pick(this.pointer[0], this.pointer[1], me)
    this.canvas.classList.toggle('over', hit?.id !== undefined)
    this.pointer = undefined
  }
}
