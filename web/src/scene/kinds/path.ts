import { Box3, BoxGeometry, Color } from 'three'
import type { Entity } from '../../api/types'
import { seeded } from '../random'
import { Parts, cached, solid } from '../parts'
import { colorOf, type Model } from './model'

/** Stones along the longer side of a path, at most. */
const mostStones = 60

/** path is a row of flat stones, irregular like laid ones. One walks over it
 * and clicks through it. */
export function path(entity: Entity): Model {
  const { x, z } = entity.size
  const color = colorOf(entity, '#b9ad94')
  const mesh = solid(cached(`path.${x.toFixed(1)}.${z.toFixed(1)}.${color.getHexString()}`, () => {
    const random = seeded(Math.round(x * 31 + z * 17))
    const p = new Parts()
    const columns = Math.max(1, Math.min(mostStones, Math.round(x / 0.8)))
    const rows = Math.max(1, Math.min(mostStones, Math.round(z / 0.8)))
    const w = x / columns
    const d = z / rows
    const tone = new Color()
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < rows; j++) {
        if (random() < 0.06) continue
        tone.copy(color).multiplyScalar(0.62 + random() * 0.26)
        p.add(new BoxGeometry(w * (0.8 + random() * 0.12), 0.05, d * (0.8 + random() * 0.12)), tone, {
          x: -x / 2 + (i + 0.5) * w + (random() - 0.5) * 0.08, z: -z / 2 + (j + 0.5) * d + (random() - 0.5) * 0.08,
          ry: (random() - 0.5) * 0.16, y: random() * 0.012,
        })
      }
    }
    return p.geometry()
  }))
  mesh.castShadow = false
  return { root: mesh, bounds: new Box3(), top: 0.1 }
}
