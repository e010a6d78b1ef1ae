import { Vector3 } from 'three'
import type { App } from './app'

/** Hooks are what tests use to look at the page from outside. They can do
 * nothing that the page itself cannot. */
export interface Hooks {
  /** ready: the world is known and one frame of it was drawn. */
  ready: boolean
  test: boolean
  /** step draws one frame and waits for it; in test mode nothing else draws. */
  step(): { frame: number; calls: number; triangles: number }
  count(): number
  kinds(): Record<string, number>
  me(): { id: string; x: number; y: number; z: number; region: string } | undefined
  regions(): string[]
  connected(): boolean
  /** nearest finds the nearest thing of a kind, with its place on the screen
   * in CSS pixels when it is in view. */
  nearest(kind: string): { id: string; name: string; distance: number; screen?: [number, number] } | undefined
  where(id: string): { x: number; y: number; z: number } | undefined
  look(yaw: number, pitch: number, distance: number): void
  camera(): { yaw: number; pitch: number; distance: number }
  select(id: string): void
  /** walk asks my node to walk my avatar there. */
  walk(x: number, z: number): void
  /** physics turns the view of the physics on or off. */
  physics(): void
  /** shards is what it shows. */
  shards(): { regions: number; bodies: number; ghosts: number; touches: number; borderTouches: number }
  selected(): string
}

export function hooks(app: App, test: boolean): Hooks {
  const { view, world } = app
  return {
    ready: false,
    test,
    step() {
      app.render(performance.now())
      const { calls, triangles } = view.stage.renderer.info.render
      return { frame: view.frames, calls, triangles }
    },
    count: () => world.things.size,
    kinds() {
      const found: Record<string, number> = {}
      for (const t of world.things.values()) found[t.entity.kind] = (found[t.entity.kind] ?? 0) + 1
      return found
    },
    me() {
      const mine = world.mine
      if (!mine) return undefined
      const [x, y, z] = mine.track.latest.pos
      return { id: world.me, x, y, z, region: world.region(world.inRegion)?.name ?? '' }
    },
    regions: () => world.regionsList.map(r => r.name),
    connected: () => app.connected,
    nearest(kind) {
      const me = world.mine?.track.latest.pos ?? [0, 0, 0]
      let best: { id: string; name: string; distance: number; screen?: [number, number] } | undefined
      for (const t of world.things.values()) {
        const p = t.track.latest.pos
        const distance = Math.hypot(p[0] - me[0], p[1] - me[1], p[2] - me[2])
        if (t.entity.kind !== kind || t.entity.id === world.me || (best && best.distance <= distance)) continue
        const at = new Vector3(p[0], p[1], p[2]).project(view.stage.camera)
        const screen: [number, number] = [(at.x + 1) / 2 * window.innerWidth, (1 - at.y) / 2 * window.innerHeight]
        const visible = at.z < 1 && Math.abs(at.x) < 1 && Math.abs(at.y) < 1
        best = { id: t.entity.id, name: t.entity.name, distance, ...(visible ? { screen } : {}) }
      }
      return best
    },
    where(id) {
      const p = world.things.get(id)?.track.latest.pos
      return p && { x: p[0], y: p[1], z: p[2] }
    },
    look: (yaw, pitch, distance) => view.orbit.look(yaw, pitch, distance),
    camera: () => ({ yaw: view.orbit.yaw, pitch: view.orbit.pitch, distance: view.orbit.distance }),
    walk: (x, z) => app.walk(x, z),
    physics: () => app.togglePhysics(),
    shards() {
      const { shards } = app
      const touches = shards.touches()
      return {
        regions: shards.summary().length, bodies: shards.bodies.size, ghosts: [...shards.bodies.values()].filter(b => b.ghost).length,
        touches: touches.length, borderTouches: touches.filter(t => t.border).length,
      }
    },
    select: id => app.select(id),
    selected: () => app.inspector.selected,
  }
}
