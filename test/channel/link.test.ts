// The link's life on the manual clock, over scripted sockets: when it connects, how it notices death, how it comes back.

import { describe, expect, test, vi } from 'vitest'
import type { LinkChange } from '../../src/channel/link'
import { createLink } from '../../src/channel/link'
import { createManualClock } from '../support/manual-clock'
import type { ScriptedSocketsOptions } from '../support/scripted-sockets'
import { createScriptedSockets } from '../support/scripted-sockets'

function make(random: () => number = () => 0.5, options: ScriptedSocketsOptions = {}) {
  const clock = createManualClock()
  const sockets = createScriptedSockets(options)
  const changes: LinkChange[] = []
  const frames: unknown[] = []
  const ask = vi.fn()
  const link = createLink({
    open: sockets.open,
    clock,
    random,
    onFrame: (data) => frames.push(data),
    onChange: (change) => changes.push(change),
    ask,
  })
  const states = () => changes.map(({ to }) => to)
  return { clock, sockets, link, changes, frames, ask, states }
}

/** What a browser's window does for the `online` event; Node has none. */
function stubEvents() {
  const events = new EventTarget()
  vi.stubGlobal('addEventListener', events.addEventListener.bind(events))
  vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events))
  return events
}

/** Up for six seconds, with a user. */
async function stayedUp(...given: Parameters<typeof make>) {
  const made = make(...given)
  made.link.acquire()
  made.sockets.last.open()
  await made.clock.advance(6_000)
  made.changes.length = 0
  return made
}

describe('connecting', () => {
  test('default: connects on the first need, one socket for all', () => {
    const { sockets, link, states } = make()
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
    const { clock, sockets, link, changes } = make()
    link.acquire()
    await clock.advance(9_999)
    expect(link.state()).toBe('connecting')
    await clock.advance(1)
    expect(changes[1]).toMatchObject({ from: 'connecting', to: 'waiting', end: { code: 1006, reason: 'no answer' } })
    expect(sockets.all[0]?.isDropped).toBe(true)
    expect(sockets.all).toHaveLength(2)
  })

  test('behavior: a handshake during which we slept gets its 10 s anew', async () => {
    const { clock, sockets, link, states } = make()
    link.acquire()
    await clock.jump(600_000)
    await clock.advance(9_999)
    expect([states(), clock.pending.after]).toEqual([['connecting'], 1])
    sockets.last.open()
    expect(states()).toEqual(['connecting', 'open'])
  })

  test('behavior: a socket dialled for nobody does not keep the process alive, and goes after the linger', async () => {
    const { clock, sockets, link, states } = make()
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
    const { clock, sockets, link, states } = make()
    link.dial()
    sockets.last.end()
    await clock.advance(60_000)
    expect(states()).toEqual(['connecting', 'waiting', 'idle'])
    expect([sockets.all.length, clock.pending.total]).toEqual([1, 0])
  })

  test('behavior: a socket that is dropped each time it opens is not dialled for nobody longer than the linger', async () => {
    const { clock, sockets, link } = make()
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
    const { link } = make()
    expect(() => link.send('{}')).toThrow('not open')
    link.acquire()
    expect(() => link.send('{}')).toThrow('not open')
  })
})

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
      const { clock, sockets, link, changes } = make()
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
    const { clock, sockets, link, changes } = make()
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
      const { clock, sockets, link, changes } = make()
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

  test('behavior: its timers do not keep the process alive', async () => {
    const { clock } = await stayedUp()
    expect(clock.pending).toEqual({ after: 0, background: 1, total: 1 })
    await clock.advance(9_000)
    expect(clock.pending).toEqual({ after: 0, background: 1, total: 1 })
  })
})

describe('letting go', () => {
  test('behavior: the socket keeps the process alive while somebody needs it, and goes 5 s after the last one', async () => {
    const { clock, sockets, link, states } = make()
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
      const { clock, sockets, link, changes } = make()
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
