import { AdditiveBlending, CanvasTexture, Sprite, SpriteMaterial, type Texture } from 'three'

let soft: Texture | undefined

/** halo is the light that a lamp leaves in the air: a soft round sprite. */
export function halo(size: number): Sprite {
  soft ??= softDisc()
  const sprite = new Sprite(new SpriteMaterial({
    map: soft, blending: AdditiveBlending, depthWrite: false, transparent: true, opacity: 0.5, fog: false, toneMapped: false,
  }))
  sprite.scale.setScalar(size)
  sprite.renderOrder = 4
  return sprite
}

function softDisc(): Texture {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 128
  const c = canvas.getContext('2d')!
  const g = c.createRadialGradient(64, 64, 0, 64, 64, 64)
  g.addColorStop(0, 'rgba(255,255,255,0.95)')
  g.addColorStop(0.12, 'rgba(255,255,255,0.5)')
  g.addColorStop(0.4, 'rgba(255,255,255,0.13)')
  g.addColorStop(1, 'rgba(255,255,255,0)')
  c.fillStyle = g
  c.fillRect(0, 0, 128, 128)
  return new CanvasTexture(canvas)
}
