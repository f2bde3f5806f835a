// One deadline for a request and all its attempts; what an abort, a sleep or an end of time leaves behind.

import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import type { TestEngine } from '../support/engine'
import { createTestEngine } from '../support/engine'
import { networkError, rpcError } from '../support/errors'

const READ = 'eth_getBalance'

function times(t: TestEngine, ...ids: string[]) {
  return ids.map((id) => t.channel(id).calls.map(({ at }) => at))
}

describe('the deadline', () => {
  test('27. given three hanging providers and timeout 1000, then the call rejects with a timeout at 1000 ms in all', async () => {
    const t = createTestEngine({ providers: 3, options: { hedge: false, timeout: 1_000 } })
    for (const id of ['p1', 'p2', 'p3']) t.channel(id).hang()
    const request = t.start(READ)
    await t.clock.advance(5_000)
    expect(request).toMatchObject({ times: 1, ended: { at: 1_000 } })
    const { error } = request.ended as any
    expect(error.attempts.map(({ provider, kind, duration }: any) => [provider, kind, duration])).toEqual([
      ['p1', 'timeout', 600],
      ['p2', 'timeout', 240],
      ['p3', 'timeout', 160],
    ])
    expect(error.message).toContain('Timeout: 1000 ms')
    expect(times(t, 'p1', 'p2', 'p3')).toEqual([[0], [600], [840]])
    expect(['p1', 'p2', 'p3'].map((id) => t.channel(id).aborted)).toEqual([1, 1, 1])
    expect(t.inFlight()).toBe(0)
  })

  test('27. behavior: with hedging it is the same second that ends', async () => {
    const t = createTestEngine({ providers: 3, options: { timeout: 1_000 } })
    for (const id of ['p1', 'p2', 'p3']) t.channel(id).hang()
    const request = t.start(READ)
    await t.clock.advance(5_000)
    expect(request.ended?.at).toBe(1_000)
    expect(times(t, 'p1', 'p2', 'p3')).toEqual([[0], [500], [600]])
  })

  test('28. given p1 hangs, timeout 1000 and hedging off, then p2 is contacted at 600 ms and its result is returned', async () => {
    const t = createTestEngine({ options: { hedge: false, timeout: 1_000 } })
    t.channel('p1').hang()
    t.channel('p2').reply('0x2', { after: 10 })
    const request = t.start(READ)
    await t.clock.advance(1_000)
    expect(request.ended).toEqual({ at: 610, value: '0x2' })
    expect(times(t, 'p2')).toEqual([[600]])
  })

  test('28. behavior: whoever is asked after that is given its own time before it is hedged', async () => {
    const t = createTestEngine({ providers: 3, options: { hedge: { delay: 8_000 } } })
    for (const id of ['p1', 'p2', 'p3']) t.channel(id).hang()
    t.start(READ)
    await t.clock.advance(10_000)
    expect(['p1', 'p2', 'p3'].map((id) => t.channel(id).calls.map(({ at }) => at))).toEqual([[0], [6_000], [8_400]])
  })

  test('28. behavior: a time-out that the user calls final ends the request once, and leaves nothing', async () => {
    const options = { hedge: { delay: 100 }, timeout: 1_000, shouldThrow: () => true }
    const t = createTestEngine({ providers: 3, options })
    for (const id of ['p1', 'p2', 'p3']) t.channel(id).hang()
    const request = t.start(READ)
    await t.clock.advance(60_000)
    expect([request.times, request.ended?.at, t.inFlight(), t.clock.pending.total]).toEqual([1, 600, 0, 0])
    expect(t.eventsOf('attempt').map(({ provider, outcome }) => [provider, outcome])).toEqual([
      ['p1', 'failure'],
      ['p2', 'aborted'],
      ['p3', 'aborted'],
    ])
  })

  test('28. given p1 hangs over one of its channels, then p2 is asked before the other one', async () => {
    const t = createTestEngine({
      providers: [{ channels: ['http', 'ws'] }, {}],
      options: { hedge: false, timeout: 1_000 },
    })
    t.channel('p1', 'http').hang()
    t.channel('p2').reply('two')
    const request = t.start(READ)
    await t.clock.advance(1_000)
    expect([request.ended?.value, t.channel('p1', 'ws').count()]).toEqual(['two', 0])
  })

  test('28. given p1 and p2 hanging and p3 well, cold, then p3 answers after two hedge delays', async () => {
    const t = createTestEngine({ providers: 3 })
    t.channel('p1').hang()
    t.channel('p2').hang()
    t.channel('p3').reply('0x3', { after: 20 })
    const request = t.start(READ)
    await t.clock.advance(2_000)
    expect(request.ended).toEqual({ at: 1_020, value: '0x3' })
    expect(times(t, 'p1', 'p2', 'p3')).toEqual([[0], [500], [1_000]])
    expect([t.channel('p1').aborted, t.channel('p2').aborted, t.inFlight()]).toEqual([1, 1, 0])
  })

  test('29. given timeout 0, then there is no deadline', async () => {
    const t = createTestEngine({ providers: 1, options: { timeout: 0 } })
    t.channel('p1').reply('0x1', { after: 3_600_000 })
    const request = t.start(READ)
    await t.clock.advance(3_600_000)
    expect(request.ended).toEqual({ at: 3_600_000, value: '0x1' })
  })

  test.each([
    [976, 1],
    [975, 2],
  ])('30. given a failure at %i of 1000 ms, then %i attempts are made in all', async (after, calls) => {
    const t = createTestEngine({ options: { hedge: false, timeout: 1_000, methods: { [READ]: {} } } })
    // The limit of 600 ms is for those that others wait behind: here p1 is a write's only way, and nothing was done.
    t.channel('p1').fail(networkError(), { after })
    const request = t.start('evm_mine')
    await t.clock.advance(1_000)
    expect(t.channel('p1').count() + t.channel('p2').count()).toBe(calls)
    expect(request.times).toBe(1)
  })

  test('30. given a pause that would leave less than 25 ms, then the request fails at once instead of waiting for nothing', async () => {
    const t = createTestEngine({ options: { timeout: 174 } })
    for (const id of ['p1', 'p2']) t.channel(id).fail(rpcError(-32000, 'header not found'))
    const request = t.start(READ)
    await t.clock.advance(1_000)
    expect(request.ended?.at).toBe(0)
    expect(t.channel('p1').count()).toBe(1)
  })

  test('30. given a place in a queue until 10 ms before the end, then nothing starts any more', async () => {
    const t = createTestEngine({ providers: [{ limits: { concurrency: 1 } }] })
    t.channel('p1').reply('0x1', { after: 990 })
    t.start(READ)
    const request = t.start(READ, [], { timeout: 1_000 })
    await t.clock.advance(2_000)
    expect(request.ended).toMatchObject({ at: 990, error: { name: 'AllProvidersFailedError' } })
    expect(t.channel('p1').count()).toBe(1)
  })

  test('behavior: a timeout shorter than 25 ms still gets its first attempt', async () => {
    const t = createTestEngine({ options: { timeout: 10 } })
    expect(await t.request(READ)).toBe('0x1')
  })

  test('behavior: what a given-up attempt rejects with later is not a second failure (it once asked p3 for nothing)', async () => {
    const t = createTestEngine({ providers: 3, options: { hedge: false } })
    t.channel('p1').hang()
    t.channel('p2').reply('0x2', { after: 100 })
    const request = t.start(READ)
    await t.clock.advance(10_000)
    expect(request.ended).toEqual({ at: 6_100, value: '0x2' })
    expect(t.channel('p3').count()).toBe(0)
    expect(t.eventsOf('attempt').map(({ provider, outcome }) => [provider, outcome])).toEqual([
      ['p1', 'failure'],
      ['p2', 'success'],
    ])
  })

  test('behavior: a channel that cannot abort and answers after it was given up changes nothing', async () => {
    const t = createTestEngine({ providers: [{ canAbort: false }, {}], options: { hedge: false, timeout: 1_000 } })
    t.channel('p1').reply('late', { after: 650 })
    t.channel('p2').reply('0x2', { after: 100 })
    const request = t.start(READ)
    await t.clock.advance(2_000)
    expect(request).toMatchObject({ times: 1, ended: { at: 700, value: '0x2' } })
    expect(t.eventsOf('attempt')).toHaveLength(2)
    expect(t.inFlight()).toBe(0)
  })
})

describe('34. an AbortSignal', () => {
  const reason = new Error('enough')

  function expectClean(t: TestEngine) {
    expect(t.inFlight()).toBe(0)
    for (const { channels } of t.status().providers)
      expect(channels.http?.breaker).toEqual({ state: 'closed', failures: 0 })
    expect(t.eventsOf('request')).toMatchObject([{ outcome: 'aborted' }])
  }

  test('a signal that outlives its requests keeps nothing of them', async () => {
    const t = createTestEngine({ providers: 1 })
    const { signal } = new AbortController()
    await t.request(READ, [1], { signal })
    t.channel('p1').fail(rpcError(3, 'execution reverted'))
    await t.request(READ, [2], { signal }).catch(() => {})
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('aborted before the call: nothing is sent', async () => {
    const t = createTestEngine()
    await expect(t.request(READ, [], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(t.channel('p1').count()).toBe(0)
    expectClean(t)
  })

  test('its event names the reason, without the number of a DOMException', async () => {
    const t = createTestEngine()
    await t.request(READ, [], { signal: AbortSignal.abort() }).catch(() => {})
    expect(t.eventsOf('request').map(({ error }) => error)).toEqual([{ name: 'AbortError' }])
  })

  test('in flight: the attempts are aborted, nobody is blamed, permits are given back', async () => {
    const t = createTestEngine({ providers: 3 })
    for (const id of ['p1', 'p2', 'p3']) t.channel(id).hang()
    const controller = new AbortController()
    const request = t.start(READ, [], { signal: controller.signal })
    await t.clock.advance(600)
    controller.abort(reason)
    await t.clock.advance(20_000)
    expect(request).toEqual({ times: 1, ended: { at: 600, error: reason } })
    expect([t.channel('p1').aborted, t.channel('p2').aborted, t.channel('p3').count()]).toEqual([1, 1, 0])
    expect(t.eventsOf('attempt').map(({ outcome }) => outcome)).toEqual(['aborted', 'aborted'])
    expectClean(t)
  })

  test('between attempts, in the pause before a round: no further attempt starts', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').fail(rpcError(-32000, 'header not found'))
    const controller = new AbortController()
    const request = t.start(READ, [], { signal: controller.signal })
    await t.clock.advance(100)
    controller.abort(reason)
    await t.clock.advance(20_000)
    expect(request.ended).toEqual({ at: 100, error: reason })
    expect(t.channel('p1').count()).toBe(1)
    expectClean(t)
  })

  test('in a queue, and in the waiting room: the place is given back', async () => {
    const t = createTestEngine({ providers: [{ limits: { concurrency: 1 } }] })
    t.channel('p1').reply('0x1', { after: 100 })
    const controller = new AbortController()
    const [first, second, third] = [t.start(READ), t.start(READ, [], { signal: controller.signal }), t.start(READ)]
    await t.clock.advance(50)
    controller.abort(reason)
    await t.clock.advance(500)
    expect([first, second, third].map(({ ended }) => ended?.at)).toEqual([100, 50, 200])
    expect(t.channel('p1').count()).toBe(2)
  })

  test('during a probe of its own: the copy is aborted too, the breaker can be probed again, no timer stays', async () => {
    const t = createTestEngine()
    t.breaker('p1').open(0, 100)
    await t.clock.advance(200)
    t.channel('p1').hang()
    t.channel('p2').hang()
    const controller = new AbortController()
    const request = t.start(READ, [], { signal: controller.signal })
    await t.clock.advance(10)
    controller.abort(reason)
    await t.clock.settle()
    expect(request.ended).toEqual({ at: 210, error: reason })
    expect([t.channel('p1').aborted, t.channel('p2').aborted, t.inFlight()]).toEqual([1, 1, 0])
    expect(t.clock.pending).toEqual({ after: 0, background: 1, total: 1 })
    expect(t.breaker('p1').isProbing()).toBe(false)
    t.channel('p1').reply('0x1')
    expect(await t.request(READ)).toBe('0x1')
    expect(t.state('p1')).toBe('closed')
  })
})

describe('sleep', () => {
  test('given the process asleep for 3 s, then nobody is blamed, nothing is hedged, and there are 250 ms more', async () => {
    const t = createTestEngine({ options: { timeout: 1_000 } })
    t.channel('p1').hang()
    const request = t.start(READ)
    await t.clock.advance(100)
    await t.clock.jump(3_000)
    expect(request.ended).toBeUndefined()
    expect(t.channel('p2').count()).toBe(0)
    await t.clock.advance(249)
    expect(request.ended).toBeUndefined()
    await t.clock.advance(1)
    expect(request.ended).toMatchObject({ at: 3_350, error: { name: 'AllProvidersFailedError' } })
    expect(t.status().requests.hedged).toBe(0)
    expect(t.eventsOf('attempt')).toMatchObject([{ provider: 'p1', failure: { kind: 'timeout', blamed: false } }])
    expect(t.status().providers[0]?.channels.http?.breaker.failures).toBe(0)
  })

  test('behavior: given that it wakes to the failure of a hedge, then the other is not blamed, and has 250 ms more', async () => {
    const t = createTestEngine()
    t.channel('p1').hang()
    t.channel('p2').fail(rpcError(-32601, 'the method does not exist'), { after: 200 })
    const request = t.start(READ)
    await t.clock.advance(600)
    await t.clock.jump(20_000)
    expect(request.ended).toBeUndefined()
    await t.clock.advance(250)
    expect(request.ended).toMatchObject({ at: 20_850, error: { code: -32601 } })
    expect(t.eventsOf('attempt')).toMatchObject([
      { provider: 'p2', failure: { kind: 'unsupported-method' } },
      { provider: 'p1', failure: { kind: 'timeout', blamed: false } },
    ])
  })

  test('behavior: given that it wakes to an answer, then the one that it overtook has not lost', async () => {
    const t = createTestEngine()
    t.channel('p1').hang()
    t.channel('p2').reply('0x2', { after: 200 })
    const request = t.start(READ)
    await t.clock.advance(600)
    await t.clock.jump(20_000)
    expect(request.ended).toEqual({ at: 20_600, value: '0x2' })
    expect(t.status().providers[0]?.channels.http?.breaker.failures).toBe(0)
  })

  test('behavior: an answer that lies there when the deadline rings late is the answer', async () => {
    const t = createTestEngine({ options: { timeout: 1_000 } })
    // Told after the timer of the deadline, as a socket is read after all timers that are due.
    t.channel('p1').reply('0x1', { after: 1_001 })
    const request = t.start(READ)
    await t.clock.jump(3_000)
    expect(request.ended).toEqual({ at: 3_000, value: '0x1' })
  })

  test('behavior: what answers within the 250 ms is the answer', async () => {
    const t = createTestEngine({ options: { timeout: 1_000 } })
    t.channel('p1').reply('0x1', { after: 3_249 })
    const request = t.start(READ)
    await t.clock.jump(3_000)
    await t.clock.advance(249)
    expect(request.ended).toEqual({ at: 3_249, value: '0x1' })
  })

  test('behavior: a second sleep past the end ends the request (it once rang for ever)', async () => {
    const t = createTestEngine({ providers: 1, options: { timeout: 1_000 } })
    t.channel('p1').hang()
    const request = t.start(READ)
    await t.clock.jump(5_000)
    await t.clock.jump(5_000)
    expect(request.ended?.at).toBe(10_000)
    expect(t.eventsOf('attempt')).toMatchObject([{ failure: { blamed: false } }])
  })

  test('behavior: nor does it blame one that was asked since the first sleep', async () => {
    const t = createTestEngine({ options: { hedge: false } })
    t.channel('p1').hang()
    t.channel('p2').hang()
    const request = t.start(READ)
    await t.clock.advance(5_900)
    await t.clock.jump(3_000)
    await t.clock.advance(300)
    expect(t.channel('p2').calls.map(({ at }) => at)).toEqual([9_150])
    await t.clock.jump(5_000)
    expect(request.ended?.at).toBe(14_200)
    expect(t.eventsOf('attempt').map(({ provider, failure }) => [provider, failure?.blamed])).toEqual([
      ['p1', false],
      ['p2', false],
    ])
  })

  test('behavior: a request that slept in a pause gets its round', async () => {
    const t = createTestEngine({ providers: 1, options: { timeout: 1_000 } })
    t.channel('p1').once.fail(rpcError(-32000, 'header not found')).reply('0x1')
    const request = t.start(READ)
    await t.clock.advance(10)
    await t.clock.jump(3_000)
    expect(request.ended).toEqual({ at: 3_010, value: '0x1' })
  })

  test('behavior: given that others wake it, where it waits for room or for a channel, then it has 250 ms more too', async () => {
    const t = createTestEngine({ providers: [{ limits: { concurrency: 1 } }] })
    t.channel('p1').reply('0x1', { after: 200 })
    t.start(READ)
    const queued = t.start(READ, [], { timeout: 1_000 })
    await t.clock.advance(100)
    await t.clock.jump(3_000)
    await t.clock.advance(200)
    expect(queued.ended).toEqual({ at: 3_300, value: '0x1' })
    t.breaker('p1').open(t.clock.now(), 60_000)
    t.start(READ)
    const waiting = t.start(READ, [], { timeout: 1_000 })
    await t.clock.advance(100)
    expect(t.state('p1')).toBe('half-open')
    await t.clock.jump(3_000)
    await t.clock.advance(200)
    expect(waiting.ended).toEqual({ at: 6_600, value: '0x1' })
  })

  test('behavior: a probe that slept says nothing about the channel', async () => {
    const t = createTestEngine()
    t.breaker('p1').open(0, 100)
    await t.clock.advance(200)
    t.channel('p1').hang()
    expect(await t.request(READ)).toBe('0x1')
    await t.clock.jump(10_000)
    expect(t.eventsOf('attempt').at(-1)).toMatchObject({ provider: 'p1', failure: { kind: 'timeout', blamed: false } })
    expect(t.state('p1')).toBe('half-open')
  })
})
