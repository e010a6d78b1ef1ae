import { Box3, Color, Group, Vector3, type Object3D } from 'three'
import type { Entity } from '../../api/types'

/** Motion is what a model may react to in one frame. */
export interface Motion {
  seconds: number   // since the page opened
  dt: number        // since the last frame
  speed: number     // metres per second in the ground plane
  travelled: number // metres walked since it appeared
}

/** Glow is a place of a model that gives light. */
export interface Glow {
  at: Vector3       // from the centre of the body
  color: Color
  strength: number  // candela, 0 when dark
  reach: number     // metres
}

/** Model is how an entity looks. Its root has the centre of the body at the
 * origin; +Z is its front. */
export interface Model {
  root: Object3D
  bounds: Box3      // for picking, from the centre of the body
  top: number       // metres above the centre: where its label goes
  turns?: boolean   // true: faces where it walks, the pose's rotation is not used
  glow?: Glow
  /** restyle follows a change of colour or name; another kind or size is
   * another model. */
  restyle?(entity: Entity): void
  animate?(motion: Motion): void
  /** react answers a touch or a spoken word of the thing, at seconds. */
  react?(seconds: number): void
}

/** standing puts parts that were built with the ground at y = 0 under an
 * origin at the body's centre, scaled to the body's height. natural is the
 * height they were built with. */
export function standing(entity: Entity, natural: number, ...parts: Object3D[]): { root: Group; scale: number; y0: number } {
  const height = entity.size.y > 0.05 ? entity.size.y : natural
  const scale = height / natural
  const inner = new Group()
  inner.add(...parts)
  inner.scale.setScalar(scale)
  inner.position.y = -height / 2
  const root = new Group()
  root.add(inner)
  return { root, scale, y0: -height / 2 }
}

/** boxAround is the box of the body, at least as wide and high as given. */
export function boxAround(entity: Entity, width = 0, height = 0): Box3 {
  const half = new Vector3(
    Math.max(entity.size.x, width, 0.2) / 2, entity.size.y / 2, Math.max(entity.size.z, width, 0.2) / 2)
  const low = -half.y
  return new Box3(half.clone().negate(), new Vector3(half.x, Math.max(half.y, low + height), half.z))
}

/** colorOf is an entity's colour, or one for its id when it has none. */
export function colorOf(entity: Entity, fallback = '#9aa7b5'): Color {
  const c = new Color(fallback)
  return /^#[0-9a-f]{6}$/i.test(entity.color) ? c.set(entity.color) : c
}

/** luminance of a colour as the eye sees it, 0 to 1 on the screen's scale. */
export function luminance(c: Color): number {
  const hex = c.getHex()
  return (0.2126 * (hex >> 16 & 255) + 0.7152 * (hex >> 8 & 255) + 0.0722 * (hex & 255)) / 255
}

/** lit says whether a thing that can glow does: its colour is bright, or its
 * name says so. A script switches a lamp by its slot "color". */
export function lit(entity: Entity): boolean {
  if (/\blit\b/i.test(entity.name)) return true
  if (/\b(off|unlit|dark)\b/i.test(entity.name)) return false
  return luminance(colorOf(entity, '#ffd28a')) > 0.42
}
