import { describe, expect, it } from 'vitest'
import { adminLine } from '../src/hud/place'

const ada = 'a'.repeat(64)
const ben = 'b'.repeat(64)
const known = { region: 'Commons', me: ada, may: false, index: 3, admins: [{ key: ben }], vacant: false }

describe('adminLine', () => {
  it('names admins by the first digits of their keys, and me as you', () => {
    expect(adminLine(known)).toBe('admin: bbbbbbbb')
    expect(adminLine({ ...known, admins: [{ key: ada }, { key: ben }] })).toBe('admins: you, bbbbbbbb')
    expect(adminLine({ ...known, admins: [1, 2, 3, 4, 5].map(n => ({ key: `${n}`.repeat(64) })) })).toBe('admins: 11111111, 22222222, 33333333 and 2 more')
  })
  it('says who is temporary, that nobody is, and what is not proven', () => {
    expect(adminLine({ ...known, vacant: true, temp: ben })).toBe('temporary admin: bbbbbbbb')
    expect(adminLine({ ...known, vacant: true })).toBe('no admin')
    expect(adminLine({ ...known, warning: 'there is no certificate yet' })).toBe('admin: bbbbbbbb (not proven)')
  })
})
