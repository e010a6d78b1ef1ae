import {
  BoxGeometry, BufferGeometry, CanvasTexture, Color, CylinderGeometry, Group, LatheGeometry, Mesh, MeshStandardMaterial, PlaneGeometry,
  SRGBColorSpace, SphereGeometry, TorusGeometry, Vector2, type Texture,
} from 'three'
import type { Entity } from '../../api/types'
import { Parts, cached, solid } from '../parts'
import { boxAround, colorOf, standing, type Model } from './model'

const wood = [0x8a6242, 0x7c5739, 0x94694a, 0x6f4d33]

/** stretched scales parts that were built in a cube of one metre (ground at
 * -0.5) to the entity's box. */
function stretched(entity: Entity, mesh: Mesh): Group {
  mesh.scale.set(Math.max(entity.size.x, 0.1), Math.max(entity.size.y, 0.1), Math.max(entity.size.z, 0.1))
  const root = new Group()
  root.add(mesh)
  return root
}

/** box is a crate of boards, tinted by the entity's colour. */
export function box(entity: Entity): Model {
  const material = new MeshStandardMaterial({ vertexColors: true, roughness: 0.85, color: tintOf(entity) })
  const mesh = solid(cached('box', crate), material)
  return {
    root: stretched(entity, mesh), bounds: boxAround(entity), top: entity.size.y / 2 + 0.2,
    restyle(e) { material.color.copy(tintOf(e)) },
  }
}

function tintOf(entity: Entity): Color {
  return colorOf(entity, '#c79a68').lerp(new Color(0xffffff), 0.1)
}

function crate(): BufferGeometry {
  const p = new Parts().add(new BoxGeometry(0.93, 0.93, 0.93), 0xb9b4ac)
  const w = 0.115
  for (const a of [-1, 1]) {
    for (const b of [-1, 1]) {
      const at = 0.5 - w / 2
      p.add(new BoxGeometry(1, w, w), 0xf4efe6, { y: a * at, z: b * at })
      p.add(new BoxGeometry(w, 1, w), 0xe9e3d8, { x: a * at, z: b * at })
      p.add(new BoxGeometry(w, w, 1), 0xf4efe6, { x: a * at, y: b * at })
    }
  }
  for (const y of [-0.18, 0.18]) {
    p.add(new BoxGeometry(0.95, 0.025, 0.95), 0x8d877e, { y })
  }
  return p.geometry()
}

/** bench has a seat and a back of slats; it faces +Z. */
export function bench(entity: Entity): Model {
  const mesh = solid(cached('bench', () => {
    const p = new Parts()
    for (let i = 0; i < 4; i++) p.add(new BoxGeometry(1, 0.06, 0.19), wood[i % 4]!, { y: -0.02, z: -0.26 + i * 0.22 })
    for (let i = 0; i < 3; i++) p.add(new BoxGeometry(1, 0.12, 0.05), wood[(i + 1) % 4]!, { y: 0.14 + i * 0.15, z: -0.42 - i * 0.02, rx: -0.1 })
    for (const x of [-0.42, 0.42]) {
      p.add(new BoxGeometry(0.035, 0.47, 0.08), 0x2e3238, { x, y: -0.265, z: 0.38 })
      p.add(new BoxGeometry(0.035, 1, 0.08), 0x2e3238, { x, y: 0, z: -0.47 })
      p.add(new BoxGeometry(0.035, 0.05, 0.85), 0x2e3238, { x, y: -0.07, z: -0.02 })
    }
    return p.geometry()
  }))
  return { root: stretched(entity, mesh), bounds: boxAround(entity), top: entity.size.y / 2 + 0.2 }
}

/** bell hangs in a frame and swings when it is rung. */
export function bell(entity: Entity): Model {
  const natural = 2.2
  const frame = solid(cached('bell.frame', () => new Parts()
    .add(new BoxGeometry(0.14, 2.1, 0.14), wood[1]!, { x: -0.6, y: 1.05 })
    .add(new BoxGeometry(0.14, 2.1, 0.14), wood[2]!, { x: 0.6, y: 1.05 })
    .add(new BoxGeometry(1.6, 0.15, 0.2), wood[0]!, { y: 2.1 })
    .add(new BoxGeometry(0.2, 0.12, 0.9), wood[3]!, { x: -0.6, y: 0.06 })
    .add(new BoxGeometry(0.2, 0.12, 0.9), wood[3]!, { x: 0.6, y: 0.06 })
    .geometry()))
  const bronze = new MeshStandardMaterial({ color: 0xc08a3e, roughness: 0.32, metalness: 0.75, side: 2 })
  const metal = solid(cached('bell', () => new LatheGeometry(
    [[0.02, 0], [0.16, -0.02], [0.2, -0.12], [0.23, -0.35], [0.3, -0.5], [0.4, -0.62], [0.37, -0.62], [0.28, -0.5]].map(([x, y]) => new Vector2(x, y)), 26)), bronze)
  const clapper = solid(cached('bell.clapper', () => new Parts()
    .add(new SphereGeometry(0.075, 10, 8), 0x3a3028, { y: -0.64 })
    .add(new CylinderGeometry(0.018, 0.018, 0.5, 6), 0x3a3028, { y: -0.38 })
    .geometry()))
  const swing = new Group()
  swing.add(metal, clapper)
  swing.position.y = 2.02
  const { root, scale } = standing(entity, natural, frame, swing)
  let rung = -100
  return {
    root, bounds: boxAround(entity, 1.4 * scale, natural * scale), top: entity.size.y / 2 + 0.3,
    react(seconds) { rung = seconds },
    animate(m) {
      const t = m.seconds - rung
      const strength = t < 4 ? Math.exp(-t * 1.1) : 0
      swing.rotation.x = Math.sin(t * 7) * 0.7 * strength
      clapper.rotation.x = Math.sin(t * 7 - 0.9) * 0.5 * strength
    },
  }
}

/** sign is a board on two posts that shows the entity's name. */
export function sign(entity: Entity): Model {
  const natural = 1.7
  const frame = solid(cached('sign.frame', () => new Parts()
    .add(new CylinderGeometry(0.06, 0.07, 1.7, 8), wood[1]!, { x: -0.72, y: 0.85 })
    .add(new CylinderGeometry(0.06, 0.07, 1.7, 8), wood[3]!, { x: 0.72, y: 0.85 })
    .add(new BoxGeometry(1.7, 0.72, 0.07), wood[0]!, { y: 1.22 })
    .add(new BoxGeometry(1.8, 0.07, 0.2), wood[3]!, { y: 1.62 })
    .geometry()))
  const material = new MeshStandardMaterial({ map: signTexture(entity.name), roughness: 0.8, transparent: true })
  const board = cached('sign.board', () => new PlaneGeometry(1.6, 0.64))
  const front = new Mesh(board, material)
  front.position.set(0, 1.22, 0.04)
  const back = new Mesh(board, material)
  back.position.set(0, 1.22, -0.04)
  back.rotation.y = Math.PI
  const { root, scale } = standing(entity, natural, frame, front, back)
  let name = entity.name
  return {
    root, bounds: boxAround(entity, 1.5 * scale), top: entity.size.y / 2 + 0.25,
    restyle(e) {
      if (e.name !== name) {
        name = e.name
        material.map?.dispose()
        material.map = signTexture(name)
      }
    },
  }
}

function signTexture(text: string): Texture {
  const canvas = document.createElement('canvas')
  canvas.width = 640
  canvas.height = 256
  const c = canvas.getContext('2d')!
  c.textAlign = 'center'
  c.textBaseline = 'middle'
  c.fillStyle = '#f7ead0'
  const lines = wrap(text || '…', 18).slice(0, 3)
  const size = lines.length > 2 ? 62 : 78
  c.font = `600 ${size}px Georgia, "DejaVu Serif", serif`
  lines.forEach((line, i) => c.fillText(line, 320, 128 + (i - (lines.length - 1) / 2) * size * 1.15, 600))
  const t = new CanvasTexture(canvas)
  t.colorSpace = SRGBColorSpace
  t.anisotropy = 8
  return t
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = ['']
  for (const word of text.slice(0, 120).split(/\s+/)) {
    const last = lines[lines.length - 1]!
    if (last === '') lines[lines.length - 1] = word
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** stage is a platform with a backdrop at its -Z side. */
export function stage(entity: Entity): Model {
  const mesh = solid(cached('stage', () => {
    const p = new Parts().add(new BoxGeometry(0.98, 0.86, 0.98), 0x4a3728, { y: -0.07 })
    for (let i = 0; i < 10; i++) p.add(new BoxGeometry(1, 0.16, 0.096), wood[i % 4]!, { y: 0.42, z: -0.45 + i * 0.1 })
    return p.geometry()
  }))
  const root = stretched(entity, mesh)
  const w = Math.max(entity.size.x, 1)
  const d = Math.max(entity.size.z, 1)
  const top = entity.size.y / 2
  const cloth = new Color(0xa13d4b)
  const p = new Parts()
  const height = Math.min(3.2, w * 0.6)
  for (const x of [-1, 1]) {
    p.add(new CylinderGeometry(0.07, 0.09, height, 8), wood[3]!, { x: x * (w / 2 - 0.15), y: top + height / 2, z: -d / 2 + 0.15 })
  }
  p.add(new CylinderGeometry(0.05, 0.05, w, 8), wood[3]!, { y: top + height, z: -d / 2 + 0.15, rz: Math.PI / 2 })
  const folds = Math.max(6, Math.round(w * 2.2))
  for (let i = 0; i < folds; i++) {
    const x = -w / 2 + 0.25 + (i + 0.5) * (w - 0.5) / folds
    p.add(new CylinderGeometry((w - 0.5) / folds * 0.56, (w - 0.5) / folds * 0.62, height * 0.94, 7), cloth.clone().multiplyScalar(i % 2 ? 0.8 : 1),
      { x, y: top + height * 0.52, z: -d / 2 + 0.15, sz: 0.45 })
  }
  for (let i = 0; i < 9; i++) {
    const f = i / 8
    p.add(new SphereGeometry(0.06, 8, 6), 0xffd98a, { x: -w / 2 + 0.15 + f * (w - 0.3), y: top + height - 0.1 - Math.sin(f * Math.PI) * 0.35, z: -d / 2 + 0.34 })
  }
  const backdrop = solid(p.geometry())
  backdrop.geometry.userData['own'] = true
  root.add(backdrop)
  return { root, bounds: boxAround(entity), top: top + 0.3 }
}

/** arch is a stone gate to walk through. */
export function arch(entity: Entity): Model {
  const natural = 3
  const mesh = solid(cached('arch', () => new Parts()
    .add(new BoxGeometry(0.45, 2.1, 0.5), 0xa39a8c, { x: -1.1, y: 1.05 })
    .add(new BoxGeometry(0.45, 2.1, 0.5), 0x9a9184, { x: 1.1, y: 1.05 })
    .add(new TorusGeometry(1.1, 0.24, 8, 22, Math.PI), 0xada497, { y: 2.05 })
    .geometry()))
  const { root } = standing(entity, natural, mesh)
  return { root, bounds: boxAround(entity), top: entity.size.y / 2 + 0.3 }
}
