import { BufferAttribute, Color, Mesh, MeshStandardMaterial, RingGeometry, type Scene } from 'three'

/** addHills puts low hills around everything, so that the horizon is a shape
 * and not the edge of a plane. */
export function addHills(scene: Scene): void {
  const geometry = new RingGeometry(190, 560, 96, 9)
  geometry.rotateX(-Math.PI / 2)
  const p = geometry.getAttribute('position') as BufferAttribute
  const colors = new Float32Array(p.count * 3)
  const low = new Color(0x59683f)
  const high = new Color(0x6d6a60)
  const c = new Color()
  for (let i = 0; i < p.count; i++) {
    const x = p.getX(i)
    const z = p.getZ(i)
    const angle = Math.atan2(z, x)
    const r = Math.hypot(x, z)
    const waves = 0.55 + 0.25 * Math.sin(angle * 5 + 1.3) + 0.22 * Math.sin(angle * 11 + r * 0.013) + 0.12 * Math.sin(angle * 23 + r * 0.03)
    const rise = Math.min(1, Math.max(0, (r - 205) / 260))
    const y = Math.max(0, waves) * rise * rise * (3 - 2 * rise) * 62
    p.setY(i, y - 0.6)
    c.copy(low).lerp(high, Math.min(1, y / 48)).toArray(colors, i * 3)
  }
  geometry.setAttribute('color', new BufferAttribute(colors, 3))
  geometry.computeVertexNormals()
  const hills = new Mesh(geometry, new MeshStandardMaterial({ vertexColors: true, roughness: 1, flatShading: true }))
  hills.position.set(32, 0, 0)
  hills.matrixAutoUpdate = false
  hills.updateMatrix()
  scene.add(hills)
}
