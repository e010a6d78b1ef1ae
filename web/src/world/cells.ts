import type { Point, Region } from '../api/types'

// A region is the space nearest to its site, so borders are bisectors. The
// page needs them on the ground (y = 0) only.

/** Segment of a border on the ground. The normal points from a to b. */
export interface Border {
  a: Region; b: Region
  from: [number, number]; to: [number, number] // x, z in metres
  normal: [number, number]
}

interface HalfPlane { nx: number; nz: number; c: number } // nx*x + nz*z <= c

/** nearer is the ground nearer to a than to b. */
function nearer(a: Point, b: Point): HalfPlane {
  return {
    nx: 2 * (b.x - a.x), nz: 2 * (b.z - a.z),
    c: b.x * b.x + b.y * b.y + b.z * b.z - a.x * a.x - a.y * a.y - a.z * a.z,
  }
}

/** regionAt is the region that the place belongs to: the one with the nearest
 * site, and with the lower id where two are equally near. */
export function regionAt(regions: readonly Region[], x: number, y: number, z: number): Region | undefined {
  let best: Region | undefined
  let least = Infinity
  for (const r of regions) {
    const d = (r.site.x - x) ** 2 + (r.site.y - y) ** 2 + (r.site.z - z) ** 2
    if (d < least || (d === least && best && r.id < best.id)) {
      least = d
      best = r
    }
  }
  return best
}

/** borders gives every border within the box, in the order of the regions. */
export function borders(regions: readonly Region[], min: Point, max: Point): Border[] {
  const found: Border[] = []
  for (let i = 0; i < regions.length; i++) {
    for (let j = i + 1; j < regions.length; j++) {
      const border = borderOf(regions[i]!, regions[j]!, regions, min, max)
      if (border) found.push(border)
    }
  }
  return found
}

function borderOf(a: Region, b: Region, all: readonly Region[], min: Point, max: Point): Border | undefined {
  const plane = nearer(a.site, b.site)
  const length = Math.hypot(plane.nx, plane.nz)
  if (length < 1e-6) return undefined // one above the other: no line on the ground
  const nx = plane.nx / length
  const nz = plane.nz / length
  const px = nx * plane.c / length
  const pz = nz * plane.c / length
  const dx = -nz
  const dz = nx

  let low = -1e6
  let high = 1e6
  const clip = (h: HalfPlane): void => {
    const slope = h.nx * dx + h.nz * dz
    const room = h.c - h.nx * px - h.nz * pz
    if (Math.abs(slope) < 1e-9) {
      if (room < 0) high = low - 1
    } else if (slope > 0) high = Math.min(high, room / slope)
    else low = Math.max(low, room / slope)
  }
  clip({ nx: 1, nz: 0, c: max.x })
  clip({ nx: -1, nz: 0, c: -min.x })
  clip({ nx: 0, nz: 1, c: max.z })
  clip({ nx: 0, nz: -1, c: -min.z })
  for (const r of all) {
    if (r !== a && r !== b) clip(nearer(a.site, r.site))
  }
  if (high - low < 0.01) return undefined
  return {
    a, b, normal: [nx, nz],
    from: [px + dx * low, pz + dz * low],
    to: [px + dx * high, pz + dz * high],
  }
}
