// Code of the user's that runs in the middle of a request (listeners, predicates, strategies, transports) and ends that very
// request, or the engine: it ends once, asks nobody more, and keeps nothing.

import { describe, expect, test } from 'vitest'
import type { EventName } from '../../src/events'
import type { TestEngine } from '../support/engine'
import { createTestEngine } from '../support/engine'
import { httpError, networkError, rpcError } from '../support/errors'

const READ = 'eth_getBalance'
const ERRORS = {
  network: networkError(),
  limit: httpError(429, '', { 'retry-after': '1' }),
  unsupported: rpcError(-32601, 'Method not found'),
  internal: rpcError(-32603, 'Internal error'),
}

function expectOver(t: TestEngine, request: ReturnType<TestEngine['start']>) {
  expect(request.times).toBe(1)
  expect(t.eventsOf('request').filter(({ method }) => method === READ)).toHaveLength(1)
  expect(t.inFlight()).toBe(0)
  expect(t.engine.providers.flatMap(({ channels }) => channels.filter(({ breaker }) => breaker.isProbing()))).toEqual(
    [],
  )
  const dispatched = t.engine.providers.reduce((sum, { id }) => sum + t.channel(id).count(), 0)
  expect(t.eventsOf('attempt')).toHaveLength(dispatched)
}

describe.each(['attempt', 'failover', 'breaker', 'limit', 'capability'] as const)(
  'a listener of %s',
  (name: EventName) => {
    test.each(Object.keys(ERRORS) as (keyof typeof ERRORS)[])(
      'that aborts the request, after a failure of kind %s',
      async (kind) => {
        const t = createTestEngine({ providers: [{ breaker: { failures: 1 } }, { breaker: { failures: 1 } }, {}] })
        const controller = new AbortController()
        let askedThen: number | undefined
        const asked = () => t.channel('p1').count() + t.channel('p2').count() + t.channel('p3').count()
        t.engine.events.on(name, () => {
          askedThen ??= asked()
          controller.abort(new Error('enough'))
        })
        t.channel('p1').fail(ERRORS[kind], { after: 10 })
        t.channel('p2').fail(ERRORS[kind], { after: 10 })
        t.channel('p3').reply('three', { after: 10 })
        const request = t.start(READ, [], { signal: controller.signal })
        await t.clock.advance(5_000)
        expectOver(t, request)
        expect(asked()).toBe(askedThen ?? 3)
        expect(request.ended?.error?.message ?? request.ended?.value).toBe(
          askedThen === undefined || asked() === 3 ? 'three' : 'enough',
        )
      },
    )

    test('that aborts a request which leads, and one whose copy leaves', async () => {
      for (const providers of [1, 2]) {
        const t = createTestEngine({ providers })
        t.breaker('p1').open(0, 10)
        await t.clock.advance(20)
        const controller = new AbortController()
        t.engine.events.on(name, () => controller.abort(new Error('enough')))
        t.channel('p1').fail(networkError(), { after: 10 })
        const request = t.start(READ, [], { signal: controller.signal })
        await t.clock.advance(20_000)
        expectOver(t, request)
      }
    })

    test('that closes the engine', async () => {
      const t = createTestEngine({ providers: [{ breaker: { failures: 1 } }, {}] })
      t.engine.events.on(name, () => t.engine.close())
      t.channel('p1').fail(networkError(), { after: 10 })
      t.channel('p2').hang()
      const request = t.start(READ)
      await t.clock.advance(20_000)
      expect(request.times).toBe(1)
      expect([t.inFlight(), t.clock.pending.total]).toEqual([0, 0])
    })
  },
)

test('a listener that aborts when the deadline has passed for several attempts', async () => {
  const t = createTestEngine({ providers: 3, options: { hedge: { delay: 100 }, timeout: 5_000 } })
  for (const id of ['p1', 'p2', 'p3']) t.channel(id).hang()
  const controller = new AbortController()
  t.engine.events.on('attempt', () => controller.abort(new Error('enough')))
  const request = t.start(READ, [], { signal: controller.signal })
  await t.clock.advance(20_000)
  expectOver(t, request)
  expect(t.eventsOf('attempt')).toHaveLength(3)
})

test('a listener that closes the engine when an attempt has timed out: the next one is not asked', async () => {
  const providers = [{ channels: ['http', 'ws'] as const }]
  const t = createTestEngine({ providers, options: { hedge: false, timeout: 5_000 } })
  t.channel('p1', 'http').hang()
  t.engine.events.on('attempt', () => t.engine.close())
  const request = t.start(READ)
  await t.clock.advance(20_000)
  expect([request.times, request.ended?.error?.name]).toEqual([1, 'TransportClosedError'])
  expect(t.channel('p1', 'ws').count()).toBe(0)
})

test('a listener that aborts when the deadline has passed for both channels of one provider: the second is not held against it', async () => {
  const options = { hedge: { delay: 100 }, timeout: 5_000 }
  const t = createTestEngine({ providers: [{ channels: ['http', 'ws'] }], options })
  t.channel('p1', 'http').hang()
  t.channel('p1', 'ws').hang()
  const controller = new AbortController()
  t.engine.events.on('attempt', () => controller.abort(new Error('enough')))
  const request = t.start(READ, [], { signal: controller.signal })
  await t.clock.advance(20_000)
  expect([request.times, request.ended?.error.message, t.inFlight()]).toEqual([1, 'enough', 0])
  expect(t.eventsOf('attempt').map(({ channel, outcome }) => [channel, outcome])).toEqual([
    ['http', 'failure'],
    ['ws', 'aborted'],
  ])
  expect([t.breaker('p1', 'http'), t.breaker('p1', 'ws')].map((one) => one.snapshot(0).failures)).toEqual([1, 0])
})

test('a strategy that aborts the request', async () => {
  const t = createTestEngine()
  const controller = new AbortController()
  const request = t.start(READ, [], {
    signal: controller.signal,
    strategy: (candidates) => {
      controller.abort(new Error('enough'))
      return candidates
    },
  })
  await t.clock.advance(100)
  expectOver(t, request)
  expect([t.channel('p1').count(), request.ended?.error.message]).toEqual([0, 'enough'])
})

test.each(['aborts the request', 'closes the engine'])(
  'a strategy that %s: nobody is asked anything, be it a head or by a probe',
  async (what) => {
    const t = createTestEngine({ providers: 3, options: { consistency: 'head' } })
    t.breaker('p1').open(0, 10)
    await t.clock.advance(20)
    const controller = new AbortController()
    const request = t.start(READ, ['0xa', 'latest'], {
      signal: controller.signal,
      strategy: (candidates) => {
        if (what === 'closes the engine') t.engine.close()
        else controller.abort(new Error('enough'))
        return candidates
      },
    })
    await t.clock.advance(100)
    expect(['p1', 'p2', 'p3'].map((id) => t.channel(id).count())).toEqual([0, 0, 0])
    expect([request.times, request.ended?.value]).toEqual([1, undefined])
  },
)

test('a transport that aborts the request while it is called', async () => {
  const t = createTestEngine({ providers: [{ limits: { concurrency: 1 } }] })
  const controller = new AbortController()
  const { request: send } = t.channel('p1')
  t.channel('p1').request = (...args) => {
    controller.abort(new Error('enough'))
    return send(...args)
  }
  const request = t.start(READ, [], { signal: controller.signal })
  await t.clock.advance(100)
  expectOver(t, request)
  expect(request.ended?.error.message).toBe('enough')
})

test.each(['answers', 'hangs'])('a transport that closes the engine while it is called, and %s', async (what) => {
  const t = createTestEngine({ providers: 1, options: { timeout: 0 } })
  t.channel('p1').reply(() => {
    t.engine.close()
    return what === 'answers' ? '0x1' : new Promise(() => {})
  })
  const request = t.start(READ)
  await t.clock.advance(100)
  expectOver(t, request)
  expect(request.ended).toMatchObject({ at: 0, error: { name: 'TransportClosedError' } })
  expect(t.clock.pending.total).toBe(0)
})

test.each(['aborts the request', 'closes the engine'])(
  'a transport that %s while it is called with a copy: that is called off',
  async (what) => {
    const t = createTestEngine({ providers: 2 })
    t.breaker('p1').open(0, 0)
    const controller = new AbortController()
    t.channel('p1').reply(() => {
      if (what === 'closes the engine') t.engine.close()
      else controller.abort(new Error('enough'))
      return new Promise(() => {})
    })
    const request = t.start(READ, [], { signal: controller.signal })
    await t.clock.settle()
    expectOver(t, request)
    expect([t.channel('p1').count(), t.channel('p2').count(), t.clock.pending.total]).toEqual([1, 0, 0])
  },
)

test.each(['attempt', 'breaker', 'shouldThrow'])(
  'code at %s that closes the engine as the probe of a request that waits is given up: it asks nobody more',
  async (where) => {
    const close = () => {
      t.engine.close()
      return false
    }
    const options = { timeout: 100_000, ...(where === 'shouldThrow' && { shouldThrow: close }) }
    const t = createTestEngine({ providers: 2, options })
    for (const id of ['p1', 'p2']) {
      t.breaker(id).open(0, 500)
      t.channel(id).hang()
    }
    const request = t.start(READ)
    await t.clock.advance(1_000)
    if (where !== 'shouldThrow') t.engine.events.on(where as EventName, close)
    await t.clock.advance(200_000)
    expectOver(t, request)
    expect(request.ended).toMatchObject({ at: 2_075, error: { name: 'TransportClosedError' } })
    expect([t.channel('p1').count(), t.channel('p2').count(), t.clock.pending.total]).toEqual([1, 0, 0])
  },
)

test('a listener that closes the engine as the probe of a request that waits leaves: its answer is not given', async () => {
  const t = createTestEngine({ providers: 1 })
  t.breaker('p1').open(0, 500)
  t.engine.events.on('breaker', ({ to }) => to === 'half-open' && t.engine.close())
  const request = t.start(READ)
  await t.clock.advance(20_000)
  expectOver(t, request)
  expect(request.ended).toMatchObject({ at: 75, error: { name: 'TransportClosedError' } })
  expect(t.channel('p1').count()).toBe(0)
})

test('behavior: a listener that ends who leads, while another one goes on: that one asks nobody twice', async () => {
  const controller = new AbortController()
  const t = createTestEngine({ providers: 3 })
  t.engine.events.on('attempt', ({ provider }) => provider === 'p1' && controller.abort(new Error('enough')))
  for (const id of ['p1', 'p2', 'p3']) t.breaker(id).open(0, Infinity)
  t.channel('p1').fail(ERRORS.unsupported, { after: 50 })
  t.channel('p2').reply('0x2', { after: 10 })
  t.channel('p3').hang()
  const write = t.start('foo_submit', [1], { exclude: ['p3'] })
  const other = t.start(READ, [2], { exclude: ['p1', 'p2'], signal: controller.signal })
  await t.clock.advance(80)
  t.breaker('p2').close()
  await t.clock.advance(1_000)
  expect([t.channel('p1').count(), t.channel('p2').count()]).toEqual([1, 1])
  expect([write.ended, other.ended]).toMatchObject([{ value: '0x2' }, { error: { message: 'enough' } }])
})

describe('a transport, when it is first asked', () => {
  test.each(['aborts the request', 'closes the engine'])(
    'that %s: nobody is asked for a head any more',
    async (way) => {
      const t = createTestEngine({ providers: 3, options: { consistency: 'head' } })
      const controller = new AbortController()
      t.channel('p1').reply(() => {
        if (way === 'closes the engine') t.engine.close()
        else controller.abort(new Error('enough'))
        return '0x1'
      })
      const request = t.start(READ, ['0x01', 'latest'], { signal: controller.signal })
      await t.clock.advance(20_000)
      expect([request.times, ...['p1', 'p2', 'p3'].map((id) => t.channel(id).count())]).toEqual([1, 1, 0, 0])
    },
  )

  test('that closes the engine: it is not asked for its chain any more, and nothing is left', async () => {
    const t = createTestEngine({ providers: 1, options: { verifyChain: true, chainId: 1 } })
    t.channel('p1').reply(() => t.engine.close())
    t.channel('p1').on('eth_chainId').hang()
    const request = t.start(READ)
    await t.clock.settle()
    expect([request.ended?.error.name, t.channel('p1').count(), t.clock.pending.total]).toEqual([
      'TransportClosedError',
      1,
      0,
    ])
  })
})

test('behavior: a transport that, asked for another one, ends who led and has just gone on: that one is aborted, and nothing is left', async () => {
  const controller = new AbortController()
  const t = createTestEngine({ providers: 1 })
  t.breaker('p1').open(0, Infinity)
  const leader = t.start(READ, [1], { signal: controller.signal })
  const other = t.start(READ, [2])
  await t.clock.advance(10)
  t.channel('p1').reply(({ params }: any) => {
    if (params[0] === 2) controller.abort(new Error('enough'))
    return '0x1'
  })
  t.breaker('p1').close()
  await t.clock.advance(100)
  expect([leader.ended, other.ended]).toMatchObject([{ error: { message: 'enough' } }, { value: '0x1' }])
  expect(t.eventsOf('attempt').map(({ outcome }) => outcome)).toEqual(['aborted', 'success'])
  expect([t.channel('p1').calls.map(({ params }) => params), t.inFlight()]).toEqual([[[1], [2]], 0])
})
