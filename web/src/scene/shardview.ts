import {
  BoxGeometry, BufferAttribute, BufferGeometry, Color, DoubleSide, EdgesGeometry, Group, IcosahedronGeometry, LineBasicMaterial,
  LineDashedMaterial, LineSegments, Mesh, MeshBasicMaterial, PlaneGeometry, Points, PointsMaterial, Vector3,
  type Camera, type Scene,
} from 'three'
import type { Region, WorldInfo } from '../api/types'
import { borders } from '../world/cells'
import { caption, impulseLength, ownerColor, type SeenBody, type Shards } from '../world/shards'
import type { Label, Labels } from './labels'

const maxLabels = 80
/** Metres within which a sleeper has its name. */
const sleeperReach = 14
const maxPoints = 4096
const planeHeight = 9
const touchColor = new Color(0xffe36b)
/** A contact that both regions have, with one side a ghost. */
const borderColor = new Color(0xff5bd0)

const box = new BoxGeometry(1, 1, 1)
const ball = new IcosahedronGeometry(0.5, 2)
const boxEdges = new EdgesGeometry(box)
const ballEdges = new EdgesGeometry(new IcosahedronGeometry(0.5, 1), 1)

/** Shape is a body drawn over the scene: its edges and a tint of its owner's
 * colour. A ghost is dashed and a little larger. */
class Shape {
  readonly group = new Group()
  label: Label | undefined
  private readonly fill: MeshBasicMaterial
  private readonly line: LineBasicMaterial
  private readonly edges: LineSegments
  private readonly form: string

  constructor(seen: SeenBody) {
    this.form = form(seen)
    const sphere = seen.body.shape === 'sphere'
    this.fill = new MeshBasicMaterial({ transparent: true, depthWrite: false })
    this.line = seen.ghost
      ? new LineDashedMaterial({ transparent: true, dashSize: 0.07, gapSize: 0.05 })
      : new LineBasicMaterial({ transparent: true })
    this.edges = new LineSegments(sphere ? ballEdges : boxEdges, this.line)
    if (seen.ghost) this.edges.computeLineDistances()
    this.edges.renderOrder = 3
    const fill = new Mesh(sphere ? ball : box, this.fill)
    fill.renderOrder = 2
    this.group.add(fill, this.edges)
    const grow = seen.ghost ? 1.05 : 1.015
    const [x, y, z] = seen.body.size
    this.group.scale.set(x * grow, y * grow, z * grow)
  }

  fits(seen: SeenBody): boolean { return this.form === form(seen) }

  show(seen: SeenBody, color: Color, now: number): void {
    const pose = seen.track.at(now)
    this.group.position.set(...pose.pos)
    this.group.quaternion.set(...pose.rot)
    const dim = seen.body.fixed ? 0.25 : seen.body.asleep ? 0.4 : 1
    this.fill.color.copy(color)
    this.line.color.copy(color).lerp(new Color(1, 1, 1), seen.body.asleep || seen.body.fixed ? 0 : 0.25)
    this.fill.opacity = (seen.body.fixed ? 0.06 : seen.ghost ? 0.42 : 0.3) * (seen.body.fixed ? 1 : dim)
    this.line.opacity = (seen.ghost ? 0.8 : 0.95) * dim
  }

  dispose(): void {
    this.fill.dispose()
    this.line.dispose()
    this.label?.remove()
  }
}

function form(seen: SeenBody): string { return `${seen.ghost}${seen.body.shape}${seen.body.size.join()}` }

/** ShardView draws the physics of the regions over the scene: owners' colours,
 * ghosts, contacts, numbers and epochs, borders. */
export class ShardView {
  private readonly group = new Group()
  private readonly planes = new Group()
  private readonly shapes = new Map<string, Shape>()
  private readonly colors = new Map<string, Color>()
  private readonly points: Points
  private readonly normals: LineSegments
  private readonly at = new Vector3()

  constructor(scene: Scene, private readonly labels: Labels) {
    this.points = new Points(buffer(maxPoints), new PointsMaterial({ size: 7, sizeAttenuation: false, vertexColors: true, depthTest: false, transparent: true }))
    this.normals = new LineSegments(buffer(maxPoints * 2), new LineBasicMaterial({ vertexColors: true, depthTest: false, transparent: true }))
    this.points.renderOrder = this.normals.renderOrder = 5
    this.points.frustumCulled = this.normals.frustumCulled = false
    this.group.add(this.points, this.normals, this.planes)
    this.group.visible = false
    scene.add(this.group)
  }

  get on(): boolean { return this.group.visible }

  turn(on: boolean): void {
    this.group.visible = on
    if (!on) this.clear()
  }

  /** regions tells the owners' colours and where the borders are. */
  regions(regions: readonly Region[], info: WorldInfo | undefined): void {
    this.colors.clear()
    const ids = regions.map(r => r.id)
    for (const id of ids) this.colors.set(id, new Color(ownerColor(ids, id)))
    for (const o of this.planes.children) {
      const m = o as Mesh | LineSegments
      m.geometry.dispose()
      ;(m.material as MeshBasicMaterial).dispose()
    }
    this.planes.clear()
    if (!info) return
    for (const b of borders(regions, info.min, info.max)) this.plane(b.from, b.to)
  }

  animate(now: number, shards: Shards, camera: Camera): void {
    if (!this.on) return
    let labelled = 0
    for (const [key, seen] of shards.bodies) {
      let shape = this.shapes.get(key)
      if (shape && !shape.fits(seen)) {
        this.drop(key, shape)
        shape = undefined
      }
      if (!shape) {
        shape = new Shape(seen)
        this.shapes.set(key, shape)
        this.group.add(shape.group)
      }
      shape.show(seen, this.colors.get(seen.body.owner) ?? touchColor, now)
      // The ghost of a sleeper is where its body is: one name is enough, and
      // that only near by.
      const far = shape.group.position.distanceTo(camera.position) > sleeperReach
      if (seen.body.fixed || seen.body.asleep && (seen.ghost || far) || labelled >= maxLabels) {
        shape.label?.remove()
        shape.label = undefined
        continue
      }
      labelled++
      shape.label ??= this.labels.add('', seen.ghost ? 'ghost' : 'body')
      shape.label.rename(caption(seen))
      const [, height] = seen.body.size
      this.at.copy(shape.group.position)
      this.at.y += seen.ghost ? -height * 0.15 : height * 0.35
      this.labels.place(shape.label, this.at, camera)
    }
    for (const [key, shape] of this.shapes) if (!shards.bodies.has(key)) this.drop(key, shape)
    this.drawTouches(shards)
  }

  private drawTouches(shards: Shards): void {
    const dots = this.points.geometry, lines = this.normals.geometry
    let n = 0
    for (const { touch, border } of shards.touches()) {
      const color = border ? borderColor : touchColor
      const long = impulseLength(touch.i)
      for (const p of touch.points) {
        if (n >= maxPoints) break
        put(dots, n, p[0], p[1], p[2], color)
        put(lines, 2 * n, p[0], p[1], p[2], color)
        put(lines, 2 * n + 1, p[0] + touch.n[0] * long, p[1] + touch.n[1] * long, p[2] + touch.n[2] * long, color)
        n++
      }
    }
    dots.setDrawRange(0, n)
    lines.setDrawRange(0, 2 * n)
    for (const g of [dots, lines]) for (const a of ['position', 'color']) g.getAttribute(a).needsUpdate = true
  }

  private plane(from: readonly [number, number], to: readonly [number, number]): void {
    const dx = to[0] - from[0], dz = to[1] - from[1]
    const length = Math.hypot(dx, dz)
    const wall = new Mesh(new PlaneGeometry(length, planeHeight), new MeshBasicMaterial({ color: 0xffffff, transparent: true, opacity: 0.07, side: DoubleSide, depthWrite: false }))
    wall.position.set((from[0] + to[0]) / 2, planeHeight / 2, (from[1] + to[1]) / 2)
    wall.rotation.y = -Math.atan2(dz, dx)
    const places: number[] = []
    for (let s = 0; s <= length; s += 2) {
      const x = from[0] + dx * s / length, z = from[1] + dz * s / length
      places.push(x, 0, z, x, planeHeight, z)
    }
    for (let y = 0; y <= planeHeight; y += 3) places.push(from[0], y + 0.02, from[1], to[0], y + 0.02, to[1])
    const grid = new BufferGeometry()
    grid.setAttribute('position', new BufferAttribute(new Float32Array(places), 3))
    this.planes.add(wall, new LineSegments(grid, new LineBasicMaterial({ color: 0xffffff, transparent: true, opacity: 0.22 })))
  }

  private clear(): void { for (const [key, shape] of this.shapes) this.drop(key, shape) }

  private drop(key: string, shape: Shape): void {
    this.group.remove(shape.group)
    shape.dispose()
    this.shapes.delete(key)
  }
}

function buffer(n: number): BufferGeometry {
  const g = new BufferGeometry()
  g.setAttribute('position', new BufferAttribute(new Float32Array(n * 3), 3))
  g.setAttribute('color', new BufferAttribute(new Float32Array(n * 3), 3))
  g.setDrawRange(0, 0)
  return g
}

function put(g: BufferGeometry, i: number, x: number, y: number, z: number, c: Color): void {
  g.getAttribute('position').setXYZ(i, x, y, z)
  g.getAttribute('color').setXYZ(i, c.r, c.g, c.b)
}
