// One stream for many: when it starts and stops, who gets what, what is told of it.

import { describe, expect, test, vi } from 'vitest'
import { createEvents } from '../../src/events'
import { subscriptionKeyOf } from '../../src/subscription/key'
import { createShared } from '../../src/subscription/shared'
import type { Item, StreamSink, StreamState } from '../../src/subscription/stream'
import { createManualClock } from '../support/manual-clock'
import { blockOf, logOf } from './blocks'

function setUp() {
  const clock = createManualClock()
  const events = createEvents()
  const told: unknown[] = []
  for (const name of ['subscription', 'gap'] as const) events.on(name, (event) => void told.push([name, event]))
  const stream = { stop: vi.fn() }
  const open = vi.fn()
  const onEnd = vi.fn()
  let sink: StreamSink | undefined
  const shared = createShared({
    clock,
    events,
    key: subscriptionKeyOf(['newHeads']),
    open(given) {
      open()
      sink = given
      return {
        ...stream,
        cursor: () => 100,
        replay: async (from) => ({ items: [], upTo: from }),
        join: () => 7,
      }
    },
    onEnd,
  })
  function join(onEvent: (event: unknown) => unknown = () => {}) {
    const seen: unknown[] = []
    const errors: any[] = []
    const off = shared.add({
      read: (item) => item.results,
      onEvent(event) {
        seen.push(event)
        return onEvent(event)
      },
      onError: (error) => errors.push(error),
      patience: 10_000,
      interval: 4_000,
    })
    return { seen, errors, off }
  }
  return {
    clock,
    shared,
    stream,
    onEnd,
    told,
    join,
    open,
    sink: () => sink as StreamSink,
    become: (next: StreamState, why?: string) => sink?.onState(next, why),
  }
}

const LIVE: StreamState = { name: 'live', source: { provider: 'p1', channel: 'ws' } }

function plain(...results: unknown[]): Item {
  return { type: 'plain', results }
}

describe('members', () => {
  test('Given 10 subscribers, then one stream, and each event arrives once per listener', () => {
    const { shared, open, join, sink } = setUp()
    const all = Array.from({ length: 10 }, () => join())
    sink().onItem(plain('a', 'b'))
    expect(open).toHaveBeenCalledTimes(1)
    expect(all.map(({ seen }) => seen)).toEqual(Array(10).fill(['a', 'b']))
    expect(shared.status().subscribers).toBe(10)
  })

  test('Given one listener throws, then the others still receive the event', () => {
    const { join, sink } = setUp()
    join(() => {
      throw new Error('mine')
    })
    const { seen } = join()
    sink().onItem(plain('a'))
    sink().onItem(plain('b'))
    expect(seen).toEqual(['a', 'b'])
  })

  test('behavior: who leaves, or comes, while an event is given changes nothing for it', () => {
    const { join, sink } = setUp()
    const late: ReturnType<typeof join>[] = []
    const first = join(() => {
      second.off()
      late.push(join())
    })
    const second = join()
    const third = join()
    sink().onItem(plain('a'))
    expect([first.seen, second.seen, third.seen, late[0]?.seen]).toEqual([['a'], [], ['a'], []])
  })

  test('behavior: who joins has no logs of blocks whose turn came before', () => {
    const { join, sink } = setUp()
    const { seen } = join()
    for (const turn of [6, 7]) {
      const results = [logOf(100, turn)]
      sink().onItem({ type: 'logs', number: 100, hash: '0x', results, isRemoved: false, isLate: true, turn })
    }
    expect(seen).toEqual([logOf(100, 7)])
  })

  test('behavior: a slow one holds up nobody', async () => {
    const { clock, join, sink } = setUp()
    const slow = join(() => new Promise(() => {}))
    const quick = join()
    for (const value of ['a', 'b', 'c']) sink().onItem(plain(value))
    await clock.settle()
    expect([slow.seen, quick.seen]).toEqual([['a'], ['a', 'b', 'c']])
  })
})

describe('the end', () => {
  test('Given two subscribers, when one leaves, then the stream stays; when the last leaves, then it ends once, after the linger of 2 s', async () => {
    const { clock, stream, onEnd, join, become } = setUp()
    become(LIVE)
    const [one, other] = [join(), join()]
    one.off()
    await clock.advance(60_000)
    expect(stream.stop).not.toHaveBeenCalled()
    other.off()
    await clock.advance(1_999)
    expect(stream.stop).not.toHaveBeenCalled()
    await clock.advance(1)
    expect([stream.stop.mock.calls.length, onEnd.mock.calls.length, clock.pending.total]).toEqual([1, 1, 0])
  })

  test('behavior: a subscriber inside the linger reuses it', async () => {
    const { clock, stream, join, sink, become } = setUp()
    become(LIVE)
    join().off()
    await clock.advance(1_999)
    const next = join()
    await clock.advance(60_000)
    sink().onItem(plain('a'))
    expect([stream.stop.mock.calls.length, next.seen]).toEqual([0, ['a']])
  })

  test('Given unsubscribe twice, then one end and no throw', async () => {
    const { clock, stream, join, sink } = setUp()
    const [one, other] = [join(), join()]
    one.off()
    one.off()
    await clock.advance(5_000)
    sink().onItem(plain('a'))
    expect([one.seen, other.seen, stream.stop.mock.calls.length]).toEqual([[], ['a'], 0])
    other.off()
    other.off()
    await clock.advance(1_000)
    other.off()
    await clock.advance(1_000)
    expect([stream.stop.mock.calls.length, clock.pending.total]).toEqual([1, 0])
  })

  test('behavior: given a stream of which somebody hears as it stops, then it is over before', () => {
    const { stream, onEnd, join, become } = setUp()
    become({ name: 'switching' })
    stream.stop.mockImplementation(() => expect(onEnd).toHaveBeenCalledTimes(1))
    join().off()
    expect(stream.stop).toHaveBeenCalledTimes(1)
  })

  test('behavior: while nobody is there it goes on as often as the last one wanted it', () => {
    const { shared, join, become } = setUp()
    const { off } = join()
    become(LIVE)
    off()
    expect(shared.interval()).toBe(4_000)
  })

  test('behavior: without a subscription anywhere there is nothing to linger for', () => {
    const { stream, join, become } = setUp()
    become({ name: 'switching' })
    join().off()
    expect(stream.stop).toHaveBeenCalledTimes(1)
  })

  test('error: closed: all hear of it, once', async () => {
    const { clock, shared, stream, join, sink } = setUp()
    const { seen, errors, off } = join()
    const error = new Error('closed')
    const told = expect(shared.whenReady(10_000)).rejects.toBe(error)
    shared.close(error)
    shared.close(error)
    sink().onItem(plain('a'))
    off()
    await clock.advance(5_000)
    expect([errors, seen, stream.stop.mock.calls.length]).toEqual([[error], [], 1])
    await told
  })
})

describe('readiness', () => {
  test('default: once the stream is somewhere', async () => {
    const { shared, become } = setUp()
    const waiting = shared.whenReady(10_000)
    become({ name: 'switching' })
    await expect(waiting).resolves.toBeUndefined()
    expect(shared.whenReady(10_000)).toBeUndefined()
  })

  test('error: nobody serves it: the members and all who wait hear of it', async () => {
    const { shared, join, sink } = setUp()
    const { errors } = join()
    const waiting = shared.whenReady(10_000)
    sink().onRefused(new Error('nobody'))
    await expect(waiting).rejects.toThrow('nobody')
    expect(errors).toEqual([new Error('nobody')])
  })
})

describe('what is told', () => {
  test('default: states, with where it comes from and why', () => {
    const { told, become } = setUp()
    become(LIVE)
    become(LIVE)
    become({ name: 'switching' }, 'it was lost')
    expect(told).toEqual([
      ['subscription', { key: 'newHeads', from: 'opening', to: 'live', provider: 'p1', channel: 'ws' }],
      ['subscription', { key: 'newHeads', from: 'live', to: 'switching', why: 'it was lost' }],
    ])
  })

  test('behavior: its end, once, when it is over, and nothing after it', async () => {
    const { clock, told, onEnd, join, become } = setUp()
    const { off } = join()
    become(LIVE)
    told.splice(0)
    off()
    await clock.advance(1_999)
    expect(told).toEqual([])
    await clock.advance(1)
    become({ name: 'switching' }, 'it was lost')
    expect(onEnd).toHaveBeenCalledTimes(1)
    expect(told).toEqual([['subscription', { key: 'newHeads', from: 'live', to: 'closed' }]])
  })

  test('behavior: closed before it was live, that is told too', () => {
    const { told, shared } = setUp()
    shared.close(new Error('closed'))
    shared.close(new Error('closed'))
    expect(told).toEqual([['subscription', { key: 'newHeads', from: 'opening', to: 'closed' }]])
  })

  test('Given a gap, then onError gets a SubscriptionGapError with the missing range, and the stream goes on', () => {
    const { told, join, sink } = setUp()
    const { errors, seen } = join()
    sink().onGap(90, 99, 'it is too wide')
    sink().onItem(plain('a'))
    expect(errors.map(({ name, from, to }) => [name, from, to])).toEqual([['SubscriptionGapError', 90n, 99n]])
    expect([told, seen]).toEqual([[['gap', { key: 'newHeads', from: 90, to: 99, why: 'it is too wide' }]], ['a']])
  })

  test('behavior: logs that are late are announced', () => {
    const { told, join, sink } = setUp()
    const { seen, errors } = join()
    const { number, hash } = blockOf(95)
    const item = { type: 'logs', number, hash, results: [logOf(95, 0)], isRemoved: false, turn: 7 } as const
    sink().onItem({ ...item, isLate: true })
    sink().onItem({ ...item, isLate: false })
    expect([told, seen.length, errors]).toEqual([[['gap', { key: 'newHeads', from: 95, to: 95, late: true }]], 2, []])
  })

  test('default: status', () => {
    const { shared, join, become } = setUp()
    become(LIVE)
    join()
    expect(shared.status()).toEqual({
      key: 'newHeads',
      subscribers: 1,
      state: 'live',
      source: { provider: 'p1', channel: 'ws' },
      cursor: 100,
    })
    become({ name: 'switching' })
    expect(shared.status()).toEqual({ key: 'newHeads', subscribers: 1, state: 'switching', cursor: 100 })
  })
})
