import { borders, regionAt } from '../world/cells'
import type { World } from '../world/world'
import { el, safeColor, tame } from './dom'

const size = 176
/** Metres from me to the edge of the map. */
const reach = 52

/** Minimap is the ground around me, north (-Z) up, with a cone where the
 * camera looks. */
export class Minimap {
  readonly root = el('div', 'minimap panel')
  private readonly canvas = el('canvas')
  private readonly ground = el('canvas')
  private groundAt = ''

  constructor(private readonly world: World, private readonly walk: (x: number, z: number) => void) {
    const ratio = Math.min(window.devicePixelRatio || 1, 2)
    for (const c of [this.canvas, this.ground]) c.width = c.height = size * ratio
    this.canvas.setAttribute('role', 'img')
    this.canvas.setAttribute('aria-label', 'Map of what is near; click to walk there')
    this.canvas.addEventListener('click', e => {
      const me = this.world.mine?.track.latest.pos
      if (!me) return
      const k = reach / (this.canvas.clientWidth / 2)
      this.walk(me[0] + (e.offsetX - this.canvas.clientWidth / 2) * k, me[2] + (e.offsetY - this.canvas.clientHeight / 2) * k)
    })
    this.root.append(this.canvas)
  }

  /** regionsChanged makes the ground be drawn anew. */
  regionsChanged(): void { this.groundAt = '' }

  draw(mx: number, mz: number, yaw: number): void {
    const c = this.canvas.getContext('2d')
    if (!c) return
    const w = this.canvas.width
    const k = w / 2 / reach
    const x = (wx: number): number => w / 2 + (wx - mx) * k
    const y = (wz: number): number => w / 2 + (wz - mz) * k
    c.clearRect(0, 0, w, w)
    this.drawGround(mx, mz)
    c.drawImage(this.ground, 0, 0)

    c.lineWidth = w / 120
    c.strokeStyle = 'rgba(255,255,255,0.55)'
    const info = this.world.info
    if (info) {
      for (const b of borders(this.world.regionsList, info.min, info.max)) {
        c.beginPath()
        c.moveTo(x(b.from[0]), y(b.from[1]))
        c.lineTo(x(b.to[0]), y(b.to[1]))
        c.stroke()
      }
    }
    c.textAlign = 'center'
    c.font = `600 ${Math.round(w / 16)}px system-ui, sans-serif`
    for (const r of this.world.regionsList) {
      const px = x(r.site.x)
      const py = y(r.site.z)
      c.fillStyle = 'rgba(255,255,255,0.85)'
      c.beginPath()
      c.moveTo(px, py - w / 40)
      c.lineTo(px + w / 40, py)
      c.lineTo(px, py + w / 40)
      c.lineTo(px - w / 40, py)
      c.fill()
      // A name near the edge would be cut by the round frame.
      if (Math.hypot(px - w / 2, py - w / 2) < w * 0.3) c.fillText(tame(r.name, 16), px, py - w / 22)
    }
    for (const t of this.world.things.values()) {
      const [tx, , tz] = t.track.latest.pos
      const person = t.entity.kind === 'avatar'
      if (t.entity.id === this.world.me || t.entity.kind === 'path' || Math.hypot(tx - mx, tz - mz) > reach * 1.3) continue
      const ball = t.entity.kind === 'ball'
      c.fillStyle = person ? safeColor(t.entity.color, '#ffffff') : ball ? '#ffcf7a' : 'rgba(230,240,230,0.42)'
      c.beginPath()
      c.arc(x(tx), y(tz), w / (person ? 52 : ball ? 70 : 110), 0, Math.PI * 2)
      c.fill()
      if (person) {
        c.strokeStyle = 'rgba(0,0,0,0.6)'
        c.lineWidth = w / 190
        c.stroke()
      }
    }
    this.drawMe(c, w, yaw)
  }

  private drawMe(c: CanvasRenderingContext2D, w: number, yaw: number): void {
    c.save()
    c.translate(w / 2, w / 2)
    c.rotate(-yaw)
    const cone = c.createRadialGradient(0, 0, 0, 0, 0, w * 0.3)
    cone.addColorStop(0, 'rgba(255,255,255,0.35)')
    cone.addColorStop(1, 'rgba(255,255,255,0)')
    c.fillStyle = cone
    c.beginPath()
    c.moveTo(0, 0)
    c.arc(0, 0, w * 0.3, -Math.PI / 2 - 0.5, -Math.PI / 2 + 0.5)
    c.fill()
    c.fillStyle = '#ffffff'
    c.strokeStyle = 'rgba(0,0,0,0.65)'
    c.lineWidth = w / 150
    c.beginPath()
    c.moveTo(0, -w / 24)
    c.lineTo(w / 34, w / 34)
    c.lineTo(0, w / 70)
    c.lineTo(-w / 34, w / 34)
    c.closePath()
    c.fill()
    c.stroke()
    c.restore()
  }

  /** drawGround colours each spot by its region, coarsely, when I moved. */
  private drawGround(mx: number, mz: number): void {
    const at = `${Math.round(mx)},${Math.round(mz)},${this.world.regionsList.length}`
    if (at === this.groundAt) return
    this.groundAt = at
    const c = this.ground.getContext('2d')
    if (!c) return
    const w = this.ground.width
    const cells = 44
    const step = reach * 2 / cells
    const info = this.world.info
    c.fillStyle = '#20261f'
    c.fillRect(0, 0, w, w)
    for (let i = 0; i < cells; i++) {
      for (let j = 0; j < cells; j++) {
        const wx = mx - reach + (i + 0.5) * step
        const wz = mz - reach + (j + 0.5) * step
        if (info && (wx < info.min.x || wx > info.max.x || wz < info.min.z || wz > info.max.z)) continue
        const r = regionAt(this.world.regionsList, wx, 0, wz)
        c.globalAlpha = 0.55
        c.fillStyle = safeColor(r?.color, '#56604f')
        c.fillRect(Math.floor(i * w / cells), Math.floor(j * w / cells), Math.ceil(w / cells), Math.ceil(w / cells))
      }
    }
    c.globalAlpha = 1
  }
}
