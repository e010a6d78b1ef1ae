import {
  BufferAttribute, BufferGeometry, CylinderGeometry, LatheGeometry, Mesh, MeshStandardMaterial, Points, ShaderMaterial,
  SphereGeometry, TorusGeometry, Vector2,
} from 'three'
import type { Entity } from '../../api/types'
import { seeded } from '../random'
import { Parts, cached, solid } from '../parts'
import { boxAround, standing, type Model } from './model'

const natural = 1.9

/** fountain is a stone basin with a bowl above it and falling water. */
export function fountain(entity: Entity): Model {
  const stone = solid(cached('fountain', shape))
  const water = new Mesh(cached('fountain.water', () => new Parts()
    .add(new CylinderGeometry(1.42, 1.42, 0.02, 36), 0xffffff, { y: 0.42 })
    .add(new CylinderGeometry(0.58, 0.58, 0.02, 26), 0xffffff, { y: 1.19 })
    .geometry()), new MeshStandardMaterial({ color: 0x4d8fa8, roughness: 0.12, metalness: 0.1, transparent: true, opacity: 0.86 }))
  water.receiveShadow = true
  const time = { value: 0 }
  const drops = new Points(cached('fountain.drops', dropShape), new ShaderMaterial({
    uniforms: { uTime: time }, vertexShader: dropVertex, fragmentShader: dropFragment, transparent: true, depthWrite: false,
  }))
  drops.frustumCulled = false
  drops.renderOrder = 3
  const { root } = standing({ ...entity, size: { ...entity.size, y: natural } }, natural, stone, water, drops)
  const width = Math.max(entity.size.x, entity.size.z, 0.6)
  root.children[0]!.position.y = -entity.size.y / 2
  root.children[0]!.scale.setScalar(width / 3.3)
  return {
    root, bounds: boxAround(entity, width, natural * width / 3.3), top: -entity.size.y / 2 + 2.3 * width / 3.3,
    animate(m) { time.value = m.seconds },
  }
}

function shape(): BufferGeometry {
  const pale = 0xb3aa9b
  const ring = [[1.3, 0.06], [1.62, 0.06], [1.62, 0.16], [1.5, 0.2], [1.52, 0.42], [1.63, 0.46], [1.63, 0.56], [1.42, 0.56], [1.42, 0.1], [0, 0.1]]
  const bowl = [[0.12, 0.9], [0.28, 0.98], [0.55, 1.1], [0.7, 1.24], [0.64, 1.26], [0.5, 1.13], [0, 1.1]]
  const lathe = (points: number[][]): LatheGeometry => new LatheGeometry(points.map(([x, y]) => new Vector2(x, y)), 32)
  return new Parts()
    .add(new CylinderGeometry(1.75, 1.8, 0.1, 32), 0x9c9488, { y: 0.05 })
    .add(lathe(ring), pale)
    .add(new CylinderGeometry(0.15, 0.26, 0.95, 14), pale, { y: 0.55 })
    .add(new TorusGeometry(0.19, 0.05, 8, 18), pale, { y: 0.72, rx: Math.PI / 2 })
    .add(lathe(bowl), pale)
    .add(new CylinderGeometry(0.07, 0.11, 0.4, 10), pale, { y: 1.35 })
    .add(new SphereGeometry(0.11, 12, 10), pale, { y: 1.58 })
    .geometry()
}

function dropShape(): BufferGeometry {
  const random = seeded(12)
  const seeds = Float32Array.from({ length: 170 * 3 }, random)
  const g = new BufferGeometry()
  g.setAttribute('position', new BufferAttribute(seeds, 3))
  return g
}

// Drops rise from the top and fall into the bowl; one in three runs over the
// bowl's rim into the basin.
const dropVertex = /* glsl */`
varying float vFade;
uniform float uTime;
void main() {
  bool rim = position.z > 0.66;
  float t = fract(uTime * (rim ? 0.9 : 0.75) + position.x) * (rim ? 0.42 : 0.62);
  float a = position.y * 6.283;
  float r = rim ? 0.66 + t * 0.75 : 0.05 + t * (0.55 + 0.25 * position.z);
  float y = rim ? 1.24 - 4.6 * t * t : 1.66 + t * 1.75 - 4.6 * t * t;
  vFade = 0.75;
  vec4 mv = modelViewMatrix * vec4(cos(a) * r, max(y, 0.42), sin(a) * r, 1.0);
  gl_PointSize = 26.0 / max(1.0, -mv.z);
  gl_Position = projectionMatrix * mv;
}
`

const dropFragment = /* glsl */`
varying float vFade;
void main() {
  float d = length(gl_PointCoord - 0.5);
  gl_FragColor = vec4(0.85, 0.94, 1.0, (1.0 - smoothstep(0.1, 0.5, d)) * vFade);
}
`
