// Code of the user's that runs in the middle of a request (listeners, predicates, strategies, transports) and ends that very
// request, or the engine: it ends once, asks nobody more, and keeps nothing.

import { describe, expect, test } from 'vitest'
import type { EventName } from '../../src/events'
import type { CandidateSnapshot } from '../../src/request/strategy'
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

test('behavior: a strategy that ends who leads, while another one sets out again: that one asks nobody twice', async () => {
  const controller = new AbortController()
  let end = () => {}
  const strategy = (candidates: readonly CandidateSnapshot[]) => {
    end()
    return candidates
  }
  const t = createTestEngine({ providers: 3, options: { strategy } })
  for (const id of ['p1', 'p2', 'p3']) t.breaker(id).open(0, Infinity)
  t.channel('p1').fail(ERRORS.unsupported, { after: 50 })
  t.channel('p2').reply('0x2', { after: 10 })
  t.channel('p3').hang()
  const write = t.start('foo_submit', [1], { exclude: ['p3'] })
  const other = t.start(READ, [2], { exclude: ['p1', 'p2'], signal: controller.signal })
  await t.clock.advance(80)
  t.breaker('p2').close()
  end = () => controller.abort(new Error('enough'))
  await t.clock.advance(1_000)
  expect([t.channel('p1').count(), t.channel('p2').count()]).toEqual([1, 1])
  expect([write.ended, other.ended]).toMatchObject([{ value: '0x2' }, { error: { message: 'enough' } }])
})
