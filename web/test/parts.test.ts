import { describe, expect, it } from 'vitest'
import { again } from '../src/api/again'
import { invitable, invited } from '../src/hud/invitations'
import { parts } from '../src/hud/office'
import { changes } from '../src/hud/settings'
import { listed } from '../src/hud/whitelist'

describe('parts of the office', () => {
  it('gives admins all, who may invite the invitations, and others nothing', () => {
    expect(parts(['enter', 'speak'], 'resident')).toEqual([])
    expect(parts([], '')).toEqual([])
    expect(parts(['enter', 'invite'], 'resident')).toEqual(['invitations'])
    expect(parts(['enter', 'kick', 'mute'], 'builder')).toEqual([])
    expect(parts(['kick', 'ban'], '')).toEqual(['whitelist', 'invitations', 'settings'])
  })

  it('invites to no more than one is, admins to all', () => {
    expect(invitable(['invite'], 'guest')).toEqual(['guest'])
    expect(invitable(['invite'], 'resident')).toEqual(['guest', 'resident'])
    expect(invitable(['invite'], 'builder')).toEqual(['guest', 'resident', 'builder'])
    expect(invitable(['invite'], 'something new')).toEqual([])
    expect(invitable(['ban'], 'admin')).toEqual(['guest', 'resident', 'builder'])
    expect(invitable(['speak'], 'builder')).toEqual([])
  })
})

describe('reports', () => {
  const report = {
    region: 'Commons', tick: 9, settings: { whitelist: true },
    members: [{ key: 'd', role: 'guest', inviter: 'b' }, { key: 'c', listed: true, inviter: 'b', role: 'builder' }, { key: 'a', listed: true }, { key: 'e', inviter: 'a' }],
  }
  it('tell who is listed and who was invited by whom', () => {
    expect(listed(report)).toEqual(['c', 'a'])
    expect(invited(report)).toEqual([{ key: 'e', role: '', by: 'a' }, { key: 'c', role: 'builder', by: 'b' }, { key: 'd', role: 'guest', by: 'b' }])
  })
  it('may say nothing of anybody', () => {
    expect(listed({ region: 'Commons', tick: 9, settings: {}, members: null })).toEqual([])
    expect(invited({ region: 'Commons', tick: 9, settings: {} })).toEqual([])
  })
})

describe('settings', () => {
  const now = { vacantDays: 30, activeDays: 7, minDays: 0, countDowntime: true }
  const same = { vacantDays: '30', activeDays: ' 7 ', minDays: '0', countDowntime: true, tempMayNotBan: false }
  it('asks for what differs and nothing else', () => {
    expect(changes(now, same)).toEqual({})
    expect(changes(now, { ...same, vacantDays: '60', tempMayNotBan: true })).toEqual({ vacantDays: 60, tempMayNotBan: true })
    expect(changes(now, { ...same, countDowntime: false, minDays: '5' })).toEqual({ countDowntime: false, minDays: 5 })
    expect(changes({}, same)).toEqual({ vacantDays: 30, activeDays: 7, countDowntime: true })
  })
  it('says which number is none', () => {
    for (const bad of ['', '0', '-1', '1.5', 'many', '3661', '99999', '1e2']) {
      expect(() => changes(now, { ...same, activeDays: bad })).toThrow(/^Days within which .*: give a number from 1 to 3660\.$/)
    }
    expect(changes(now, { ...same, activeDays: '3660' })).toEqual({ activeDays: 3660 })
    expect(() => changes(now, { ...same, vacantDays: '0' })).toThrow('from 1 to 3660')
    expect(changes({ ...now, minDays: 5 }, same)).toEqual({ minDays: 0 })
    expect(() => changes(now, { ...same, minDays: '3661' })).toThrow('from 0 to 3660')
  })
})

describe('again', () => {
  it('asks until the answer is of the moment that is wanted, and not for ever', async () => {
    let tick = 0
    const waited: number[] = []
    const wait = async (): Promise<void> => { waited.push(tick) }
    expect(await again(async () => ++tick, t => t < 3, wait)).toBe(3)
    expect(waited).toEqual([1, 2])
    tick = 0
    expect(await again(async () => ++tick, () => true, wait)).toBe(20)
    await expect(again(async () => { throw new Error('away') }, () => false, wait)).rejects.toThrow('away')
  })
})
