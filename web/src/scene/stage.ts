import {
  NeutralToneMapping, Color, DirectionalLight, FogExp2, HemisphereLight, MathUtils, PCFShadowMap,
  PerspectiveCamera, Scene, Vector3, WebGLRenderer, type ShaderMaterial,
} from 'three'
import { Sky } from 'three/examples/jsm/objects/Sky.js'
import { addHills } from './hills'

/** Half the side of the square around me that gets sun shadows, in metres. */
const shadowReach = 34

/** Colour of the air far away; the hills fade into it. */
export const haze = new Color(0xc3c4cc)

/** Stage is the empty scene: sky, sun, air, camera, renderer. */
export class Stage {
  readonly scene = new Scene()
  readonly camera = new PerspectiveCamera(55, 1, 0.1, 1800)
  readonly renderer: WebGLRenderer
  private readonly sun = new DirectionalLight(0xffdcae, 5.4)
  private readonly sunWay = new Vector3().setFromSphericalCoords(1, MathUtils.degToRad(90 - 25), MathUtils.degToRad(38))
  private readonly sky = new Sky()
  private readonly pixel = new Uint8Array(4)
  /** software: no GPU draws this; spare it, and wait for every frame, or
   * frames queue up for minutes. */
  readonly software: boolean

  /** cheap is for software rendering: no antialiasing, a small shadow map. */
  constructor(canvas: HTMLCanvasElement, private readonly cheap: boolean) {
    this.renderer = new WebGLRenderer({ canvas, antialias: !cheap, powerPreference: 'high-performance' })
    this.software = cheap || drawnInSoftware(this.renderer.getContext())
    this.renderer.toneMapping = NeutralToneMapping
    this.renderer.toneMappingExposure = 0.5
    this.renderer.shadowMap.enabled = true
    this.renderer.shadowMap.type = PCFShadowMap
    this.scene.fog = new FogExp2(haze, 0.0048)

    this.sky.scale.setScalar(1500)
    const u = (this.sky.material as ShaderMaterial).uniforms
    u['turbidity']!.value = 3.2
    u['rayleigh']!.value = 1.35
    u['mieCoefficient']!.value = 0.004
    u['mieDirectionalG']!.value = 0.82
    u['sunPosition']!.value.copy(this.sunWay)
    this.scene.add(this.sky)

    this.scene.add(new HemisphereLight(0xc4d4f5, 0x8f8060, 3.3))
    this.sun.castShadow = true
    const size = this.software ? 512 : 2048
    this.sun.shadow.mapSize.set(size, size)
    const cam = this.sun.shadow.camera
    cam.left = cam.bottom = -shadowReach
    cam.right = cam.top = shadowReach
    cam.near = 1
    cam.far = 240
    this.sun.shadow.bias = -0.0006
    this.sun.shadow.normalBias = 0.06
    this.scene.add(this.sun, this.sun.target)
    addHills(this.scene)
  }

  /** resize fits the picture to the window. */
  resize(width: number, height: number): void {
    this.renderer.setPixelRatio(this.cheap ? 1 : this.software ? 0.6 : Math.min(window.devicePixelRatio, 2))
    this.renderer.setSize(width, height, false)
    this.camera.aspect = width / Math.max(1, height)
    this.camera.updateProjectionMatrix()
  }

  /** render draws one frame with the sun's shadows around focus. */
  render(focus: Vector3, seconds: number): void {
    // Whole texels only, or every shadow edge swims as I walk.
    const texel = shadowReach * 2 / this.sun.shadow.mapSize.x
    const x = Math.round(focus.x / texel) * texel
    const z = Math.round(focus.z / texel) * texel
    this.sun.target.position.set(x, 0, z)
    this.sun.position.set(x, 0, z).addScaledVector(this.sunWay, 110)
    this.sky.position.copy(this.camera.position)
    ;(this.sky.material as ShaderMaterial).uniforms['time']!.value = seconds
    this.renderer.render(this.scene, this.camera)
    if (this.software) {
      const gl = this.renderer.getContext()
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, this.pixel)
    }
  }
}

function drawnInSoftware(gl: WebGLRenderingContext | WebGL2RenderingContext): boolean {
  const info = gl.getExtension('WEBGL_debug_renderer_info')
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER))
  return /swiftshader|llvmpipe|software|softpipe/i.test(name)
}
