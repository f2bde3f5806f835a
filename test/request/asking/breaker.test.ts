// Breakers as requests see them: who opens them, who is not asked meanwhile, and how a copy of a request finds out that a
// channel is back. The state machine itself has its own tests.

import { describe, expect, test } from 'vitest'
import type { TestEngine } from '../../support/engine'
import { createTestEngine } from '../../support/engine'
import { httpError, networkError, rpcError } from '../../support/errors'

const READ = 'eth_getBalance'

async function repeat(t: TestEngine, times: number, method = READ) {
  for (let turn = 0; turn < times; turn++) await t.request(method, [turn]).catch(() => {})
}

/** p1 has failed until its breaker opened, just now. */
async function withOpen(t: TestEngine) {
  t.channel('p1').fail(networkError())
  await repeat(t, 3)
  expect(t.state('p1')).toBe('open')
  return t
}

describe('opening', () => {
  test('35, 43. given failures in a row, then the third network failure opens the breaker, and p1 is not reached any more', async () => {
    const t = createTestEngine()
    t.channel('p1').fail(networkError())
    await repeat(t, 2)
    expect(t.state('p1')).toBe('closed')
    await repeat(t, 1)
    expect(t.state('p1')).toBe('open')
    await repeat(t, 10)
    expect([t.channel('p1').count(), t.channel('p2').count()]).toEqual([3, 13])
    expect(t.eventsOf('breaker')).toEqual([
      { provider: 'p1', channel: 'http', from: 'closed', to: 'open', wait: 2_100, why: 'network' },
    ])
  })

  test('behavior: it tells why it opens, a failed probe too; by hand there is no why, nor when it closes', async () => {
    const t = createTestEngine()
    const whys = () => t.eventsOf('breaker').map(({ from, to, why }) => [from, to, why])
    t.channel('p1').fail(httpError(401))
    await repeat(t, 5)
    await t.clock.advance(2_100)
    t.channel('p1').fail(networkError())
    await repeat(t, 1)
    t.breaker('p1').close()
    t.breaker('p1').open(t.clock.now())
    expect(whys()).toEqual([
      ['closed', 'open', 'auth'],
      ['open', 'half-open', undefined],
      ['half-open', 'open', 'network'],
      ['open', 'closed', undefined],
      ['closed', 'open', undefined],
    ])
  })

  test('behavior: status() tells how a channel last failed what others may answer', async () => {
    const t = createTestEngine()
    const last = (id: string) => t.status().providers.find((provider) => provider.id === id)?.channels.http?.lastFailure
    await t.clock.advance(100)
    t.channel('p1')
      .once.fail(httpError(401))
      .fail(rpcError(3, 'execution reverted', '0x'))
    await t.request(READ)
    expect([last('p1'), last('p2')]).toEqual([{ kind: 'auth', status: 401, at: 100 }, undefined])
    await t.clock.advance(100)
    await t.request(READ).catch(() => {})
    expect(last('p1')?.at).toBe(100)
  })

  test('43. five failures of other counted kinds open it', async () => {
    const t = createTestEngine()
    t.channel('p1').fail(httpError(500, 'oops'))
    await repeat(t, 4)
    expect(t.state('p1')).toBe('closed')
    await repeat(t, 1)
    expect(t.state('p1')).toBe('open')
  })

  test('36. given 4 failures, 1 success, 4 failures, then still closed', async () => {
    const t = createTestEngine()
    const p1 = t.channel('p1')
    for (const isWell of [false, false, false, false, true, false, false, false, false])
      isWell ? p1.once.reply('0x1') : p1.once.fail(httpError(500, 'oops'))
    await repeat(t, 9)
    expect(t.state('p1')).toBe('closed')
  })

  test('12. given the breaker of p1 is open and its wait not over, then p1 sees no call and p2 answers at once', async () => {
    const t = await withOpen(createTestEngine())
    t.channel('p1').reply('0x1')
    await t.clock.advance(2_099)
    await repeat(t, 5)
    expect(t.channel('p1').count()).toBe(3)
    expect(t.clock.now()).toBe(2_099)
  })

  test('behavior: given the breaker of p2 opens while p1 is being asked, then p2 is not asked in its turn', async () => {
    const t = createTestEngine({ providers: 3 })
    t.channel('p1').fail(networkError(), { after: 20 })
    t.channel('p3').reply('three')
    t.clock.after(10, () => t.breaker('p2').open(10))
    const request = t.start(READ)
    await t.clock.advance(20)
    expect([request.ended?.value, t.channel('p2').count()]).toEqual(['three', 0])
  })

  test('13. given the request that trips the breaker, or whose probe fails, then that same request succeeds on p2', async () => {
    const t = createTestEngine()
    t.channel('p1').fail(networkError())
    t.channel('p2').reply('two')
    for (let turn = 0; turn < 3; turn++) expect(await t.request(READ)).toBe('two')
    await t.clock.advance(2_100)
    expect(await t.request(READ)).toBe('two')
    expect([t.channel('p1').count(), t.state('p1')]).toEqual([4, 'open'])
  })

  test('44. given 100 reverts, then closed and count 0; as a probe they give the permit back and count neither way', async () => {
    const t = createTestEngine()
    t.channel('p1').fail(rpcError(3, 'execution reverted', '0x'))
    await repeat(t, 100)
    expect(t.status().providers[0]?.channels.http?.breaker).toEqual({ state: 'closed', failures: 0 })
    t.breaker('p1').open(t.clock.now(), 0)
    await repeat(t, 1)
    expect([t.channel('p1').count(), t.breaker('p1').isProbing(), t.breaker('p1').isClosed()]).toEqual([
      101,
      false,
      false,
    ])
  })

  test('45. given 429 many times in a row, then the breaker stays closed', async () => {
    const t = createTestEngine({ providers: 1, options: { rounds: 1 } })
    t.channel('p1').fail(httpError(429, '', { 'retry-after': '1' }))
    for (let turn = 0; turn < 30; turn++) {
      t.start(READ, [turn])
      await t.clock.advance(20_000)
    }
    expect(t.channel('p1').count()).toBe(30)
    expect(t.state('p1')).toBe('closed')
  })

  test('46. given a slow call admitted while closed that fails after the breaker opened and closed again, then it is not counted', async () => {
    const t = createTestEngine({ options: { hedge: false } })
    t.channel('p1').once.fail(httpError(500, 'late'), { after: 5_000 })
    t.start(READ, ['slow'])
    await t.clock.settle()
    t.breaker('p1').open(0, 100)
    await t.clock.advance(200)
    await repeat(t, 1)
    expect(t.state('p1')).toBe('closed')
    await t.clock.advance(5_000)
    expect(t.eventsOf('request')).toHaveLength(2)
    expect(t.status().providers[0]?.channels.http?.breaker).toEqual({ state: 'closed', failures: 0 })
  })

  test('47. given http failures on p1, then its http breaker opens while that of its ws is closed and p2 is untouched', async () => {
    const t = createTestEngine({ providers: [{ channels: ['http', 'ws'] }, {}] })
    t.channel('p1', 'http').fail(networkError())
    await repeat(t, 4)
    expect([t.state('p1', 'http'), t.state('p1', 'ws'), t.state('p2')]).toEqual(['open', 'closed', 'closed'])
    // While its http is out, its ws is p1's own way again.
    expect(t.channel('p1', 'ws').count()).toBe(1)
  })

  test('behavior: auth failures count against all channels of the provider', async () => {
    const t = createTestEngine({ providers: [{ channels: ['http', 'ws'] }, {}] })
    t.channel('p1', 'http').fail(httpError(401, 'no'))
    await repeat(t, 5)
    expect([t.state('p1', 'http'), t.state('p1', 'ws')]).toEqual(['open', 'open'])
  })

  test('49. given failures told from outside, then the breaker opens at its threshold and requests go elsewhere', async () => {
    const t = createTestEngine()
    for (let count = 0; count < 3; count++) t.breaker('p1').recordFailure(0, 'network')
    await repeat(t, 1)
    expect([t.channel('p1').count(), t.channel('p2').count()]).toEqual([0, 1])
  })
})

describe('blame', () => {
  test('poison: given a deterministic -32603 that every node gives, polled 20 times, then no breaker opens and other calls go on', async () => {
    const t = createTestEngine({ providers: 3 })
    for (const id of ['p1', 'p2', 'p3']) t.channel(id).on('eth_call').fail(rpcError(-32603, 'Internal error'))
    for (const id of ['p1', 'p2', 'p3']) await t.request(READ, [], { provider: id })
    for (let turn = 0; turn < 20; turn++) {
      const call = t.start('eth_call', [{}, 'latest'])
      await t.clock.advance(2_000)
      expect(call.ended?.error).toMatchObject({ code: -32603 })
      expect(await t.request(READ)).toBe('0x1')
    }
    // For a second, in case it was a moment's weakness of all, and then it is the request's.
    expect(t.channel('p1').count('eth_call')).toBe(20 * 4)
    expect(t.eventsOf('breaker')).toEqual([])
    expect(t.eventsOf('attempt').every(({ failure }) => !failure?.blamed)).toBe(true)
  })

  test('poison: given one more provider that is down, then the two that answer are not blamed either', async () => {
    const t = createTestEngine({ providers: 3, options: { waitForProvider: false } })
    for (const id of ['p1', 'p2']) t.channel(id).on('eth_call').fail(rpcError(-32603, 'Internal error'))
    t.breaker('p3').open(0, 1e9)
    await t.request(READ)
    await t.request(READ, [], { provider: 'p2' })
    for (let turn = 0; turn < 12; turn++) {
      const call = t.start('eth_call', [{}, 'latest'])
      await t.clock.advance(2_000)
      expect(call.ended?.error).toMatchObject({ code: -32603 })
    }
    expect([t.state('p1'), t.state('p2')]).toEqual(['closed', 'closed'])
    expect(t.channel('p1').count('eth_call')).toBe(12 * 4)
  })

  test('behavior: the same -32603 from all is held against them if none has answered anything for 30 s', async () => {
    const t = createTestEngine({ options: { rounds: 1 } })
    for (const id of ['p1', 'p2']) t.channel(id).on('eth_call').fail(rpcError(-32603, 'Internal error'))
    await repeat(t, 1)
    await t.clock.advance(30_001)
    await repeat(t, 1, 'eth_call')
    expect(
      t
        .eventsOf('attempt')
        .slice(-2)
        .map(({ failure }) => failure?.blamed),
    ).toEqual([true, true])
  })

  test('behavior: -32603 of one while another answers is held against the one', async () => {
    const t = createTestEngine()
    t.channel('p1').on('eth_call').fail(rpcError(-32603, 'Internal error'))
    await repeat(t, 1)
    await repeat(t, 5, 'eth_call')
    expect(t.state('p1')).toBe('open')
  })

  test('behavior: a timeout of our own clock counts only after 2 s or three times what the channel usually takes', async () => {
    const t = createTestEngine({ options: { hedge: false } })
    t.channel('p1').hang()
    for (const [timeout, method] of [
      [3_000, READ],
      [4_000, READ],
    ] as const)
      t.start(method, [timeout], { timeout })
    await t.clock.advance(4_000)
    // 60 % of 3000 is 1800, of 4000 is 2400.
    expect(
      t
        .eventsOf('attempt')
        .filter(({ provider }) => provider === 'p1')
        .map(({ duration, failure }) => [duration, failure?.blamed]),
    ).toEqual([
      [1_800, false],
      [2_400, true],
    ])
  })

  test('behavior: a few quick answers do not make a channel known to be quick', async () => {
    const t = createTestEngine({ options: { hedge: false } })
    t.channel('p1').reply('0x1', { after: 10 })
    for (let turn = 0; turn < 4; turn++) {
      t.start(READ, [turn])
      await t.clock.advance(10)
    }
    t.channel('p1').hang()
    t.start(READ, [], { timeout: 300 })
    await t.clock.advance(300)
    const timeouts = t.eventsOf('attempt').filter(({ failure }) => failure?.kind === 'timeout')
    expect(timeouts.map(({ provider, failure }) => [provider, failure?.blamed])).toEqual([['p1', false]])
  })

  test('behavior: a short timeout counts for a channel known to be quick', async () => {
    const t = createTestEngine({ options: { hedge: false } })
    t.channel('p1').reply('0x1', { after: 100 })
    for (let turn = 0; turn < 5; turn++) {
      t.start(READ, [turn])
      await t.clock.advance(100)
    }
    t.channel('p1').hang()
    t.start(READ, [], { timeout: 500 })
    t.start(READ, [1], { timeout: 499 })
    await t.clock.advance(1_000)
    expect(
      t.eventsOf('attempt').filter(({ provider, outcome }) => provider === 'p1' && outcome === 'failure'),
    ).toMatchObject([{ failure: { blamed: false } }, { failure: { blamed: true } }])
  })

  test('behavior: timeouts of traces are held against nobody', async () => {
    const t = createTestEngine()
    t.channel('p1').hang()
    t.start('trace_block', ['0x1'])
    await t.clock.advance(10_000)
    expect(t.eventsOf('attempt').find(({ provider }) => provider === 'p1')).toMatchObject({
      duration: 6_000,
      failure: { blamed: false },
    })
  })
})

describe('recovery', () => {
  test('37. given openFor 100, then the first request after it is answered by p2 at once while a copy probes p1; no timer opens anything', async () => {
    const t = createTestEngine({ providers: [{ breaker: { openFor: 100, failures: 1 } }, {}] })
    t.channel('p1').once.fail(networkError()).reply('one', { after: 30 })
    t.channel('p2').reply('two')
    await t.request(READ)
    await t.clock.advance(104)
    await t.request(READ)
    expect(t.channel('p1').count()).toBe(1)
    expect(t.clock.pending.after).toBe(0)
    await t.clock.advance(1)
    expect(await t.request(READ, ['copied'])).toBe('two')
    expect(t.channel('p1').calls.at(-1)).toMatchObject({ method: READ, params: ['copied'], at: 105 })
    await t.clock.advance(30)
    expect(t.state('p1')).toBe('closed')
    const next = t.start(READ)
    await t.clock.advance(30)
    expect(next.ended).toEqual({ at: 165, value: 'one' })
    expect(t.status().providers[0]?.upkeep.probes).toBe(1)
  })

  test('behavior: p1 recovered serves again within its wait plus one request, and no request waited for it', async () => {
    const t = await withOpen(createTestEngine())
    t.channel('p1').reply('one', { after: 20 })
    t.channel('p2').reply('two', { after: 10 })
    for (let turn = 0; turn < 100; turn++) {
      t.start(READ, [turn])
      await t.clock.advance(50)
    }
    const events = t.eventsOf('request').slice(3)
    expect(Math.max(...events.map(({ duration }) => duration))).toBe(20)
    // The wait ends at 2100, the copy leaves with the request at 2100 and is back before the next one.
    expect(events.findIndex(({ provider }) => provider === 'p1')).toBe(2_100 / 50 + 1)
    expect(events.slice(43).every(({ provider }) => provider === 'p1')).toBe(true)
  })

  test('behavior: the first usable answer serves, also if it is that of the copy', async () => {
    const t = await withOpen(createTestEngine())
    t.channel('p1').reply('one', { after: 5 })
    t.channel('p2').reply('two', { after: 400 })
    await t.clock.advance(2_100)
    const request = t.start(READ)
    await t.clock.advance(5)
    expect(request.ended).toEqual({ at: 2_105, value: 'one' })
    expect([t.channel('p2').aborted, t.state('p1'), t.inFlight()]).toEqual([1, 'closed', 0])
    expect(t.eventsOf('request').at(-1)).toMatchObject({ outcome: 'success', provider: 'p1', attempts: 1 })
  })

  test('behavior: what the copy was refused with is the error, if nobody else says anything of the request', async () => {
    const t = await withOpen(createTestEngine())
    t.channel('p1').fail(rpcError(3, 'execution reverted'), { after: 5 })
    t.channel('p2').on(READ).reply('two', { after: 20 })
    await t.clock.advance(2_100)
    // Whoever can answer is waited for.
    const served = t.start(READ)
    await t.clock.advance(20)
    expect(served.ended?.value).toBe('two')
    const other = await withOpen(createTestEngine({ options: { timeout: 300 } }))
    other.channel('p1').once.fail(rpcError(3, 'execution reverted'), { after: 5 })
    other.channel('p1').hang()
    other.channel('p2').hang()
    await other.clock.advance(2_100)
    const refused = other.start(READ)
    await other.clock.advance(300)
    expect(refused.ended?.error).toMatchObject({ code: 3 })
  })

  test('behavior: what may not be sent twice is probed for by eth_blockNumber, which teaches nothing about its method', async () => {
    const t = createTestEngine({ providers: [{ breaker: { openFor: 100, failures: 1 } }, {}] })
    t.breaker('p1').open(0, 100)
    await t.clock.advance(100)
    t.channel('p1').reply('0x64', { after: 7 })
    await t.request('evm_mine')
    await t.clock.advance(7)
    expect(t.channel('p1').calls.map(({ method }) => method)).toEqual(['eth_blockNumber'])
    expect(t.channel('p2').calls.map(({ method }) => method)).toEqual(['evm_mine'])
    expect(t.state('p1')).toBe('closed')
  })

  test('39, 40. given failed probes, then the waits are 2, 4, 8 .. 60 s, and between them no traffic reaches p1', async () => {
    const t = await withOpen(createTestEngine())
    for (let turn = 0; turn < 2_000; turn++) {
      await t.request(READ)
      await t.clock.advance(100)
    }
    const probes = t
      .channel('p1')
      .calls.slice(3)
      .map(({ at }) => at)
    const waits = probes.map((at, index) => at - (probes[index - 1] ?? 0))
    // Each wait is 5 % longer (random 0.5), and ends with the next request of a tenth of a second.
    expect(waits).toEqual([2_100, 4_200, 8_400, 16_800, 33_600, 63_000, 63_000])
  })

  test('39. the multiplier is forgotten after 5 successes since it closed', async () => {
    const t = await withOpen(createTestEngine())
    await t.clock.advance(2_100)
    await repeat(t, 1)
    t.channel('p1').reply('one')
    await t.clock.advance(4_200)
    await repeat(t, 1 + 5)
    expect(t.state('p1')).toBe('closed')
    t.channel('p1').fail(networkError())
    await repeat(t, 3)
    expect(t.eventsOf('breaker').at(-1)).toMatchObject({ to: 'open', wait: 2_100 })
  })

  test('41. given half-open and 20 concurrent requests, then exactly one call reaches p1 and all 20 are answered without waiting for it', async () => {
    const t = await withOpen(createTestEngine())
    t.channel('p1').hang()
    await t.clock.advance(2_100)
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => t.request(READ, [index])))
    expect(answers).toHaveLength(20)
    expect([t.channel('p1').count(), t.clock.now()]).toEqual([4, 2_100])
  })

  test('42. given a probe that is aborted, times out or throws, then the permit is given back once and the next probe is admitted', async () => {
    const t = await withOpen(createTestEngine())
    t.channel('p1').hang()
    await t.clock.advance(2_100)
    await t.request(READ, ['times out'])
    expect(t.breaker('p1').isProbing()).toBe(true)
    await t.clock.advance(2_000)
    expect([t.breaker('p1').isProbing(), t.channel('p1').aborted, t.inFlight()]).toEqual([false, 1, 0])
    const { request } = t.channel('p1')
    t.channel('p1').request = () => {
      throw new Error('synchronously')
    }
    await t.clock.advance(4_200)
    await t.request(READ, ['throws'])
    expect([t.breaker('p1').isProbing(), t.inFlight()]).toEqual([false, 0])
    t.channel('p1').request = request
    t.channel('p1').reply('one')
    await t.clock.advance(8_400)
    await t.request(READ)
    expect(t.state('p1')).toBe('closed')
    expect(t.eventsOf('breaker').map(({ from, to }) => `${from} ${to}`)).toEqual([
      'closed open',
      'open half-open',
      'half-open open',
      'open half-open',
      'half-open open',
      'open half-open',
      'half-open closed',
    ])
  })

  test('behavior: a backup is never probed by a copy', async () => {
    const t = createTestEngine({ providers: [{ isBackup: true }, {}] })
    t.breaker('p1').open(0, 10)
    await t.clock.advance(100)
    await repeat(t, 5)
    expect(t.channel('p1').count()).toBe(0)
  })

  test('behavior: a request that failed before its copy came back is still its probe', async () => {
    const t = await withOpen(createTestEngine())
    await t.clock.advance(2_100)
    t.channel('p1').reply('one', { after: 50 })
    t.channel('p2').fail(rpcError(3, 'execution reverted'))
    await expect(t.request(READ)).rejects.toMatchObject({ code: 3 })
    await t.clock.advance(50)
    expect(t.state('p1')).toBe('closed')
    expect(t.eventsOf('request')).toHaveLength(4)
  })
})
