// One subscription over places: which one, when the next, when back. Times are exact.

import { describe, expect, test } from 'vitest'
import type { Place } from '../../../src/subscription/source/place'
import { openUpstream } from '../../../src/subscription/source/upstream'
import { rpcError, socketClosedError } from '../../support/errors'
import { createFeeds } from '../feeds'

const refusal = rpcError(-32601, 'no subscriptions here')

function setUp(given: Parameters<typeof createFeeds>[0], random?: () => number) {
  const all = createFeeds(given, random)
  const { clock, places, feed } = all
  const startedAt = clock.now()
  const told: string[] = []
  const rests: unknown[] = []
  let close = () => {}
  let at = ''
  let level: (place: Place) => Promise<boolean> = async () => true
  const open = () =>
    openUpstream({
      params: ['newHeads'],
      places,
      clock,
      sink: {
        onLive({ id }) {
          at = id
          told.push(`live ${id}`)
        },
        onData: (result) => told.push(`data ${at} ${result}`),
        onDown: (why) => told.push(`down ${at}: ${why}`),
        onRest(reason) {
          rests.push(reason)
          told.push('rest')
        },
        isLevel: (place) => level(place),
      },
    })
  return {
    ...all,
    told,
    rests,
    close: () => close(),
    levelBy(next: typeof level) {
      level = next
    },
    /** When places were asked, in ms since the start. */
    askedAt: (number: number) => feed(number).subscribedAt.map((at) => at - startedAt),
    since: () => clock.now() - startedAt,
    async start() {
      close = open()
      await clock.settle()
    },
  }
}

describe('start', () => {
  test('default: the first one, and no other', async () => {
    const { told, feed, start, clock } = setUp(2)
    await start()
    feed(1).push('a')
    await clock.advance(1_000)
    expect([told, feed(2).subscribed]).toEqual([['live p1', 'data p1 a'], []])
  })

  test('behavior: what comes before the confirmation is given after it', async () => {
    const { told, feed, start, clock } = setUp(1)
    feed(1).ignore()
    await start()
    feed(1).push('a')
    feed(1).push('b')
    expect(told).toEqual([])
    feed(1).confirmNow()
    await clock.settle()
    feed(1).push('c')
    expect(told).toEqual(['live p1', 'data p1 a', 'data p1 b', 'data p1 c'])
  })

  test('Given p1 rejects eth_subscribe, then p2 is used, and p1 is not asked again', async () => {
    const { clock, told, feed, start } = setUp(2)
    feed(1).refuse(refusal)
    await start()
    await clock.advance(600_000)
    expect([told, feed(1).subscribed.length]).toEqual([['live p2'], 1])
  })

  test('Given p1 does not confirm within 500 ms, then p2 is asked beside it; the first confirmation counts', async () => {
    const { clock, told, feed, start, askedAt } = setUp(3)
    feed(1).ignore()
    feed(2).confirm(100)
    await start()
    await clock.advance(499)
    expect(askedAt(2)).toEqual([])
    await clock.advance(101)
    expect([askedAt(2), told]).toEqual([[500], ['live p2']])
    expect(feed(3).subscribed).toEqual([])
    // What was late is not wanted any more.
    feed(1).confirmNow()
    feed(1).push('a')
    await clock.settle()
    expect([told, feed(1).live, feed(1).unsubscribed]).toEqual([['live p2'], [], 1])
  })

  test('behavior: the first one may win all the same', async () => {
    const { clock, told, feed, start } = setUp(2)
    feed(1).confirm(600)
    feed(2).confirm(300)
    await start()
    await clock.advance(1_000)
    expect([told, feed(2).live, feed(2).unsubscribed]).toEqual([['live p1'], [], 1])
  })

  test('Given the socket of the one that is asked opens, then no other is asked for that', async () => {
    const { clock, feed, start, become, askedAt } = setUp(2)
    become(1, 'connecting')
    feed(1).ignore()
    await start()
    await clock.advance(100)
    become(1, 'open')
    await clock.advance(1_000)
    expect(askedAt(2)).toEqual([500])
  })

  test('behavior: the socket of another one opens meanwhile: it is asked in its turn all the same', async () => {
    const { clock, feed, start, become, askedAt } = setUp(2)
    feed(1).ignore()
    become(2, 'waiting')
    await start()
    await clock.advance(700)
    become(2, 'open')
    await clock.advance(299)
    expect(askedAt(2)).toEqual([])
    await clock.advance(1)
    expect(askedAt(2)).toEqual([1_000])
  })

  test('behavior: what nobody confirms has failed after 10 s; then it is tried again', async () => {
    const { clock, told, feed, start, askedAt } = setUp(1)
    feed(1).ignore()
    await start()
    await clock.advance(9_999)
    expect(told).toEqual([])
    feed(1).confirm()
    await clock.advance(1)
    expect(told).toEqual(['rest'])
    await clock.advance(250)
    expect([told, askedAt(1)]).toEqual([
      ['rest', 'live p1'],
      [0, 10_250],
    ])
  })

  test('behavior: if all refuse the kind, the rest has a reason', async () => {
    const { told, feed, start, rests, clock } = setUp(2)
    feed(1).refuse(refusal)
    feed(2).refuse(refusal)
    await start()
    await clock.advance(600_000)
    expect([told, rests[0], feed(1).subscribed.length]).toEqual([['rest'], refusal, 1])
  })

  test('Given no WS is up at subscribe time, then it becomes live when the first one connects', async () => {
    const { clock, told, feed, start, become } = setUp(2)
    become(1, 'waiting')
    become(2, 'waiting')
    await start()
    await clock.advance(600_000)
    expect([told, feed(1).kept, feed(2).kept]).toEqual([['rest'], 1, 1])
    become(2, 'open')
    await clock.settle()
    expect(told).toEqual(['rest', 'live p2'])
  })
})

describe('many at once', () => {
  const COUNT = 100

  /** Streams over the same places that all start now. */
  async function startAll(given: number, script: (all: ReturnType<typeof createFeeds>) => void) {
    const all = createFeeds(given)
    script(all)
    const ended: [string, number][] = []
    const startedAt = all.clock.now()
    for (let count = 0; count < COUNT; count++)
      openUpstream({
        params: ['logs', { address: count }],
        places: all.places,
        clock: all.clock,
        sink: {
          onLive: ({ id }) => ended.push([id, all.clock.now() - startedAt]),
          onData() {},
          onDown() {},
          onRest: () => ended.push(['rest', all.clock.now() - startedAt]),
          isLevel: async () => true,
        },
      })
    return { ...all, ended }
  }

  test('Given 100 streams and a place that takes 300 ms for each, then those that wait for their turn ask no other', async () => {
    const { clock, feed, ended } = await startAll(2, ({ feed }) => feed(1).confirm(300))
    await clock.advance(10_000)
    expect([feed(1).live.length, feed(2).subscribed]).toEqual([COUNT, []])
    expect(ended).toEqual(Array.from({ length: COUNT }, (_, index) => ['p1', 300 * (1 + Math.floor(index / 32))]))
  })

  test('Given 100 streams and a place that takes 4 s for each, then none has failed', async () => {
    const { clock, place, ended } = await startAll(1, ({ feed }) => feed(1).confirm(4_000))
    await clock.advance(20_000)
    expect(ended.map(([id]) => id)).toEqual(Array.from({ length: COUNT }, () => 'p1'))
    expect([ended.at(-1), place(1).failedAt]).toEqual([['p1', 16_000], -Infinity])
  })

  test('behavior: a place that answers none of them: those that wait for their turn ask the next one with the others', async () => {
    const { clock, feed, ended } = await startAll(2, ({ feed }) => feed(1).ignore())
    await clock.advance(499)
    expect(feed(2).subscribed).toEqual([])
    await clock.advance(1)
    expect(ended).toEqual(Array.from({ length: COUNT }, () => ['p2', 500]))
  })
})

describe('a backup', () => {
  test('Given the others do not confirm within 500 ms, then it is not asked beside them, but once they have failed', async () => {
    const { clock, told, feed, start, askedAt } = setUp([{}, {}, { isBackup: true }])
    feed(1).ignore()
    feed(2).ignore()
    await start()
    await clock.advance(10_499)
    expect([askedAt(1), askedAt(2), feed(3).subscribed]).toEqual([[0], [500], []])
    await clock.advance(1)
    expect([askedAt(3), told]).toEqual([[10_500], ['live p3']])
  })

  test('behavior: it is asked at once where no other can be', async () => {
    const { told, feed, start, become } = setUp([{}, {}, { isBackup: true }])
    become(1, 'waiting')
    feed(2).refuse(refusal)
    await start()
    expect(told).toEqual(['live p3'])
  })

  test('behavior: another backup is asked beside it', async () => {
    const { clock, feed, start, become, askedAt } = setUp([{}, { isBackup: true }, { isBackup: true }])
    become(1, 'waiting')
    feed(2).ignore()
    await start()
    await clock.advance(600)
    expect([askedAt(2), askedAt(3)]).toEqual([[0], [500]])
  })
})

describe('a loss', () => {
  test('default: the next one, at once', async () => {
    const { clock, told, feed, start } = setUp(2)
    await start()
    await clock.advance(10_000)
    feed(1).drop()
    await clock.settle()
    expect(told).toEqual(['live p1', 'down p1: The socket has been closed.', 'live p2'])
  })

  test('behavior: the only one that had stayed up is tried again at once, then with jitter', async () => {
    const { clock, told, feed, start, askedAt } = setUp(1)
    await start()
    await clock.advance(10_000)
    feed(1).refuse(socketClosedError())
    feed(1).drop()
    await clock.advance(1_000)
    expect(askedAt(1).slice(0, 5)).toEqual([0, 10_000, 10_250, 10_500, 10_750])
    feed(1).confirm()
    await clock.advance(250)
    expect(told.at(-1)).toBe('live p1')
  })

  test('Given that every place fails again and again, then switching backs off with jitter, for ever', async () => {
    const { clock, feed, start, told, askedAt } = setUp(2)
    feed(1).refuse(socketClosedError())
    feed(2).refuse(socketClosedError())
    await start()
    await clock.advance(3_600_000)
    const late = askedAt(1).filter((at) => at > 300_000)
    expect(late.length).toBeGreaterThan(100)
    // Half of 30 s, as the dice of the test have it.
    expect(Math.min(...late.slice(1).map((at, index) => at - (late[index] as number)))).toBe(15_000)
    feed(2).confirm()
    await clock.advance(30_000)
    expect(told.at(-1)).toBe('live p2')
  })

  test('behavior: of a frame that comes after it nothing is told', async () => {
    const { clock, told, feed, start, places, place } = setUp(2)
    await start()
    places.leave(place(1), 'its stream is stalled')
    await clock.settle()
    feed(1).push('a')
    expect([told, feed(1).unsubscribed]).toEqual([['live p1', 'down p1: its stream is stalled', 'live p2'], 1])
  })

  test('Given an unhealthy signal for another provider, then ignored', async () => {
    const { clock, told, start, places, place } = setUp(2)
    await start()
    places.leave(place(2), 'its stream is stalled')
    await clock.settle()
    expect(told).toEqual(['live p1'])
  })

  test('behavior: from within the news of it going live', async () => {
    const { clock, told, feed, start } = setUp(1)
    feed(1).ignore()
    await start()
    feed(1).push('a')
    feed(1).confirmNow()
    feed(1).drop()
    feed(1).confirm()
    await clock.advance(1_000)
    expect(told.filter((line) => line === 'data p1 a').length).toBeLessThan(2)
    expect(told.at(-1)).toBe('live p1')
  })
})

describe('a return', () => {
  async function onSecond(given: Parameters<typeof createFeeds>[0] = 2) {
    const all = setUp(given)
    await all.start()
    await all.clock.advance(10_000)
    all.become(1, 'waiting')
    all.feed(1).drop()
    await all.clock.settle()
    all.told.length = 0
    return all
  }

  test('default: after the better one has been well for a minute; the present one ends once it is confirmed', async () => {
    const { clock, told, feed, become } = await onSecond()
    become(1, 'open')
    await clock.advance(59_999)
    expect(told).toEqual([])
    feed(1).confirm(100)
    await clock.advance(1)
    feed(2).push('a')
    expect(told).toEqual(['data p2 a'])
    await clock.advance(100)
    feed(1).push('b')
    expect([told, feed(2).live, feed(2).unsubscribed]).toEqual([['data p2 a', 'live p1', 'data p1 b'], [], 1])
  })

  test('behavior: its socket is kept up meanwhile, else it could not come back', async () => {
    const { clock, feed, become } = await onSecond()
    expect([feed(1).kept, feed(2).kept]).toEqual([1, 0])
    become(1, 'open')
    await clock.advance(70_000)
    expect([feed(1).kept, feed(2).kept]).toEqual([0, 0])
  })

  test('Given the first dial is slow, then its socket is kept, and it is returned to a minute after it has opened', async () => {
    const { clock, told, feed, start, become } = setUp(2)
    become(1, 'connecting')
    feed(1).ignore()
    await start()
    await clock.advance(700)
    become(1, 'open')
    feed(1).confirm()
    expect([told, feed(1).kept]).toEqual([['live p2'], 1])
    await clock.advance(59_999)
    expect(told).toEqual(['live p2'])
    await clock.advance(5_000)
    expect([told, feed(1).kept]).toEqual([['live p2', 'live p1'], 0])
  })

  test('behavior: one whose socket nobody speaks of was too slow: it is returned to after a minute', async () => {
    const { clock, told, feed, start } = setUp(2)
    feed(1).ignore()
    await start()
    await clock.advance(500)
    feed(1).confirm()
    await clock.advance(59_999)
    expect(told).toEqual(['live p2'])
    await clock.advance(5_000)
    expect(told).toEqual(['live p2', 'live p1'])
  })

  test('behavior: one whose socket was let go of is as well as before', async () => {
    const { clock, told, become } = await onSecond()
    become(1, 'open')
    await clock.advance(30_000)
    become(1, 'idle')
    await clock.advance(35_000)
    expect(told).toEqual(['live p1'])
  })

  test('behavior: sockets of all better ones are kept up, but not of backups', async () => {
    const { start, feed, become } = setUp([{}, {}, { isBackup: true }, { isBackup: true }])
    for (const number of [1, 2, 3]) become(number, 'waiting')
    await start()
    expect([1, 2, 3, 4].map((number) => feed(number).kept)).toEqual([1, 1, 0, 0])
  })

  test('behavior: not while it is behind', async () => {
    const { clock, told, levelBy, become } = await onSecond()
    levelBy(async () => false)
    become(1, 'open')
    await clock.advance(600_000)
    expect(told).toEqual([])
    levelBy(async () => true)
    await clock.advance(5_000)
    expect(told).toEqual(['live p1'])
  })

  test('behavior: one that cannot be had leaves the present one alone, and is not tried soon again', async () => {
    const { clock, told, feed, become } = await onSecond()
    feed(1).refuse(socketClosedError())
    become(1, 'open')
    await clock.advance(70_000)
    const tries = feed(1).subscribed.length
    expect([tries, told]).toEqual([2, []])
    await clock.advance(100_000)
    expect(feed(1).subscribed.length).toBe(2)
    await clock.advance(60_000)
    expect(feed(1).subscribed.length).toBe(3)
  })

  test('behavior: one that comes and goes is returned to less and less often', async () => {
    const { clock, told, feed, become } = await onSecond()
    const returns: number[] = []
    become(1, 'open')
    for (let seconds = 0; seconds < 3_600; seconds += 5) {
      await clock.advance(5_000)
      if (!told.includes('live p1')) continue
      returns.push(seconds)
      told.length = 0
      feed(1).drop()
      await clock.settle()
      told.length = 0
    }
    const between = returns.slice(1).map((at, index) => at - (returns[index] as number))
    expect(between.length).toBeGreaterThan(2)
    for (const [index, pause] of between.entries())
      if (index > 0) expect(pause).toBeGreaterThanOrEqual((between[index - 1] as number) * 1.5)
  })

  test('behavior: the present one is lost while the better one is asked: that is as good as any', async () => {
    const { clock, told, feed, become } = await onSecond()
    feed(1).ignore()
    become(1, 'open')
    await clock.advance(65_000)
    expect(feed(1).subscribed).toHaveLength(2)
    feed(2).drop()
    feed(1).confirmNow()
    await clock.settle()
    expect(told).toEqual(['down p2: The socket has been closed.', 'live p1'])
  })

  test('behavior: the present one is lost while the better one does not answer: another one is asked', async () => {
    const { clock, told, feed, become } = await onSecond(3)
    feed(1).ignore()
    become(1, 'open')
    await clock.advance(65_000)
    feed(2).drop()
    await clock.advance(600)
    expect(told.at(-1)).toBe('live p3')
  })
})

describe('close', () => {
  test('default: unsubscribed once; no timer and no socket is kept', async () => {
    const { clock, told, feed, start, close } = setUp(2)
    await start()
    feed(1).drop()
    await clock.settle()
    close()
    close()
    feed(2).push('a')
    await clock.advance(600_000)
    expect([feed(2).unsubscribed, feed(1).kept, feed(2).kept, clock.pending.total, told.at(-1)]).toEqual([
      1,
      0,
      0,
      0,
      'live p2',
    ])
  })

  test('Given unsubscribe while still establishing, then the late upstream confirmation is unsubscribed', async () => {
    const { clock, told, feed, start, close } = setUp(2)
    feed(1).ignore()
    await start()
    close()
    feed(1).confirmNow()
    feed(1).push('a')
    await clock.advance(600_000)
    expect([told, feed(1).live, feed(1).unsubscribed, feed(1).givenUp, feed(2).subscribed]).toEqual([[], [], 1, 1, []])
    expect(clock.pending.total).toBe(0)
  })

  test('behavior: at rest: what comes back is not asked', async () => {
    const { clock, feed, start, close, become } = setUp(1)
    become(1, 'waiting')
    await start()
    close()
    become(1, 'open')
    await clock.advance(600_000)
    expect([feed(1).subscribed, feed(1).kept, clock.pending.total]).toEqual([[], 0, 0])
  })
})

describe('closed by who hears of something', () => {
  test('behavior: of a limit: its socket is let go of', async () => {
    const { clock, events, told, feed, start, close } = setUp(1)
    feed(1).refuse(rpcError(-32005, 'rate limit exceeded'))
    events.on('limit', close)
    await start()
    expect([told, feed(1).subscribed.length, feed(1).kept, clock.pending.total]).toEqual([[], 1, 0, 0])
  })

  /** Closes it as the socket of a place is dialled to be kept up. */
  function closedByDial({ feed, close }: Pick<ReturnType<typeof setUp>, 'feed' | 'close'>, number: number) {
    const { keep } = feed(number)
    feed(number).keep = () => {
      close()
      return keep?.() as () => void
    }
  }

  test('behavior: of the socket of a place that has failed', async () => {
    const { clock, told, feed, start, close } = setUp(2)
    feed(1).refuse(socketClosedError())
    closedByDial({ feed, close }, 1)
    await start()
    await clock.advance(60_000)
    expect([told, feed(1).kept, feed(2).live, clock.pending.total]).toEqual([[], 0, [], 0])
  })

  test('behavior: of the socket of a place that was lost', async () => {
    const { clock, told, feed, start, close } = setUp(2)
    closedByDial({ feed, close }, 1)
    await start()
    feed(1).drop()
    await clock.advance(60_000)
    expect(told).toEqual(['live p1', 'down p1: The socket has been closed.'])
    expect([feed(1).kept, feed(2).live, clock.pending.total]).toEqual([0, [], 0])
  })

  test('behavior: of the socket of a better place, as another one is confirmed', async () => {
    const { clock, told, feed, start, close, become } = setUp(2)
    become(1, 'waiting')
    closedByDial({ feed, close }, 1)
    await start()
    await clock.advance(60_000)
    expect([told, feed(1).kept, feed(2).live, clock.pending.total]).toEqual([['live p2'], 0, [], 0])
  })

  test('behavior: of a socket, as no place can be had', async () => {
    const { clock, told, feed, start, close, become } = setUp(2)
    for (const number of [1, 2]) become(number, 'waiting')
    closedByDial({ feed, close }, 1)
    await start()
    await clock.advance(60_000)
    expect([told, feed(1).kept, feed(2).kept, clock.pending.total]).toEqual([['rest'], 0, 0, 0])
  })
})

test('behavior: closed by who hears of the socket while a place is opened: nothing is left subscribed there', async () => {
  const { clock, told, feed, places, start, close } = setUp(2)
  await start()
  const open = places.open
  places.open = (...asked) => {
    const opened = open(...asked)
    close()
    return opened
  }
  feed(1).drop()
  await clock.advance(60_000)
  expect(told).toEqual(['live p1', 'down p1: The socket has been closed.'])
  expect([feed(2).live, clock.pending.total]).toEqual([[], 0])
})
