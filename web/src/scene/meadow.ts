import {
  BufferAttribute, BufferGeometry, Color, DoubleSide, DynamicDrawUsage, InstancedMesh, Matrix4, MeshStandardMaterial, Quaternion, Vector3,
  type Scene,
} from 'three'
import type { Region } from '../api/types'
import { hash, seeded } from './random'

const tile = 3 // metres
const perTile = 13

/** Meadow is grass around me: one instanced mesh whose blades are where the
 * place says, so that they stay as I walk past. */
export class Meadow {
  private readonly mesh: InstancedMesh
  private readonly tiles: number
  private cx = NaN
  private cz = NaN
  private regions: readonly Region[] = []
  private readonly time = { value: 0 }

  /** reach in metres. */
  constructor(scene: Scene, reach: number) {
    this.tiles = Math.ceil(reach / tile)
    const count = (this.tiles * 2 + 1) ** 2 * perTile
    const material = new MeshStandardMaterial({ vertexColors: true, side: DoubleSide, roughness: 1 })
    material.onBeforeCompile = shader => {
      shader.uniforms['uTime'] = this.time
      shader.vertexShader = shader.vertexShader
        .replace('#include <common>', '#include <common>\nuniform float uTime;')
        .replace('#include <begin_vertex>', `#include <begin_vertex>
          vec4 root = instanceMatrix * vec4(0.0, 0.0, 0.0, 1.0);
          transformed.x += position.y * position.y * 0.9 * sin(uTime * 1.7 + root.x * 0.6 + root.z * 0.4);`)
        // Blades are lit like the ground they stand on, not by their own side.
        .replace('#include <beginnormal_vertex>', 'vec3 objectNormal = vec3(0.0, 1.0, 0.0);')
      shader.fragmentShader = shader.fragmentShader
        .replace('#include <normal_fragment_begin>', 'vec3 normal = normalize(vNormal);\nvec3 nonPerturbedNormal = normal;')
    }
    this.mesh = new InstancedMesh(tuft(), material, count)
    this.mesh.instanceMatrix.setUsage(DynamicDrawUsage)
    this.mesh.frustumCulled = false
    this.mesh.receiveShadow = true
    this.mesh.setColorAt(0, new Color(1, 1, 1))
    scene.add(this.mesh)
  }

  /** show leaves the paved places and the paths free. */
  show(regions: readonly Region[]): void {
    this.regions = regions
    this.cx = NaN
  }

  animate(x: number, z: number, seconds: number): void {
    this.time.value = seconds
    const cx = Math.round(x / tile)
    const cz = Math.round(z / tile)
    if (cx === this.cx && cz === this.cz) return
    this.cx = cx
    this.cz = cz
    let n = 0
    const m = new Matrix4()
    const at = new Vector3()
    const turn = new Quaternion()
    const up = new Vector3(0, 1, 0)
    const size = new Vector3()
    const color = new Color()
    for (let i = -this.tiles; i <= this.tiles; i++) {
      for (let j = -this.tiles; j <= this.tiles; j++) {
        const random = seeded(hash(`${cx + i},${cz + j}`))
        const here = random() < 0.55 ? perTile : 4
        for (let k = 0; k < here; k++) {
          at.set((cx + i + random() - 0.5) * tile, 0, (cz + j + random() - 0.5) * tile)
          const s = 0.5 + random() * 0.75
          turn.setFromAxisAngle(up, random() * 6.28)
          const tone = random()
          const flower = random() < 0.07
          if (!this.free(at.x, at.z)) continue
          size.set(s, s * (flower ? 1.25 : 1), s)
          this.mesh.setMatrixAt(n, m.compose(at, turn, size))
          if (flower) color.setHSL(tone < 0.5 ? 0.13 : 0.95, 0.6, 0.72)
          else color.setRGB(0.75 + tone * 0.35, 0.85 + tone * 0.2, 0.6 + tone * 0.2)
          this.mesh.setColorAt(n++, color)
        }
      }
    }
    this.mesh.count = n
    this.mesh.instanceMatrix.needsUpdate = true
    if (this.mesh.instanceColor) this.mesh.instanceColor.needsUpdate = true
  }

  private free(x: number, z: number): boolean {
    for (const r of this.regions) {
      if (Math.hypot(r.site.x - x, r.site.z - z) < 8.4) return false
      for (const q of this.regions) {
        if (q.id <= r.id) continue
        const dx = q.site.x - r.site.x
        const dz = q.site.z - r.site.z
        const t = Math.min(1, Math.max(0, ((x - r.site.x) * dx + (z - r.site.z) * dz) / Math.max(dx * dx + dz * dz, 1e-3)))
        if (Math.hypot(x - r.site.x - dx * t, z - r.site.z - dz * t) < 2.1) return false
      }
    }
    return true
  }
}

/** tuft is seven blades, dark at the root. */
function tuft(): BufferGeometry {
  const random = seeded(77)
  const positions: number[] = []
  const colors: number[] = []
  const root = new Color(0x4c5c28)
  const tip = new Color(0x98a04c)
  for (let i = 0; i < 7; i++) {
    const a = i / 7 * Math.PI * 2 + random()
    const r = 0.02 + random() * 0.1
    const h = 0.16 + random() * 0.2
    const lean = 0.05 + random() * 0.09
    const w = 0.014
    const x = Math.cos(a) * r
    const z = Math.sin(a) * r
    positions.push(x - Math.sin(a) * w, 0, z + Math.cos(a) * w, x + Math.sin(a) * w, 0, z - Math.cos(a) * w, x + Math.cos(a) * lean, h, z + Math.sin(a) * lean)
    for (const c of [root, root, tip]) colors.push(c.r, c.g, c.b)
  }
  const g = new BufferGeometry()
  g.setAttribute('position', new BufferAttribute(new Float32Array(positions), 3))
  g.setAttribute('color', new BufferAttribute(new Float32Array(colors), 3))
  g.computeVertexNormals()
  return g
}
