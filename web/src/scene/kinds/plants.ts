import { ConeGeometry, CylinderGeometry, IcosahedronGeometry, Vector3, type BufferGeometry } from 'three'
import type { Entity } from '../../api/types'
import { hash, seeded } from '../random'
import { Parts, cached, solid } from '../parts'
import { boxAround, standing, type Model } from './model'

const natural = 5
const variants = 7

/** Trees that are named after their kind look like it. */
const named: [RegExp, number][] = [[/\b(pine|fir|spruce|cedar|larch)\b/i, 3], [/\b(maple|rowan)\b/i, 6], [/\bcherry\b/i, 7], [/\bbirch\b/i, 8], [/\b(oak|elm|lime|beech|plane|willow)\b/i, 0]]
const greens = [0x5c7a35, 0x6d8a3c, 0x4e6f38, 0x7e8f3e, 0x86893b]
const autumn = [0xb5762e, 0xc08a35, 0xa5602b, 0xb98f3d]
const blossom = [0xe2a9b4, 0xd893a2, 0xeabfc4, 0xcf8796]
const light = [0x9aa84a, 0xa8b052, 0x8a9c48]
const needles = [0x39583a, 0x42633d, 0x35523a]

/** tree is one of a few shapes, by its id: broad, pointed, or turning. */
export function tree(entity: Entity): Model {
  const seed = hash(entity.id || entity.name)
  const kind = named.find(([pattern]) => pattern.test(entity.name))?.[1]
  const variant = kind === undefined ? seed % variants : kind === 0 ? seed % 3 : kind
  const mesh = solid(cached(`tree.${variant}`, () => variant === 3 || variant === 5 ? conifer(variant) : broad(variant)))
  mesh.rotation.y = seed % 628 / 100
  const { root, scale } = standing(entity, natural, mesh)
  return { root, bounds: boxAround(entity, 1.6 * scale, entity.size.y), top: entity.size.y / 2 + 0.3 }
}

function broad(variant: number): BufferGeometry {
  const random = seeded(variant * 977 + 5)
  const leaves = variant === 6 ? autumn : variant === 7 ? blossom : variant === 8 ? light : greens
  const bark = variant === 8 ? 0xd9d4c8 : 0x5b4433
  const p = new Parts()
    .add(new CylinderGeometry(0.13, 0.26, 2.5, 8), bark, { y: 1.25 })
    .add(new CylinderGeometry(0.05, 0.1, 1.3, 6), bark, { x: 0.32, y: 2.3, rz: -0.65 })
    .add(new CylinderGeometry(0.05, 0.1, 1.2, 6), bark, { x: -0.28, y: 2.2, z: 0.15, rz: 0.6, rx: 0.3 })
  const blobs = 7
  for (let i = 0; i < blobs; i++) {
    const angle = i / blobs * Math.PI * 2 * 1.7 + random()
    const up = i / (blobs - 1)
    const out = (1 - up * 0.8) * (0.62 + random() * 0.3)
    const size = 0.95 - up * 0.22 + random() * 0.18
    p.add(crumpled(size, random), leaves[Math.floor(random() * leaves.length)]!,
      { x: Math.cos(angle) * out, y: 2.65 + up * 1.55, z: Math.sin(angle) * out, ry: random() * 6, sy: 0.84 })
  }
  return p.geometry()
}

function conifer(variant: number): BufferGeometry {
  const random = seeded(variant * 31 + 2)
  const p = new Parts().add(new CylinderGeometry(0.12, 0.2, 1.2, 7), 0x54402f, { y: 0.6 })
  const tiers = 5
  for (let i = 0; i < tiers; i++) {
    const up = i / (tiers - 1)
    p.add(new ConeGeometry(1.25 - up * 0.9, 1.5 - up * 0.35, 9), needles[i % needles.length]!,
      { y: 1.35 + up * 2.85, ry: random() * 3, rz: (random() - 0.5) * 0.08 })
  }
  return p.geometry()
}

/** crumpled is a ball of leaves: a sphere with its corners moved, alike where
 * faces meet. */
function crumpled(radius: number, random: () => number): BufferGeometry {
  const g = new IcosahedronGeometry(radius, 2)
  const p = g.getAttribute('position')
  const a = random() * 10
  const v = new Vector3()
  for (let i = 0; i < p.count; i++) {
    v.fromBufferAttribute(p, i)
    const n = Math.sin(v.x * 5.1 / radius + a) + Math.sin(v.y * 4.3 / radius + a * 2) + Math.sin(v.z * 4.7 / radius + a * 3)
    v.multiplyScalar(1 + n * 0.055)
    p.setXYZ(i, v.x, v.y, v.z)
  }
  g.computeVertexNormals() // not indexed: one normal a face, a faceted look
  return g
}
