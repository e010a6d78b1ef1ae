import { describe, expect, it } from 'vitest'
import { offered } from '../src/hud/discipline'
import { lines } from '../src/hud/office'

describe('office', () => {
  it('offers what somebody may do, and roles and bans to admins', () => {
    expect(offered(['enter', 'speak'])).toEqual([])
    expect(offered(['enter', 'kick'])).toEqual(['kick'])
    expect(offered(['mute'])).toEqual(['mute', 'unmute'])
    expect(offered(['kick', 'mute', 'ban'])).toEqual(['kick', 'mute', 'unmute', 'ban', 'guest', 'resident', 'builder', 'none'])
  })

  it('says who looks after a region in the words of its server, made fit to show', () => {
    const s = { region: 'Commons', me: 'a', may: true, index: 3, admins: [], vacant: false, words: ['Ada is\u202e a permanent admin.', '\u0007'], warning: 'there is no certificate yet' }
    expect(lines(s)).toEqual(['Ada is a permanent admin.', 'I have an admin\'s rights here.', 'Not proven: there is no certificate yet.'])
    expect(lines({ region: 'Commons', me: 'a', may: false, index: 3, admins: [], vacant: false })).toEqual([])
  })
})
