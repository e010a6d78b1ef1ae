import {
  AdditiveBlending, BufferAttribute, BufferGeometry, Color, CylinderGeometry, DodecahedronGeometry, Mesh, PlaneGeometry, Points,
  ShaderMaterial, Vector3,
} from 'three'
import type { Entity } from '../../api/types'
import { hash, seeded } from '../random'
import { Parts, cached, solid } from '../parts'
import { boxAround, standing, type Model } from './model'
import { halo } from './halo'

/** hearth is a ring of stones with logs and a fire that lights what is near. */
export function hearth(entity: Entity): Model {
  const natural = 0.8
  const stones = solid(cached('hearth', shape))
  const time = { value: 0 }
  const fire = new Mesh(cached('hearth.flame', () => new PlaneGeometry(1.5, 1.9).translate(0, 0.95, 0)), new ShaderMaterial({
    uniforms: { uTime: time }, vertexShader: flameVertex, fragmentShader: flameFragment,
    transparent: true, depthWrite: false, blending: AdditiveBlending,
  }))
  fire.position.y = 0.14
  fire.renderOrder = 4
  fire.frustumCulled = false
  const sparks = new Points(cached('hearth.sparks', sparkShape), new ShaderMaterial({
    uniforms: { uTime: time }, vertexShader: sparkVertex, fragmentShader: sparkFragment,
    transparent: true, depthWrite: false, blending: AdditiveBlending,
  }))
  sparks.frustumCulled = false
  sparks.renderOrder = 4
  const air = halo(4.2)
  air.position.y = 0.7
  air.material.color.set(0xff8a3c)

  const width = Math.max(entity.size.x, entity.size.z, 0.8)
  const { root, y0 } = standing({ ...entity, size: { ...entity.size, y: natural } }, natural, stones, fire, sparks, air)
  root.children[0]!.position.y = -entity.size.y / 2
  root.children[0]!.scale.setScalar(width / 2)
  const glow = { at: new Vector3(0, y0 + 1.3, 0), color: new Color(0xff9448), strength: 75, reach: 19 }
  const phase = hash(entity.id) % 50
  return {
    root, glow, bounds: boxAround(entity, width, 1.4), top: 1.7,
    animate(m) {
      time.value = m.seconds + phase
      const f = 1 + 0.13 * Math.sin(m.seconds * 9 + phase) + 0.09 * Math.sin(m.seconds * 16.3) + 0.06 * Math.sin(m.seconds * 27)
      glow.strength = 75 * f
      air.material.opacity = 0.26 * f
    },
  }
}

function shape(): BufferGeometry {
  const random = seeded(4)
  const p = new Parts().add(new CylinderGeometry(0.85, 0.9, 0.06, 20), 0x2a2320, { y: 0.03 })
  const n = 13
  for (let i = 0; i < n; i++) {
    const a = i / n * Math.PI * 2
    const tone = 0.36 + random() * 0.2
    p.add(new DodecahedronGeometry(0.2 + random() * 0.05), new Color().setRGB(tone, tone * 0.96, tone * 0.9),
      { x: Math.cos(a) * 0.86, y: 0.13, z: Math.sin(a) * 0.86, ry: random() * 6, rx: random(), sy: 0.85 })
  }
  for (let i = 0; i < 5; i++) {
    const a = i / 5 * Math.PI * 2 + 0.3
    p.add(new CylinderGeometry(0.075, 0.09, 0.95, 8), i % 2 ? 0x4d3424 : 0x3b281d,
      { x: Math.cos(a) * 0.24, y: 0.32, z: Math.sin(a) * 0.24, ry: -a, rz: 0.85 })
  }
  return p.geometry()
}

function sparkShape(): BufferGeometry {
  const random = seeded(9)
  const n = 26
  const seeds = new Float32Array(n * 3)
  for (let i = 0; i < seeds.length; i++) seeds[i] = random()
  const g = new BufferGeometry()
  g.setAttribute('position', new BufferAttribute(seeds, 3))
  return g
}

const noise = /* glsl */`
float rnd(vec2 p) { return fract(sin(dot(p, vec2(127.1, 311.7))) * 43758.5453); }
float noise(vec2 p) {
  vec2 i = floor(p), f = fract(p);
  f = f * f * (3.0 - 2.0 * f);
  return mix(mix(rnd(i), rnd(i + vec2(1, 0)), f.x), mix(rnd(i + vec2(0, 1)), rnd(i + vec2(1, 1)), f.x), f.y);
}
`

// The plane turns about the vertical towards the camera.
const flameVertex = /* glsl */`
varying vec2 vUv;
void main() {
  vUv = uv;
  vec4 centre = modelMatrix * vec4(0.0, position.y, 0.0, 1.0);
  float size = length(modelMatrix[0].xyz);
  vec3 side = normalize(vec3(viewMatrix[0].x, 0.0, viewMatrix[2].x));
  gl_Position = projectionMatrix * viewMatrix * vec4(centre.xyz + side * position.x * size, 1.0);
}
`

const flameFragment = /* glsl */`
varying vec2 vUv;
uniform float uTime;
${noise}
void main() {
  vec2 p = vec2((vUv.x - 0.5) * 2.0, vUv.y);
  float n = noise(vec2(p.x * 2.6, p.y * 3.0 - uTime * 2.6)) * 0.65 + noise(vec2(p.x * 6.0, p.y * 6.5 - uTime * 4.4)) * 0.35;
  p.x += (n - 0.5) * 0.75 * p.y;
  float width = mix(0.62, 0.04, pow(p.y, 0.75)) * (0.75 + 0.5 * n);
  float edge = 1.0 - smoothstep(width * 0.35, width, abs(p.x));
  float tall = 1.0 - smoothstep(0.25, 0.62 + 0.36 * n, p.y);
  float a = edge * tall * smoothstep(0.0, 0.07, p.y);
  float core = pow(a, 2.2);
  vec3 color = mix(vec3(1.0, 0.22, 0.03), vec3(1.0, 0.62, 0.16), a);
  color = mix(color, vec3(1.0, 0.93, 0.62), core * (1.0 - p.y));
  gl_FragColor = vec4(color, a * 0.95);
}
`

const sparkVertex = /* glsl */`
varying float vFade;
uniform float uTime;
void main() {
  float life = fract(uTime * (0.16 + 0.2 * position.y) + position.x);
  float a = position.z * 6.283 + life * 2.0;
  vec3 at = vec3(cos(a) * (0.15 + 0.45 * life), 0.3 + life * 2.9, sin(a) * (0.15 + 0.45 * life));
  vFade = (1.0 - life) * smoothstep(0.0, 0.1, life);
  vec4 mv = modelViewMatrix * vec4(at, 1.0);
  gl_PointSize = (26.0 + 18.0 * position.y) / max(1.0, -mv.z);
  gl_Position = projectionMatrix * mv;
}
`

const sparkFragment = /* glsl */`
varying float vFade;
void main() {
  float d = length(gl_PointCoord - 0.5);
  gl_FragColor = vec4(1.0, 0.58, 0.2, (1.0 - smoothstep(0.15, 0.5, d)) * vFade);
}
`
