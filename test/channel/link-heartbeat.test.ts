// How a link notices that its socket is dead.

import { describe, expect, test, vi } from 'vitest'
import { stayedUp, stubEvents } from './links'

describe('heartbeat', () => {
  test('behavior: given the machine is online again, an open socket has 2 s to answer, and is left if it does not', async () => {
    const events = stubEvents()
    try {
      const { clock, sockets, link, changes } = await stayedUp()
      const [socket] = sockets.all
      events.dispatchEvent(new Event('online'))
      expect(socket?.pings).toBe(1)
      socket?.pong()
      await clock.advance(2_000)
      expect([changes, link.state()]).toEqual([[], 'open'])
      events.dispatchEvent(new Event('online'))
      events.dispatchEvent(new Event('online'))
      await clock.advance(1_999)
      expect([changes, socket?.pings]).toEqual([[], 3])
      await clock.advance(1)
      expect(changes[0]).toMatchObject({ to: 'waiting', delay: 0, end: { reason: 'no sign of life' } })
      await clock.advance(0)
      sockets.last.open()
      link.close()
      events.dispatchEvent(new Event('online'))
      expect([sockets.last.pings, socket?.pings]).toEqual([0, 3])
    } finally {
      vi.unstubAllGlobals()
    }
  })

  test('behavior: given a peer that stops answering pings without closing, the link is declared dead within interval + timeout', async () => {
    const { clock, sockets, changes, ask } = await stayedUp()
    const [dead] = sockets.all
    dead?.receive({ id: 1 })
    await clock.advance(14_999)
    expect(dead?.pings).toBe(0)
    await clock.advance(1)
    expect(dead?.pings).toBe(1)
    await clock.advance(9_999)
    expect(changes).toEqual([])
    await clock.advance(1)
    expect(changes[0]).toMatchObject({ to: 'waiting', delay: 0, end: { code: 1006, reason: 'no sign of life' } })
    // It is left behind, not waited for.
    expect(dead?.isDropped).toBe(true)
    expect(sockets.all).toHaveLength(2)
    expect(ask).not.toHaveBeenCalled()
  })

  test('behavior: any frame is a sign of life', async () => {
    const { clock, sockets, link } = await stayedUp()
    await clock.advance(10_000)
    expect(sockets.last.pings).toBe(1)
    sockets.last.pong()
    await clock.advance(24_000)
    expect(sockets.last.pings).toBe(2)
    sockets.last.receive({ method: 'eth_subscription' })
    for (let count = 0; count < 20; count++) {
      await clock.advance(10_000)
      sockets.last.receive({ method: 'eth_subscription' })
    }
    expect([sockets.last.pings, link.state()]).toEqual([2, 'open'])
  })

  test('behavior: without a ping, something is asked instead', async () => {
    const { clock, sockets, link, ask } = await stayedUp(undefined, { canPing: false })
    await clock.advance(9_000)
    expect(ask).toHaveBeenCalledOnce()
    sockets.last.receive({ id: 1, result: '1' })
    await clock.advance(20_000)
    expect(link.state()).toBe('open')
    await clock.advance(10_000)
    expect([link.state(), ask.mock.calls.length, sockets.all.length]).toEqual(['connecting', 2, 2])
  })

  test('behavior: after a sleep the answer is asked for again before the link is given up', async () => {
    const { clock, sockets, link } = await stayedUp()
    await clock.advance(9_000)
    expect(sockets.last.pings).toBe(1)
    await clock.jump(3_600_000)
    expect([link.state(), sockets.last.pings]).toEqual(['open', 2])
    sockets.last.pong()
    await clock.advance(10_000)
    expect(link.state()).toBe('open')
    // The next one is on time, and final.
    await clock.advance(5_000 + 10_000)
    expect(link.state()).toBe('connecting')
  })

  test('behavior: given a sleep that began after the answer, a socket that died in it is left 10 s after the end', async () => {
    const { clock, sockets, link } = await stayedUp()
    await clock.advance(9_000)
    sockets.last.pong()
    await clock.jump(3_600_000)
    expect([link.state(), sockets.last.pings]).toEqual(['open', 2])
    await clock.advance(9_999)
    expect(link.state()).toBe('open')
    await clock.advance(1)
    expect(link.state()).toBe('connecting')
  })

  test('behavior: its timers do not keep the process alive', async () => {
    const { clock } = await stayedUp()
    expect(clock.pending).toEqual({ after: 0, background: 1, total: 1 })
    await clock.advance(9_000)
    expect(clock.pending).toEqual({ after: 0, background: 1, total: 1 })
  })
})
