import {
  Color, DataTexture, LinearFilter, LinearMipmapLinearFilter, Mesh, MeshStandardMaterial, PlaneGeometry, RedFormat,
  RepeatWrapping, UnsignedByteType, Vector2, Vector3, Vector4, type Scene,
} from 'three'
import type { Region, WorldInfo } from '../api/types'
import { borders } from '../world/cells'
import { seeded } from './random'

/** How many regions the ground can tint and how many paths it can draw; the
 * ones listed first win. */
const maxSites = 12
const maxPaths = 12

/** Ground is the plane y = 0. Everything on it is made in the shader: grass,
 * a quiet grid, each region's tint, a paved place around each site and a path
 * between neighbouring sites. */
export class Ground {
  private readonly uniforms = {
    uNoise: { value: noiseTexture() },
    uSites: { value: Array.from({ length: maxSites }, () => new Vector3()) }, // x, z, y*y
    uTints: { value: Array.from({ length: maxSites }, () => new Color()) },
    uSiteCount: { value: 0 },
    uPaths: { value: Array.from({ length: maxPaths }, () => new Vector4()) }, // x1, z1, x2, z2
    uPathCount: { value: 0 },
    uMin: { value: new Vector2(-1e5, -1e5) },
    uMax: { value: new Vector2(1e5, 1e5) },
  }

  constructor(scene: Scene) {
    const material = new MeshStandardMaterial({ color: 0xffffff, roughness: 1 })
    material.onBeforeCompile = shader => {
      Object.assign(shader.uniforms, this.uniforms)
      shader.vertexShader = shader.vertexShader
        .replace('#include <common>', '#include <common>\nvarying vec2 vGround;')
        .replace('#include <begin_vertex>', '#include <begin_vertex>\nvGround = (modelMatrix * vec4(position, 1.0)).xz;')
      shader.fragmentShader = shader.fragmentShader
        .replace('#include <common>', `#include <common>\n${declarations}`)
        .replace('#include <color_fragment>', surface)
    }
    const mesh = new Mesh(new PlaneGeometry(1400, 1400).rotateX(-Math.PI / 2), material)
    mesh.receiveShadow = true
    scene.add(mesh)
  }

  /** show takes the regions known. */
  show(regions: readonly Region[], info: WorldInfo | undefined): void {
    const u = this.uniforms
    const shown = regions.slice(0, maxSites)
    u.uSiteCount.value = shown.length
    shown.forEach((r, i) => {
      u.uSites.value[i]!.set(r.site.x, r.site.z, r.site.y * r.site.y)
      u.uTints.value[i]!.set(r.color || '#888888')
    })
    if (!info) return
    u.uMin.value.set(info.min.x, info.min.z)
    u.uMax.value.set(info.max.x, info.max.z)
    const ways = borders(shown, info.min, info.max).slice(0, maxPaths)
    u.uPathCount.value = ways.length
    ways.forEach((w, i) => u.uPaths.value[i]!.set(w.a.site.x, w.a.site.z, w.b.site.x, w.b.site.z))
  }
}

/** noiseTexture is a tile of smooth noise: three octaves that wrap. */
function noiseTexture(): DataTexture {
  const size = 256
  const random = seeded(20)
  const data = new Float32Array(size * size)
  let amplitude = 0.55
  for (const cells of [16, 48, 128]) {
    const lattice = Float32Array.from({ length: cells * cells }, random)
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const fx = x / size * cells
        const fy = y / size * cells
        const x0 = Math.floor(fx)
        const y0 = Math.floor(fy)
        const tx = fade(fx - x0)
        const ty = fade(fy - y0)
        const at = (i: number, j: number): number => lattice[(j % cells) * cells + (i % cells)]!
        const top = at(x0, y0) * (1 - tx) + at(x0 + 1, y0) * tx
        const bottom = at(x0, y0 + 1) * (1 - tx) + at(x0 + 1, y0 + 1) * tx
        data[y * size + x]! += (top * (1 - ty) + bottom * ty) * amplitude
      }
    }
    amplitude /= 2
  }
  const bytes = Uint8Array.from(data, v => Math.min(255, v * 265))
  const texture = new DataTexture(bytes, size, size, RedFormat, UnsignedByteType)
  texture.wrapS = texture.wrapT = RepeatWrapping
  texture.magFilter = LinearFilter
  texture.minFilter = LinearMipmapLinearFilter
  texture.generateMipmaps = true
  texture.anisotropy = 4
  texture.needsUpdate = true
  return texture
}

function fade(t: number): number { return t * t * (3 - 2 * t) }

const declarations = /* glsl */`
varying vec2 vGround;
uniform sampler2D uNoise;
uniform vec3 uSites[${maxSites}];
uniform vec3 uTints[${maxSites}];
uniform int uSiteCount;
uniform vec4 uPaths[${maxPaths}];
uniform int uPathCount;
uniform vec2 uMin;
uniform vec2 uMax;

float gridLine(vec2 p, float spacing, float width) {
  vec2 q = p / spacing;
  vec2 w = fwidth(q);
  vec2 d = abs(fract(q - 0.5) - 0.5);
  vec2 line = 1.0 - smoothstep(vec2(width / spacing), vec2(width / spacing) + w * 1.5, d);
  return max(line.x, line.y) * (1.0 - smoothstep(0.15, 0.7, max(w.x, w.y)));
}

float toSegment(vec2 p, vec4 s) {
  vec2 along = s.zw - s.xy;
  float t = clamp(dot(p - s.xy, along) / max(dot(along, along), 1e-3), 0.0, 1.0);
  return length(p - s.xy - along * t);
}
`

const surface = /* glsl */`
{
  vec2 p = vGround;
  float coarse = texture2D(uNoise, p / 61.0).r;
  float medium = texture2D(uNoise, p / 17.0 + 0.37).r;
  float fine = texture2D(uNoise, p / 4.3).r;
  vec3 grass = mix(vec3(0.085, 0.170, 0.040), vec3(0.235, 0.315, 0.088), smoothstep(0.25, 0.75, coarse * 0.6 + medium * 0.4));
  grass *= 0.72 + 0.56 * fine;

  float d1 = 1e12, d2 = 1e12;
  vec3 t1 = vec3(0.2), t2 = vec3(0.2);
  float place = 1e6;
  for (int i = 0; i < ${maxSites}; i++) {
    if (i >= uSiteCount) break;
    vec2 away = p - uSites[i].xy;
    float d = dot(away, away) + uSites[i].z;
    place = min(place, length(away));
    if (d < d1) { d2 = d1; t2 = t1; d1 = d; t1 = uTints[i]; }
    else if (d < d2) { d2 = d; t2 = uTints[i]; }
  }
  float inside = uSiteCount > 1 ? smoothstep(0.0, 1.6, sqrt(d2) - sqrt(d1)) : 1.0;
  vec3 tint = mix(0.5 * (t1 + t2), t1, inside);
  float luma = dot(tint, vec3(0.2126, 0.7152, 0.0722));
  vec3 evenTint = tint * (0.19 / max(luma, 0.03));
  if (uSiteCount > 0) grass = mix(grass, min(evenTint, vec3(0.5)) * (0.55 + 0.9 * medium * fine), 0.17);

  float rough = (fine - 0.5) * 1.1 + (medium - 0.5) * 0.9;
  float path = 1e6;
  for (int i = 0; i < ${maxPaths}; i++) {
    if (i >= uPathCount) break;
    path = min(path, toSegment(p, uPaths[i]));
  }
  vec3 sand = mix(vec3(0.30, 0.245, 0.165), vec3(0.42, 0.35, 0.245), fine);
  grass = mix(grass, sand, (1.0 - smoothstep(1.25, 1.75, path + rough * 0.8)) * 0.85);

  float ring = place + rough * 0.25;
  vec2 cell = p / 0.85;
  cell.x += 0.5 * mod(floor(cell.y), 2.0);
  vec2 edge = abs(fract(cell) - 0.5);
  vec2 cw = fwidth(p / 0.85);
  float joint = smoothstep(0.46 - max(cw.x, cw.y), 0.47, max(edge.x, edge.y)) * (1.0 - smoothstep(0.1, 0.5, max(cw.x, cw.y)));
  float stoneTone = fract(sin(dot(floor(cell), vec2(12.9898, 78.233))) * 43758.5453);
  vec3 stone = mix(vec3(0.27, 0.25, 0.225), vec3(0.36, 0.335, 0.30), stoneTone) * (0.8 + 0.4 * fine);
  stone = mix(stone, evenTint, 0.16);
  stone *= 1.0 - 0.38 * joint;
  float band = smoothstep(6.9, 7.05, place) * (1.0 - smoothstep(7.55, 7.7, place));
  stone = mix(stone, evenTint * 1.25, band * 0.62);
  grass = mix(grass, stone, 1.0 - smoothstep(7.7, 8.15, ring));

  float near = 1.0 - smoothstep(14.0, 75.0, length(vViewPosition));
  float grid = gridLine(p, 2.0, 0.012) * 0.055 + gridLine(p, 16.0, 0.03) * 0.085;
  grass += vec3(0.9, 0.92, 0.85) * grid * near * 0.36;

  vec2 out2 = max(max(uMin - p, p - uMax), 0.0);
  float beyond = smoothstep(0.0, 6.0, max(out2.x, out2.y));
  grass = mix(grass, vec3(dot(grass, vec3(0.33))) * vec3(0.85, 0.88, 0.80), beyond * 0.75);
  diffuseColor.rgb = grass;
}
`
