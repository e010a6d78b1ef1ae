import { describe, expect, it } from 'vitest'
import { base64, wanting } from '../src/hud/gate'

describe('gate', () => {
  it('knows when a region wants a password', () => {
    expect(wanting('Commons wants a password: `password Commons`, or `metatopia region password enter Commons`.')).toBe('Commons')
    expect(wanting('The Long Hall wants a password: `password The Long Hall`, or more. You go back.')).toBe('The Long Hall')
    expect(wanting('You are in Commons.')).toBe('')
  })

  it('writes bytes as the API takes them', () => {
    expect(base64('open sésame')).toBe(btoa('open s\u00c3\u00a9same'))
  })
})
