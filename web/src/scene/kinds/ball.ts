import { CanvasTexture, Mesh, MeshStandardMaterial, RepeatWrapping, SRGBColorSpace, SphereGeometry, type Texture } from 'three'
import type { Entity } from '../../api/types'
import { cached } from '../parts'
import { boxAround, colorOf, type Model } from './model'

const skins = new Map<string, Texture>()

/** ball has stripes, so that one sees it roll. */
export function ball(entity: Entity): Model {
  const material = new MeshStandardMaterial({ roughness: 0.38, map: stripes('#' + colorOf(entity, '#e4572e').getHexString()) })
  const mesh = new Mesh(cached('ball', () => new SphereGeometry(0.5, 32, 20)), material)
  mesh.castShadow = mesh.receiveShadow = true
  mesh.scale.setScalar(Math.max(entity.size.y, 0.1))
  return {
    root: mesh, bounds: boxAround(entity, entity.size.y * 1.5, entity.size.y * 1.4), top: entity.size.y / 2 + 0.15,
    restyle(e) {
      material.map = stripes('#' + colorOf(e, '#e4572e').getHexString())
    },
  }
}

function stripes(color: string): Texture {
  let t = skins.get(color)
  if (t) return t
  const canvas = document.createElement('canvas')
  canvas.width = 256
  canvas.height = 128
  const c = canvas.getContext('2d')!
  for (let i = 0; i < 6; i++) {
    c.fillStyle = i % 2 ? '#f6efe2' : color
    c.fillRect(i * 256 / 6, 0, 256 / 6 + 1, 128)
  }
  c.fillStyle = '#f6efe2'
  c.fillRect(0, 0, 256, 9)
  c.fillRect(0, 119, 256, 9)
  t = new CanvasTexture(canvas)
  t.colorSpace = SRGBColorSpace
  t.wrapS = RepeatWrapping
  t.anisotropy = 4
  if (skins.size > 64) skins.clear()
  skins.set(color, t)
  return t
}
