// The link's life on the manual clock, over scripted sockets: when it connects, and when it lets go.

import { describe, expect, test } from 'vitest'
import { makeLink, stayedUp } from './links'

describe('connecting', () => {
  test('default: connects on the first need, one socket for all', () => {
    const { sockets, link, states } = makeLink()
    expect([link.state(), sockets.all.length]).toEqual(['idle', 0])
    link.acquire()
    link.acquire()
    expect([link.state(), sockets.all.length]).toEqual(['connecting', 1])
    sockets.last.open()
    link.send('{"id":1}')
    expect(states()).toEqual(['connecting', 'open'])
    expect(sockets.last.sent).toEqual([{ id: 1 }])
  })

  test('behavior: a handshake that hangs is given up after 10 s', async () => {
    const { clock, sockets, link, changes } = makeLink()
    link.acquire()
    await clock.advance(9_999)
    expect(link.state()).toBe('connecting')
    await clock.advance(1)
    expect(changes[1]).toMatchObject({ from: 'connecting', to: 'waiting', end: { code: 1006, reason: 'no answer' } })
    expect(sockets.all[0]?.isDropped).toBe(true)
    expect(sockets.all).toHaveLength(2)
  })

  test('behavior: a handshake during which we slept gets its 10 s anew', async () => {
    const { clock, sockets, link, states } = makeLink()
    link.acquire()
    await clock.jump(600_000)
    await clock.advance(9_999)
    expect([states(), clock.pending.after]).toEqual([['connecting'], 1])
    sockets.last.open()
    expect(states()).toEqual(['connecting', 'open'])
  })

  test('behavior: a socket dialled for nobody does not keep the process alive, and goes after the linger', async () => {
    const { clock, sockets, link, states } = makeLink()
    link.dial()
    link.dial()
    expect(sockets.last.isHeld).toBe(false)
    expect(clock.pending.after).toBe(0)
    sockets.last.open()
    await clock.advance(4_999)
    expect(link.state()).toBe('open')
    await clock.advance(1)
    expect(states()).toEqual(['connecting', 'open', 'idle'])
    expect([sockets.last.isDropped, clock.pending.total]).toEqual([true, 0])
  })

  test('behavior: a dial that failed is not repeated for nobody', async () => {
    const { clock, sockets, link, states } = makeLink()
    link.dial()
    sockets.last.end()
    await clock.advance(60_000)
    expect(states()).toEqual(['connecting', 'waiting', 'idle'])
    expect([sockets.all.length, clock.pending.total]).toEqual([1, 0])
  })

  test('behavior: a socket that is dropped each time it opens is not dialled for nobody longer than the linger', async () => {
    const { clock, sockets, link } = makeLink()
    link.dial()
    while (link.state() !== 'idle' && clock.now() < 60_000) {
      if (link.state() === 'connecting') sockets.last.open()
      await clock.advance(50)
      if (link.state() === 'open') sockets.last.end({ code: 1000 })
      await clock.advance(50)
    }
    expect(clock.now()).toBeLessThan(6_000)
    expect([link.state(), clock.pending.total]).toEqual(['idle', 0])
  })

  test('behavior: send throws while there is no open socket', () => {
    const { link } = makeLink()
    expect(() => link.send('{}')).toThrow('not open')
    link.acquire()
    expect(() => link.send('{}')).toThrow('not open')
  })
})

describe('letting go', () => {
  test('behavior: the socket keeps the process alive while somebody needs it, and goes 5 s after the last one', async () => {
    const { clock, sockets, link, states } = makeLink()
    link.acquire()
    sockets.last.open()
    expect(sockets.last.isHeld).toBe(true)
    link.release()
    expect(sockets.last.isHeld).toBe(false)
    await clock.advance(3_000)
    link.acquire()
    expect(sockets.last.isHeld).toBe(true)
    await clock.advance(1_000)
    link.release()
    await clock.advance(4_999)
    expect(link.state()).toBe('open')
    await clock.advance(1)
    expect(states()).toEqual(['connecting', 'open', 'idle'])
    expect([sockets.last.isDropped, clock.pending.total]).toEqual([true, 0])
    link.acquire()
    expect([link.state(), sockets.all.length]).toEqual(['connecting', 2])
  })

  test('behavior: given one live watcher and every provider down, the process stays alive until it unsubscribes', async () => {
    const { clock, sockets, link } = await stayedUp()
    for (let count = 0; count < 5; count++) {
      sockets.last.end()
      expect(clock.pending.after).toBe(1)
      await clock.advance(500)
      expect([link.state(), sockets.last.isHeld]).toEqual(['connecting', true])
    }
    sockets.last.end()
    link.release()
    expect(clock.pending.after).toBe(0)
    await clock.advance(500)
    expect([link.state(), clock.pending.total]).toEqual(['idle', 0])
  })

  test.each(['idle', 'connecting', 'open', 'lingering', 'challenged', 'waiting', 'refused'])(
    'behavior: given close() at any moment (%s), no reconnect and no timers',
    async (moment) => {
      const { clock, sockets, link, changes } = makeLink()
      if (moment !== 'idle') link.acquire()
      if (['open', 'lingering', 'challenged'].includes(moment)) sockets.last.open()
      if (moment === 'lingering') link.release()
      if (moment === 'challenged') await clock.advance(16_000)
      if (moment === 'waiting') sockets.last.end()
      if (moment === 'refused') sockets.last.end({ code: 1008 })
      link.close()
      link.close()
      const made = sockets.all.length
      expect(changes.filter(({ to }) => to === 'closed')).toHaveLength(1)
      expect(sockets.all.every(({ isDropped }) => isDropped || moment === 'idle')).toBe(true)
      expect(clock.pending.total).toBe(0)
      link.acquire()
      link.dial()
      link.release()
      for (const socket of sockets.all) {
        socket.open()
        socket.end()
      }
      await clock.advance(3_600_000)
      expect([link.state(), sockets.all.length, clock.pending.total]).toEqual(['closed', made, 0])
    },
  )
})
