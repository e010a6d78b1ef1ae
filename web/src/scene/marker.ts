import { AdditiveBlending, Color, Mesh, MeshBasicMaterial, RingGeometry, type Scene } from 'three'

/** Marker is a ring on the ground: where I am walking to, or what is selected. */
export class Marker {
  private readonly mesh: Mesh<RingGeometry, MeshBasicMaterial>
  private age = 10

  constructor(scene: Scene, color: number, private readonly fades: boolean) {
    this.mesh = new Mesh(
      new RingGeometry(0.82, 1, 48).rotateX(-Math.PI / 2),
      new MeshBasicMaterial({ color: new Color(color), transparent: true, depthWrite: false, blending: AdditiveBlending, toneMapped: false }))
    this.mesh.renderOrder = 1
    this.mesh.visible = false
    scene.add(this.mesh)
  }

  show(x: number, z: number, radius: number): void {
    this.mesh.position.set(x, 0.03, z)
    this.mesh.scale.set(radius, 1, radius)
    this.mesh.visible = true
    this.age = 0
  }

  move(x: number, z: number): void { this.mesh.position.set(x, 0.03, z) }

  hide(): void { this.mesh.visible = false }

  animate(seconds: number, dt: number): void {
    if (!this.mesh.visible) return
    if (!this.fades) {
      this.mesh.material.opacity = 0.65 + 0.2 * Math.sin(seconds * 4)
      return
    }
    this.age += dt
    this.mesh.material.opacity = Math.max(0, 0.9 - this.age * 0.8)
    const r = 0.25 + Math.min(0.35, this.age * 0.5)
    this.mesh.scale.set(r, 1, r)
    if (this.age > 1.2) this.mesh.visible = false
  }
}
