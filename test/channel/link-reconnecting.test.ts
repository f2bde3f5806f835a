// How a link comes back: at once, after which delays, and when the machine is online again.

import { describe, expect, test, vi } from 'vitest'
import type { LinkChange } from '../../src/channel/link'
import { makeLink, stayedUp, stubEvents } from './links'

describe('reconnecting', () => {
  test('behavior: given a lasting outage, reconnect delays are 0, then full jitter up to 500 ms for 30 s, then doubling to 30 s, for ever', async () => {
    const { clock, sockets, changes } = await stayedUp(() => 1 - Number.EPSILON)
    const lostAt = clock.now()
    const delays: number[] = []
    for (let count = 0; count < 80; count++) {
      sockets.last.end()
      const delay = changes.at(-1)?.delay as number
      if (delay !== 0) delays.push(Math.round(delay))
      else expect(count).toBe(0)
      expect(changes.at(-1)?.to).toBe('waiting')
      await clock.advance(delay)
      expect(changes.at(-1)?.to).toBe('connecting')
      if (clock.now() - lostAt < 30_000) expect(delay).toBeLessThanOrEqual(500)
    }
    const short = delays.filter((delay) => delay === 500)
    expect(short.length).toBeGreaterThanOrEqual(60)
    expect(delays.slice(short.length, short.length + 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(new Set(delays.slice(short.length + 7))).toEqual(new Set([30_000]))
  })

  test('behavior: the delays are spread evenly from 0 to 500 ms', async () => {
    let draw = 0
    const { clock, sockets, changes } = await stayedUp(() => ((draw++ * 0.618_034) % 1) as number)
    const delays: number[] = []
    for (let count = 0; count < 60; count++) {
      sockets.last.end()
      const { delay = 0 } = changes.at(-1) as LinkChange
      if (count > 0) delays.push(delay)
      await clock.advance(delay)
    }
    expect(Math.min(...delays)).toBeLessThan(50)
    expect(Math.max(...delays)).toBeGreaterThan(450)
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length
    expect(mean).toBeGreaterThan(200)
    expect(mean).toBeLessThan(300)
  })

  test('behavior: given a link that connects and drops repeatedly, the attempt counter does not reset until it stayed up 5 s', async () => {
    const { clock, sockets, changes } = await stayedUp()
    const attempts: [attempt: number, delay: number][] = []
    for (const life of [0, 4_999, 4_999, 5_000, 4_999]) {
      sockets.last.open()
      await clock.advance(life)
      sockets.last.end()
      const { attempt, delay = 0 } = changes.at(-1) as LinkChange
      attempts.push([attempt, delay])
      await clock.advance(delay)
    }
    // The first loss is that of the socket that had been up for six seconds.
    expect(attempts).toEqual([
      [2, 0],
      [3, 250],
      [4, 250],
      [2, 0],
      [3, 250],
    ])
  })

  test.each([
    ['close 1008', { code: 1008, reason: 'policy' }],
    ['handshake 403', { code: 1006, reason: 'Unexpected server response: 403', status: 403 }],
  ])('behavior: given %s, no hammering but eventual retry (slow)', async (_, end) => {
    const { clock, sockets, link, changes } = await stayedUp()
    const delays: number[] = []
    for (let count = 0; count < 6; count++) {
      sockets.last.end(end)
      expect(link.refusal()).toMatchObject(end)
      const { delay = 0 } = changes.at(-1) as LinkChange
      delays.push(delay)
      // Callers do not hurry it.
      link.acquire()
      link.release()
      await clock.advance(delay - 1)
      expect(link.state()).toBe('waiting')
      await clock.advance(1)
      expect([link.state(), link.refusal()]).toEqual(['connecting', undefined])
    }
    expect(delays).toEqual([3_750, 7_500, 15_000, 30_000, 45_000, 45_000])
  })

  test('behavior: given close 1000, 1001 or 1012 on an idle link, it reconnects once, at once', async () => {
    for (const code of [1000, 1001, 1012]) {
      const { clock, sockets, link, changes } = makeLink()
      link.acquire()
      sockets.last.open()
      link.release()
      sockets.last.end({ code })
      expect(changes.at(-1)).toMatchObject({ to: 'waiting', delay: 0, end: { code } })
      await clock.advance(0)
      expect([link.state(), sockets.all.length]).toEqual(['connecting', 2])
      sockets.last.end()
      await clock.advance(60_000)
      expect([link.state(), sockets.all.length]).toEqual(['idle', 2])
    }
  })

  test('behavior: where no socket can ever be made, that is told once, nobody is dialled again, and callers are told why', async () => {
    const { clock, sockets, link, changes } = makeLink()
    link.acquire()
    sockets.last.end({ reason: 'There is no WebSocket on this platform.', isPermanent: true })
    link.acquire()
    link.dial()
    await clock.advance(24 * 3_600_000)
    expect([sockets.all.length, changes.length]).toEqual([1, 2])
    expect(changes[1]).toMatchObject({ to: 'waiting', delay: undefined })
    expect(link.refusal()?.reason).toBe('There is no WebSocket on this platform.')
  })

  test('behavior: a caller does not sit out the long delays of a long outage', async () => {
    const { clock, sockets, link, changes } = await stayedUp()
    for (let count = 0; count < 140; count++) {
      sockets.last.end()
      await clock.advance(changes.at(-1)?.delay as number)
    }
    sockets.last.end()
    expect(changes.at(-1)?.delay).toBe(15_000)
    const made = sockets.all.length
    link.acquire()
    await clock.advance(249)
    expect(sockets.all).toHaveLength(made)
    await clock.advance(1)
    expect(sockets.all).toHaveLength(made + 1)
    // What it waits for keeps the process alive.
    sockets.last.end()
    link.acquire()
    expect(clock.pending).toMatchObject({ after: 1 })
  })

  test('behavior: reconnects at once when the machine is online again', async () => {
    const events = stubEvents()
    try {
      const { clock, sockets, link } = await stayedUp()
      sockets.last.end()
      await clock.advance(0)
      sockets.last.end()
      expect(link.state()).toBe('waiting')
      events.dispatchEvent(new Event('online'))
      expect(link.state()).toBe('connecting')
      events.dispatchEvent(new Event('online'))
      expect(sockets.all).toHaveLength(3)
      sockets.last.end()
      link.close()
      events.dispatchEvent(new Event('online'))
      expect(sockets.all).toHaveLength(3)
    } finally {
      vi.unstubAllGlobals()
    }
  })

  test('behavior: while the machine is offline nobody is dialled and callers are told so; at `online`, at once', async () => {
    const events = stubEvents()
    vi.stubGlobal('navigator', { onLine: false })
    try {
      const { clock, sockets, link, changes } = makeLink()
      link.acquire()
      expect(changes).toMatchObject([{ from: 'idle', to: 'waiting', end: { reason: 'the machine is offline' } }])
      link.acquire()
      link.dial()
      await clock.advance(120_000)
      expect([sockets.all.length, changes.length, link.refusal()?.reason]).toEqual([0, 1, 'the machine is offline'])
      vi.stubGlobal('navigator', { onLine: true })
      events.dispatchEvent(new Event('online'))
      expect([link.state(), link.refusal(), sockets.all.length]).toEqual(['connecting', undefined, 1])
      sockets.last.open()
      vi.stubGlobal('navigator', { onLine: false })
      sockets.last.end()
      await clock.advance(120_000)
      expect([link.state(), sockets.all.length]).toEqual(['waiting', 1])
      // One that says it too late, or not at all.
      vi.stubGlobal('navigator', { onLine: true })
      await clock.advance(30_000)
      expect([link.state(), sockets.all.length]).toEqual(['connecting', 2])
    } finally {
      vi.unstubAllGlobals()
    }
  })

  test('behavior: what an old socket still says is not heard', async () => {
    const { clock, sockets, link, frames, changes } = await stayedUp()
    const [old] = sockets.all
    old?.end()
    await clock.advance(0)
    sockets.last.open()
    const count = changes.length
    old?.receive({ id: 1 })
    old?.pong()
    old?.open()
    old?.end()
    expect(frames).toEqual([])
    expect([link.state(), changes.length]).toEqual(['open', count])
    sockets.last.receive({ id: 2 })
    expect(frames).toEqual(['{"id":2}'])
  })
})
