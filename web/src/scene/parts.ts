import {
  BufferAttribute, BufferGeometry, Color, Euler, Matrix4, Mesh, MeshStandardMaterial, Quaternion, Vector3,
  type ColorRepresentation,
} from 'three'
import { mergeGeometries } from 'three/examples/jsm/utils/BufferGeometryUtils.js'

/** Place of a part in its model. Angles in radians. */
export interface Place {
  x?: number; y?: number; z?: number
  rx?: number; ry?: number; rz?: number
  sx?: number; sy?: number; sz?: number
}

/** matte is the one material of everything that stands around: colours are in
 * the vertices, so a whole model is one draw call. */
export const matte = new MeshStandardMaterial({ vertexColors: true, roughness: 0.86, metalness: 0 })

/** Parts collects coloured shapes and makes one geometry of them. */
export class Parts {
  private readonly list: BufferGeometry[] = []

  add(shape: BufferGeometry, color: ColorRepresentation, place: Place = {}): this {
    const g = shape.index ? shape.toNonIndexed() : shape.clone()
    shape.dispose()
    for (const name of Object.keys(g.attributes)) {
      if (name !== 'position' && name !== 'normal') g.deleteAttribute(name)
    }
    const { x = 0, y = 0, z = 0, rx = 0, ry = 0, rz = 0, sx = 1, sy = 1, sz = 1 } = place
    g.applyMatrix4(new Matrix4().compose(
      new Vector3(x, y, z), new Quaternion().setFromEuler(new Euler(rx, ry, rz)), new Vector3(sx, sy, sz)))
    const n = g.getAttribute('position').count
    const c = new Color(color)
    const colors = new Float32Array(n * 3)
    for (let i = 0; i < n; i++) c.toArray(colors, i * 3)
    g.setAttribute('color', new BufferAttribute(colors, 3))
    this.list.push(g)
    return this
  }

  geometry(): BufferGeometry {
    const merged = mergeGeometries(this.list)
    for (const g of this.list) g.dispose()
    return merged
  }
}

const cache = new Map<string, BufferGeometry>()

/** cached makes the geometry called name once. The names in use are bounded:
 * kinds times a few variants. */
export function cached(name: string, make: () => BufferGeometry): BufferGeometry {
  let g = cache.get(name)
  if (!g) {
    g = make()
    cache.set(name, g)
  }
  return g
}

/** solid is a mesh that throws and takes shadows. */
export function solid(geometry: BufferGeometry, material: MeshStandardMaterial = matte): Mesh {
  const mesh = new Mesh(geometry, material)
  mesh.castShadow = mesh.receiveShadow = true
  return mesh
}
