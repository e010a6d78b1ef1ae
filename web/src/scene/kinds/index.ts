import { BoxGeometry, MeshStandardMaterial, SphereGeometry } from 'three'
import type { Entity } from '../../api/types'
import { cached, solid } from '../parts'
import { avatar } from './avatar'
import { ball } from './ball'
import { fountain } from './fountain'
import { arch, bell, bench, box, sign, stage } from './furniture'
import { hearth } from './hearth'
import { lamp, lantern } from './lights'
import { boxAround, colorOf, type Model } from './model'
import { path } from './path'
import { tree } from './plants'

const builders: Record<string, (entity: Entity) => Model> = {
  avatar, ball, box, crate: box, tree, bench, lamp, lantern, bell, sign, hearth, fire: hearth, fountain, stage, arch, gate: arch, path,
}

/** build makes the model of an entity by its kind; a kind that is not known
 * looks like its body. */
export function build(entity: Entity): Model {
  const maker = Object.hasOwn(builders, entity.kind) ? builders[entity.kind] : undefined
  return maker ? maker(entity) : plain(entity)
}

function plain(entity: Entity): Model {
  const material = new MeshStandardMaterial({ color: colorOf(entity), roughness: 0.7 })
  const mesh = entity.shape === 'sphere'
    ? solid(cached('plain.sphere', () => new SphereGeometry(0.5, 28, 18)), material)
    : solid(cached('plain.box', () => new BoxGeometry(1, 1, 1)), material)
  mesh.scale.set(Math.max(entity.size.x, 0.05), Math.max(entity.size.y, 0.05), Math.max(entity.size.z, 0.05))
  return {
    root: mesh, bounds: boxAround(entity), top: entity.size.y / 2 + 0.2,
    restyle(e) { material.color.copy(colorOf(e)) },
  }
}
