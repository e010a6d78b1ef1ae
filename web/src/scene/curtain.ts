import {
  CanvasTexture, Color, DoubleSide, Group, Mesh, MeshBasicMaterial, PlaneGeometry, SRGBColorSpace, ShaderMaterial,
  type Scene, type Texture,
} from 'three'
import type { Region, WorldInfo } from '../api/types'
import { borders, type Border } from '../world/cells'

const height = 5.5
/** Metres between the names along a border. */
const nameSpacing = 26

/** Curtains are the borders one can see: a veil of light on the bisector of
 * neighbouring sites, with the name of what lies beyond. */
export class Curtains {
  private readonly group = new Group()
  private readonly time = { value: 0 }
  private readonly textures = new Map<string, Texture>()

  constructor(scene: Scene) { scene.add(this.group) }

  /** animate moves the veil. */
  animate(seconds: number): void { this.time.value = seconds }

  /** show builds the borders of the regions known. */
  show(regions: readonly Region[], info: WorldInfo | undefined): void {
    this.clear()
    if (!info) return
    for (const border of borders(regions, info.min, info.max)) this.add(border)
    this.addEdge(info)
  }

  private add(border: Border): void {
    const colorA = new Color(border.a.color || '#88aaff')
    const colorB = new Color(border.b.color || '#ffaa88')
    this.veil(border.from, border.to, height, colorA, colorB, 1)
    const [x1, z1] = border.from
    const [x2, z2] = border.to
    const length = Math.hypot(x2 - x1, z2 - z1)
    // One name lies where the path crosses, the others at even steps from it.
    const middle = crossing(border)
    for (let s = middle % nameSpacing; s < length - 2; s += nameSpacing) {
      if (s < 2) continue
      const x = x1 + (x2 - x1) * s / length
      const z = z1 + (z2 - z1) * s / length
      this.name(border.b, x, z, -border.normal[0], -border.normal[1])
      this.name(border.a, x, z, border.normal[0], border.normal[1])
    }
  }

  /** name hangs a region's name at x, z so that it reads from the side that
   * (nx, nz) points to. */
  private name(region: Region, x: number, z: number, nx: number, nz: number): void {
    let texture = this.textures.get(region.id + region.name + region.color)
    if (!texture) {
      texture = nameTexture(region)
      this.textures.set(region.id + region.name + region.color, texture)
    }
    const material = new MeshBasicMaterial({ map: texture, transparent: true, depthWrite: false, toneMapped: false, fog: false })
    const mesh = new Mesh(new PlaneGeometry(6.4, 1.6), material)
    mesh.position.set(x + nx * 0.03, 3.5, z + nz * 0.03)
    mesh.rotation.y = Math.atan2(nx, nz)
    mesh.renderOrder = 3
    this.group.add(mesh)
  }

  private addEdge(info: WorldInfo): void {
    const { min, max } = info
    const c = new Color(0xcfd8ff)
    const corners: [number, number][] = [[min.x, min.z], [max.x, min.z], [max.x, max.z], [min.x, max.z]]
    corners.forEach((from, i) => this.veil(from, corners[(i + 1) % 4]!, 2.2, c, c, 0.4))
  }

  private veil(from: [number, number], to: [number, number], tall: number, a: Color, b: Color, strength: number): void {
    const length = Math.hypot(to[0] - from[0], to[1] - from[1])
    const material = new ShaderMaterial({
      transparent: true, depthWrite: false, side: DoubleSide,
      uniforms: { uTime: this.time, uA: { value: a }, uB: { value: b }, uLength: { value: length }, uStrength: { value: strength } },
      vertexShader: veilVertex, fragmentShader: veilFragment,
    })
    const mesh = new Mesh(new PlaneGeometry(length, tall), material)
    mesh.position.set((from[0] + to[0]) / 2, tall / 2, (from[1] + to[1]) / 2)
    mesh.rotation.y = Math.atan2(-(to[1] - from[1]), to[0] - from[0])
    mesh.renderOrder = 2
    this.group.add(mesh)
  }

  private clear(): void {
    for (const child of [...this.group.children]) {
      this.group.remove(child)
      if (child instanceof Mesh) {
        child.geometry.dispose()
        ;(child.material as MeshBasicMaterial | ShaderMaterial).dispose()
      }
    }
    for (const t of this.textures.values()) t.dispose()
    this.textures.clear()
  }
}

/** crossing is where the way from site to site meets the border, in metres
 * from its start. */
function crossing(border: Border): number {
  const mx = (border.a.site.x + border.b.site.x) / 2
  const mz = (border.a.site.z + border.b.site.z) / 2
  const [x1, z1] = border.from
  const [x2, z2] = border.to
  const length = Math.hypot(x2 - x1, z2 - z1)
  const s = ((mx - x1) * (x2 - x1) + (mz - z1) * (z2 - z1)) / length
  return Math.min(Math.max(s, 0), length)
}

function nameTexture(region: Region): Texture {
  const canvas = document.createElement('canvas')
  canvas.width = 1024
  canvas.height = 256
  const c = canvas.getContext('2d')!
  c.textAlign = 'center'
  c.textBaseline = 'middle'
  c.shadowColor = 'rgba(0,0,0,0.55)'
  c.shadowBlur = 22
  c.fillStyle = 'rgba(255,255,255,0.80)'
  c.font = '500 44px system-ui, "DejaVu Sans", sans-serif'
  c.letterSpacing = '14px'
  c.fillText('ENTERING', 512, 58)
  c.fillStyle = '#ffffff'
  c.font = '700 122px system-ui, "DejaVu Sans", sans-serif'
  c.letterSpacing = '4px'
  c.fillText(region.name.slice(0, 24), 512, 154, 980)
  const texture = new CanvasTexture(canvas)
  texture.colorSpace = SRGBColorSpace
  texture.anisotropy = 8
  return texture
}

const veilVertex = /* glsl */`
varying vec2 vUv;
varying vec3 vView;
void main() {
  vUv = uv;
  vec4 mv = modelViewMatrix * vec4(position, 1.0);
  vView = mv.xyz;
  gl_Position = projectionMatrix * mv;
}
`

const veilFragment = /* glsl */`
varying vec2 vUv;
varying vec3 vView;
uniform float uTime, uLength, uStrength;
uniform vec3 uA, uB;
void main() {
  float s = vUv.x * uLength;
  float sway = sin(s * 0.55 + uTime * 0.35) + sin(s * 1.27 - uTime * 0.52) + 0.6 * sin(s * 2.9 + uTime * 0.8);
  float folds = 0.72 + 0.12 * sway;
  float y = vUv.y;
  float body = pow(1.0 - y, 1.7) * 0.5 * folds;
  float foot = exp(-y * 34.0) * 0.75;
  float ends = smoothstep(0.0, 3.0, s) * smoothstep(0.0, 3.0, uLength - s);
  float away = 1.0 - smoothstep(90.0, 230.0, length(vView));
  float close = smoothstep(0.4, 3.0, length(vView));
  vec3 color = mix(uA, uB, 0.5 + 0.5 * sin(s * 0.21 + uTime * 0.23 + y * 2.0));
  color = mix(color, vec3(1.0), 0.12 + 0.45 * foot);
  gl_FragColor = vec4(color, (body + foot) * ends * away * mix(0.25, 1.0, close) * uStrength);
  #include <tonemapping_fragment>
  #include <colorspace_fragment>
}
`
