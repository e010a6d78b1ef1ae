import {
  BoxGeometry, Color, ConeGeometry, CylinderGeometry, Mesh, MeshStandardMaterial, SphereGeometry, TorusGeometry,
} from 'three'
import type { Entity } from '../../api/types'
import { hash } from '../random'
import { Parts, cached, solid } from '../parts'
import { boxAround, colorOf, lit, standing, type Model } from './model'
import { halo } from './halo'

/** lamp is a post with a glass head that shines in the entity's colour while
 * it is lit. */
export function lamp(entity: Entity): Model {
  const natural = 3.2
  const iron = 0x2b3036
  const post = solid(cached('lamp.post', () => new Parts()
    .add(new CylinderGeometry(0.2, 0.26, 0.14, 12), iron, { y: 0.07 })
    .add(new CylinderGeometry(0.11, 0.17, 0.3, 10), iron, { y: 0.28 })
    .add(new CylinderGeometry(0.045, 0.065, 2.3, 10), iron, { y: 1.5 })
    .add(new TorusGeometry(0.075, 0.025, 6, 14), iron, { y: 1.9, rx: Math.PI / 2 })
    .add(new CylinderGeometry(0.17, 0.1, 0.08, 8), iron, { y: 2.66 })
    .add(new ConeGeometry(0.27, 0.2, 8), iron, { y: 3.1 })
    .add(new SphereGeometry(0.035, 8, 6), iron, { y: 3.2 })
    .add(new BoxGeometry(0.02, 0.36, 0.02), iron, { x: 0.15, y: 2.85, z: 0.15 })
    .add(new BoxGeometry(0.02, 0.36, 0.02), iron, { x: -0.15, y: 2.85, z: 0.15 })
    .add(new BoxGeometry(0.02, 0.36, 0.02), iron, { x: 0.15, y: 2.85, z: -0.15 })
    .add(new BoxGeometry(0.02, 0.36, 0.02), iron, { x: -0.15, y: 2.85, z: -0.15 })
    .geometry()))
  const glass = new Mesh(cached('lamp.glass', () => new CylinderGeometry(0.19, 0.13, 0.34, 8)), new MeshStandardMaterial())
  glass.position.y = 2.85
  return glowing(entity, natural, [post, glass], glass, { strength: 60, reach: 17, halo: 2.4 })
}

/** lantern is a paper light: on the ground, or on a crook when its body is
 * tall. */
export function lantern(entity: Entity): Model {
  return entity.size.y > 1.2 ? hung(entity) : low(entity)
}

function hung(entity: Entity): Model {
  const natural = 2.4
  const wood = 0x4a3526
  const crook = solid(cached('lantern.crook', () => new Parts()
    .add(new CylinderGeometry(0.14, 0.17, 0.08, 10), 0x8d877c, { y: 0.04 })
    .add(new CylinderGeometry(0.035, 0.05, 2.2, 8), wood, { y: 1.1 })
    .add(new TorusGeometry(0.17, 0.03, 6, 14, Math.PI), wood, { x: 0.17, y: 2.2 })
    .add(new CylinderGeometry(0.008, 0.008, 0.2, 4), wood, { x: 0.34, y: 2.1 })
    .add(new CylinderGeometry(0.08, 0.11, 0.05, 10), wood, { x: 0.34, y: 2 })
    .add(new CylinderGeometry(0.1, 0.07, 0.05, 10), wood, { x: 0.34, y: 1.58 })
    .geometry()))
  const paper = new Mesh(cached('lantern.paper', () => new SphereGeometry(0.2, 16, 12)), new MeshStandardMaterial())
  paper.position.set(0.34, 1.79, 0)
  return glowing(entity, natural, [crook, paper], paper, { strength: 24, reach: 10, halo: 1.5 })
}

function low(entity: Entity): Model {
  const natural = 0.6
  const wood = 0x4a3526
  const frame = solid(cached('lantern.frame', () => new Parts()
    .add(new CylinderGeometry(0.16, 0.18, 0.06, 10), wood, { y: 0.03 })
    .add(new CylinderGeometry(0.11, 0.16, 0.06, 10), wood, { y: 0.5 })
    .add(new TorusGeometry(0.07, 0.012, 6, 14), wood, { y: 0.57 })
    .geometry()))
  const paper = new Mesh(cached('lantern.paper', () => new SphereGeometry(0.2, 16, 12)), new MeshStandardMaterial())
  paper.position.y = 0.27
  paper.scale.y = 1.15
  return glowing(entity, natural, [frame, paper], paper, { strength: 22, reach: 10, halo: 1.3 })
}

interface Shine { strength: number; reach: number; halo: number }

function glowing(entity: Entity, natural: number, parts: Mesh[], glass: Mesh, shine: Shine): Model {
  const material = glass.material as MeshStandardMaterial
  material.roughness = 0.3
  const ring = halo(shine.halo)
  ring.position.copy(glass.position)
  const { root, scale, y0 } = standing(entity, natural, ...parts, ring)
  const glow = { at: glass.position.clone().multiplyScalar(scale).setY(y0 + glass.position.y * scale), color: new Color(), strength: 0, reach: shine.reach }
  const phase = hash(entity.id) % 100
  let on = false
  let since = -10
  const style = (e: Entity): void => {
    const was = on
    on = lit(e)
    if (on !== was) since = -1
    const c = colorOf(e, '#ffd28a')
    if (on) glow.color.copy(c)
    material.color.copy(on ? c : new Color(0x3c4248))
    material.emissive.copy(on ? c : new Color(0))
    ring.material.color.copy(c)
    ring.visible = on
  }
  style(entity)
  return {
    root, glow, bounds: boxAround(entity, 0.7 * scale, natural * scale), top: entity.size.y / 2 + 0.25,
    restyle(e) { style(e) },
    animate(m) {
      if (since < 0) since = since === -1 ? m.seconds : since
      const warm = on ? Math.min(1, 0.25 + (m.seconds - since) * 3) : 0
      const flicker = 1 + 0.04 * Math.sin(m.seconds * 7 + phase) + 0.03 * Math.sin(m.seconds * 13.7 + phase)
      glow.strength = warm * flicker * shine.strength
      material.emissiveIntensity = warm * flicker * 4.5
      ring.material.opacity = warm * flicker * 0.5
    },
  }
}
