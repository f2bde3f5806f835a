// Places of a list: their order, when each may be tried again, what is learned about them.

import { describe, expect, test, vi } from 'vitest'
import { rpcError, socketClosedError } from '../../support/errors'
import { createFeeds } from '../feeds'

const sink = { onData() {}, onError() {} }
const wanted = () => new AbortController().signal
const onTurn = vi.fn()

function ids(list: readonly { id: string }[]) {
  return list.map(({ id }) => id)
}

describe('list', () => {
  test('default: in the order of the list, backups last, without those that have no socket', () => {
    const { places } = createFeeds([{ isBackup: true }, {}, {}])
    expect(ids(places.list('newHeads'))).toEqual(['p2', 'p3', 'p1'])
  })

  test('behavior: one that declares that it does not push the kind is left out', () => {
    const { places } = createFeeds([
      { capabilities: { subscriptions: false } },
      { capabilities: { subscriptions: ['newHeads'] } },
      {},
    ])
    expect([ids(places.list('newHeads')), ids(places.list('logs'))]).toEqual([['p2', 'p3'], ['p3']])
  })

  test('behavior: one on another chain is left out', () => {
    const { places, providers } = createFeeds(2)
    providers[0]!.chain.state = 'wrong'
    expect(ids(places.list('newHeads'))).toEqual(['p2'])
  })
})

describe('the provider that the client prefers', () => {
  test('default: it comes first, whatever its place in the list', () => {
    const { places } = createFeeds([{}, {}, { isBackup: true }], undefined, { provider: 'p3', allowFailover: true })
    expect(ids(places.list('newHeads'))).toEqual(['p3', 'p1', 'p2'])
  })
})

describe('next', () => {
  test('default: the first that was not tried', () => {
    const { places, place } = createFeeds(3)
    expect(places.next('newHeads', new Set())?.id).toBe('p1')
    expect(places.next('newHeads', new Set([place(1)]))?.id).toBe('p2')
    expect(places.next('newHeads', new Set([1, 2, 3].map(place)))).toBeUndefined()
  })

  test('behavior: those that have failed of late come after those that have not', async () => {
    const { clock, places, place } = createFeeds(2)
    places.fail(place(1), 'newHeads', socketClosedError())
    expect(places.next('newHeads', new Set())?.id).toBe('p2')
    await clock.advance(10_000)
    expect(places.next('newHeads', new Set())?.id).toBe('p2')
    expect(places.next('newHeads', new Set([place(2)]))?.id).toBe('p1')
  })

  test('behavior: what failed a minute ago, and not since, is forgotten', async () => {
    const { clock, places, place } = createFeeds(2)
    places.fail(place(1), 'newHeads', socketClosedError())
    await clock.advance(59_999)
    expect(places.next('newHeads', new Set())?.id).toBe('p2')
    await clock.advance(1)
    expect(places.next('newHeads', new Set())?.id).toBe('p1')
  })

  test('behavior: backups come last, also after those that have failed of late', async () => {
    const { clock, places, place } = createFeeds([{}, { isBackup: true }, { isBackup: true }])
    places.fail(place(1), 'newHeads', socketClosedError())
    places.fail(place(2), 'newHeads', socketClosedError())
    await clock.advance(1_000)
    expect(places.next('newHeads', new Set())?.id).toBe('p1')
    expect(places.next('newHeads', new Set([place(1)]))?.id).toBe('p3')
    expect(places.next('newHeads', new Set([1, 3].map(place)))?.id).toBe('p2')
  })

  test('behavior: a link that waits says itself when it is back', () => {
    const { places, become } = createFeeds(2)
    const onBack = vi.fn()
    places.listen({ onBack, onLeave() {} })
    become(1, 'waiting')
    expect([places.next('newHeads', new Set())?.id, onBack.mock.calls.length]).toEqual(['p2', 0])
    become(1, 'open')
    expect([places.next('newHeads', new Set())?.id, onBack.mock.calls.length]).toEqual(['p1', 1])
  })
})

describe('fail', () => {
  test.each([
    ['unsupported-method', rpcError(-32601, 'the method eth_subscribe does not exist')],
    ['unsupported-method', rpcError(-32602, 'unsupported subscription type')],
    ['invalid-params', rpcError(-32602, 'Invalid params')],
  ])('behavior: a provider that refuses the kind (%s) is not asked for it again, which is told once', (why, error) => {
    const { places, place, events } = createFeeds(2)
    const told = vi.fn()
    events.on('capability', told)
    for (const _ of ['asked', 'asked at the same time']) expect(places.fail(place(1), 'logs', error)).toBe(true)
    expect(told).toHaveBeenCalledExactlyOnceWith({
      ...{ provider: 'p1', what: 'subscription', from: 'logs', to: 'unsupported', why },
    })
    expect([ids(places.list('logs')), ids(places.list('newHeads'))]).toEqual([['p2'], ['p1', 'p2']])
  })

  test('behavior: a limit is kept to', async () => {
    const { clock, places, place } = createFeeds(1)
    expect(places.fail(place(1), 'newHeads', rpcError(429, 'too many requests, try again in 7 seconds'))).toBe(false)
    expect(places.retryAt('newHeads') - clock.now()).toBeGreaterThanOrEqual(7_000)
    await clock.advance(6_900)
    expect(places.next('newHeads', new Set())).toBeUndefined()
    await clock.advance(1_000)
    expect(places.next('newHeads', new Set())?.id).toBe('p1')
  })

  test('behavior: a limit of everything cools the provider, and is told', () => {
    const { clock, places, place, providers, events } = createFeeds(1)
    const told = vi.fn()
    events.on('limit', told)
    places.fail(place(1), 'newHeads', rpcError(429, 'too many requests, try again in 7 seconds'))
    expect(providers[0]!.quota.cooldownUntil(clock.now())).toBe(clock.now() + 7_000)
    expect(told).toHaveBeenCalledExactlyOnceWith({ provider: 'p1', kind: 'rate-limit', cooldown: 7_000 })
  })

  test('behavior: a limit of subscriptions is kept to there, longer each time, and the provider does not cool', async () => {
    const { clock, places, place, providers } = createFeeds(1)
    const pauses: number[] = []
    for (let count = 0; count < 4; count++) {
      // Two that were on their way together are refused once.
      for (const kind of ['newHeads', 'logs'])
        expect(places.fail(place(1), kind, rpcError(-32000, 'too many subscriptions'))).toBe(false)
      pauses.push(places.retryAt('newHeads') - clock.now())
      await clock.advance(places.retryAt('newHeads') - clock.now())
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000])
    expect(providers[0]!.quota.isUnlimited()).toBe(true)
    await places.open(place(1), ['newHeads'], sink, wanted(), onTurn)
    places.fail(place(1), 'logs', rpcError(-32000, 'too many subscriptions'))
    expect(places.retryAt('logs') - clock.now()).toBe(1_000)
  })

  test('Given a lasting outage, then the pauses are up to 500 ms for 30 s, then doubling to 30 s, for ever', async () => {
    const { clock, places, place } = createFeeds(1, () => 1)
    const pauses: [number, number][] = []
    const startedAt = clock.now()
    for (let count = 0; count < 75; count++) {
      places.fail(place(1), 'newHeads', socketClosedError())
      const pause = places.retryAt('newHeads') - clock.now()
      pauses.push([clock.now() - startedAt, pause])
      await clock.advance(pause)
    }
    expect(pauses.filter(([at]) => at < 30_000).every(([, pause]) => pause === 500)).toBe(true)
    expect(pauses.flatMap(([at, pause]) => (at >= 30_000 ? [pause] : [])).slice(0, 9)).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000,
    ])
  })
})

describe('lose', () => {
  test('behavior: one that had stayed up may be tried again at once; the next time not', () => {
    const { clock, places, place } = createFeeds(1)
    places.lose(place(1), 5_000)
    expect(places.retryAt('newHeads')).toBe(clock.now())
    places.lose(place(1), 4_999)
    expect(places.retryAt('newHeads')).toBe(clock.now() + 250)
  })

  test('behavior: after a good stay the outage is a new one', async () => {
    const { clock, places, place } = createFeeds(1, () => 1)
    for (let count = 0; count < 70; count++) {
      places.fail(place(1), 'newHeads', socketClosedError())
      await clock.advance(500)
    }
    places.lose(place(1), 5_000)
    places.fail(place(1), 'newHeads', socketClosedError())
    expect(places.retryAt('newHeads')).toBe(clock.now() + 500)
  })
})

describe('leave', () => {
  test('default: all hear of it', () => {
    const { places, place } = createFeeds(2)
    const left: unknown[] = []
    const offs = ['a', 'b'].map((name) =>
      places.listen({ onBack() {}, onLeave: ({ id }, why) => left.push([name, id, why]) }),
    )
    places.leave(place(1), 'stalled')
    offs[0]?.()
    places.leave(place(2), 'behind')
    expect(left).toEqual([
      ['a', 'p1', 'stalled'],
      ['b', 'p1', 'stalled'],
      ['b', 'p2', 'behind'],
    ])
  })
})

test('behavior: one that is on another chain is left at both of its channels, if both can subscribe', () => {
  const { places } = createFeeds([{ channels: ['http', 'ws'] }, {}])
  const left: unknown[] = []
  places.listen({ onBack() {}, onLeave: ({ id, state }) => left.push([id, state.type]) })
  places.onWrongChain('p1')
  expect(left).toEqual([
    ['p1', 'http'],
    ['p1', 'ws'],
  ])
})

describe('open', () => {
  test('error: the provider turns out to be on another chain: nothing is sent', async () => {
    const { places, place, providers, feed } = createFeeds(1)
    const only = place(1)
    Object.assign(providers[0]!.chain, { state: 'wrong', id: 5 })
    const opened = places.open(only, ['newHeads'], sink, wanted(), onTurn)
    await expect(opened).rejects.toMatchObject({ name: 'ChainMismatchError', provider: 'p1', chainId: 5 })
    expect(feed(1).subscribed).toEqual([])
  })

  test('error: the provider turns out to be on another chain before it confirms: the subscription is given back', async () => {
    const { clock, places, place, providers, feed } = createFeeds(1)
    feed(1).ignore()
    const opened = places.open(place(1), ['newHeads'], sink, wanted(), onTurn)
    const refused = expect(opened).rejects.toMatchObject({ name: 'ChainMismatchError', provider: 'p1', chainId: 5 })
    await clock.settle()
    Object.assign(providers[0]!.chain, { state: 'wrong', id: 5 })
    feed(1).confirmNow()
    await refused
    expect([feed(1).subscribed.length, feed(1).live]).toEqual([1, []])
  })

  test('behavior: a confirmation closes the breaker of its channel, as it says that the provider answers', async () => {
    const { clock, places, place, providers } = createFeeds(1)
    const { breaker } = providers[0]!.channels[0]!
    breaker.open(clock.now(), 60_000)
    await places.open(place(1), ['newHeads'], sink, wanted(), onTurn)
    expect(breaker.isClosed()).toBe(true)
  })

  test('behavior: of many, 32 are on their way at a time', async () => {
    const { clock, places, place, feed } = createFeeds(1)
    feed(1).ignore()
    const ended: number[] = []
    onTurn.mockClear()
    for (let count = 0; count < 100; count++)
      void places.open(place(1), [`kind${count}`], sink, wanted(), onTurn).then(() => ended.push(count))
    await clock.settle()
    expect(feed(1).subscribed).toHaveLength(32)
    feed(1).confirmNow()
    await clock.settle()
    expect([ended.length, feed(1).subscribed.length, onTurn.mock.calls.length]).toEqual([32, 64, 64])
    feed(1).confirm()
    feed(1).confirmNow()
    await clock.settle()
    expect(ended).toEqual(Array.from({ length: 100 }, (_, index) => index))
  })

  test('behavior: what is not wanted any more when its turn comes is not sent, and its turn goes to the next', async () => {
    const { clock, places, place, feed } = createFeeds(1)
    feed(1).ignore()
    const controller = new AbortController()
    const errors: unknown[] = []
    for (let count = 0; count < 34; count++)
      places
        .open(place(1), [count], sink, count === 32 ? controller.signal : wanted(), onTurn)
        .catch((error) => errors.push(error))
    controller.abort(new Error('over'))
    feed(1).confirmNow()
    await clock.settle()
    expect([
      feed(1)
        .subscribed.map(([kind]) => kind)
        .slice(31),
      errors,
    ]).toEqual([[31, 33], [new Error('over')]])
  })

  test('behavior: one that is refused lets the next one go', async () => {
    const { clock, places, place, feed } = createFeeds(1)
    feed(1).refuse(new Error('no'))
    const failed = vi.fn()
    for (let count = 0; count < 70; count++) places.open(place(1), [count], sink, wanted(), onTurn).catch(failed)
    await clock.settle()
    expect(failed).toHaveBeenCalledTimes(70)
  })
})
