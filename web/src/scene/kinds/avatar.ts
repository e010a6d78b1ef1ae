import { CapsuleGeometry, Color, Group, MeshStandardMaterial, SphereGeometry, TorusGeometry, type Mesh } from 'three'
import type { Entity } from '../../api/types'
import { hash } from '../random'
import { Parts, cached, solid } from '../parts'
import { boxAround, standing, type Model } from './model'

const natural = 1.8
const materials = new Map<string, MeshStandardMaterial>()

/** cloth is the material of one colour; people share few. */
function cloth(color: Color): MeshStandardMaterial {
  const key = color.getHexString()
  let m = materials.get(key)
  if (!m) {
    if (materials.size > 256) materials.clear()
    m = new MeshStandardMaterial({ color, roughness: 0.72 })
    materials.set(key, m)
  }
  return m
}

/** keyColor gives every key a hue of its own, when the node sent no colour. */
export function keyColor(entity: Entity): Color {
  if (/^#[0-9a-f]{6}$/i.test(entity.color)) return new Color(entity.color)
  return new Color().setHSL(hash(entity.owner || entity.id) % 360 / 360, 0.55, 0.52)
}

const skins = [0xf2cfae, 0xe0ac84, 0xc68a5f, 0x9c6844, 0x70492f]
const hairs = [0x2b1d16, 0x4a3020, 0x8a5a2b, 0xc9a15a, 0x35302f, 0x8d8d92]

/** avatar is a person: a rounded body in the key's colour, a head with eyes,
 * hands and feet that swing with the way walked. */
export function avatar(entity: Entity): Model {
  const seed = hash(entity.owner || entity.name || entity.id)
  const color = keyColor(entity)
  const skin = skins[seed % skins.length]!
  const hair = hairs[(seed >>> 5) % hairs.length]!

  const body = solid(cached('avatar.body', () => new Parts()
    .add(new CapsuleGeometry(0.27, 0.62, 8, 18), 0xffffff, { y: 0.81 })
    .add(new TorusGeometry(0.2, 0.05, 8, 22), 0xffffff, { y: 1.33, rx: Math.PI / 2 })
    .geometry()), cloth(color))
  const belt = solid(cached('avatar.belt', () => new Parts()
    .add(new TorusGeometry(0.27, 0.028, 6, 22), 0xffffff, { y: 0.7, rx: Math.PI / 2 }).geometry()),
  cloth(color.clone().multiplyScalar(0.35)))

  const head = solid(cached(`avatar.head.${skin}.${hair}.${seed % 3}`, () => headShape(skin, hair, seed % 3)))
  head.position.y = 1.5
  const hand = cached(`avatar.hand.${skin}`, () => new Parts().add(new SphereGeometry(0.075, 10, 8), skin).geometry())
  const foot = cached('avatar.foot', () => new Parts()
    .add(new SphereGeometry(0.105, 12, 8), 0x2d2926, { y: 0.075, z: 0.05, sx: 0.9, sy: 0.72, sz: 1.5 }).geometry())
  const hands: Mesh[] = [solid(hand), solid(hand)]
  const feet: Mesh[] = [solid(foot), solid(foot)]

  const upper = new Group()
  upper.add(body, belt, head, ...hands)
  const { root } = standing(entity, natural, upper, ...feet)

  return {
    root, turns: true, bounds: boxAround(entity, 0.8), top: entity.size.y / 2 + 0.22,
    restyle(e) {
      body.material = cloth(keyColor(e))
    },
    animate(m) {
      const going = Math.min(1, m.speed / 1.2)
      const phase = m.travelled * 4.1
      const swing = Math.sin(phase) * going
      const breath = Math.sin(m.seconds * 1.9 + seed) * (1 - going)
      upper.position.y = Math.abs(Math.cos(phase)) * 0.055 * going + breath * 0.008
      upper.rotation.x = going * 0.07 + Math.min(0.1, m.speed * 0.012)
      upper.rotation.z = swing * 0.035
      head.rotation.y = Math.sin(m.seconds * 0.43 + seed) * 0.35 * (1 - going)
      head.rotation.x = breath * 0.03
      for (let i = 0; i < 2; i++) {
        const side = i === 0 ? 1 : -1
        hands[i]!.position.set(side * 0.35, 0.78 + Math.abs(swing) * 0.07, side * -swing * 0.25 + 0.05)
        feet[i]!.position.set(side * 0.135, Math.max(0, side * Math.cos(phase)) * 0.11 * going, side * swing * 0.26)
        feet[i]!.rotation.x = -side * Math.cos(phase) * 0.35 * going
      }
    },
  }
}

function headShape(skin: number, hair: number, style: number) {
  const p = new Parts()
    .add(new SphereGeometry(0.215, 22, 16), skin, { y: 0.12, sy: 1.06 })
    .add(new SphereGeometry(0.03, 8, 8), 0x1a1413, { x: 0.078, y: 0.14, z: 0.193, sy: 1.35 })
    .add(new SphereGeometry(0.03, 8, 8), 0x1a1413, { x: -0.078, y: 0.14, z: 0.193, sy: 1.35 })
    .add(new SphereGeometry(0.028, 8, 6), new Color(skin).multiplyScalar(0.86), { y: 0.085, z: 0.212 })
    .add(new SphereGeometry(0.228, 20, 10, 0, Math.PI * 2, 0, Math.PI * 0.47), hair, { y: 0.135, z: -0.018, rx: -0.42, sy: 1.05 })
  if (style === 1) p.add(new SphereGeometry(0.09, 12, 10), hair, { y: 0.36, z: -0.07 })
  if (style === 2) p.add(new SphereGeometry(0.16, 14, 12), hair, { y: 0.02, z: -0.12, sy: 1.3 })
  return p.geometry()
}
