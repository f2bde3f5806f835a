// Further rounds: which failures are worth one, how long the pause before it is, and who pays for it.

import { HttpRequestError, numberToHex } from 'viem'
import { describe, expect, test } from 'vitest'
import { NO_HEADERS } from '../../../src/channel/headers'
import { createTestEngine } from '../../support/engine'
import { networkError, rpcError } from '../../support/errors'

const READ = 'eth_getBalance'
const notYet = () => rpcError(-32000, 'header not found')

function timesOf(t: ReturnType<typeof createTestEngine>, id = 'p1') {
  return t.channel(id).calls.map(({ at }) => at)
}

describe('pauses', () => {
  test('full jitter: up to 150 x 2^(n-1), at most 2 s; here the longest', async () => {
    const providers = [{ breaker: { failures: 100 } }]
    const t = createTestEngine({ providers, options: { timeout: 20_000, retryBudget: 100 }, random: () => 1 })
    t.channel('p1').fail(rpcError(-32603, 'Internal error'))
    t.start(READ)
    await t.clock.advance(20_000)
    const pauses = timesOf(t).map((at, index, all) => at - (all[index - 1] ?? 0))
    expect(pauses.slice(0, 7)).toEqual([0, 300, 600, 1_200, 2_000, 2_000, 2_000])
  })

  test('full jitter: the shortest is none', async () => {
    const t = createTestEngine({ providers: 1, options: { rounds: 4 }, random: () => 0 })
    t.channel('p1').fail(notYet())
    const request = t.start(READ)
    await t.clock.advance(0)
    expect(request.ended).toMatchObject({ at: 0, error: { code: -32000 } })
    expect(timesOf(t)).toEqual([0, 0, 0, 0])
  })

  test('retry.delay is the base', async () => {
    const t = createTestEngine({ providers: 1, options: { retryDelay: 10, rounds: 3 } })
    t.channel('p1').fail(notYet())
    t.start(READ)
    await t.clock.advance(1_000)
    expect(timesOf(t)).toEqual([0, 10, 30])
  })

  test('retry.delay of 0: a request that leads without a pause, a thousand times and more, ends by its deadline', async () => {
    const t = createTestEngine({ providers: 1, options: { retryDelay: 0, timeout: 1_500 } })
    t.channel('p1').fail(networkError(), { after: 1 })
    const request = t.start(READ)
    await t.clock.advance(5_000)
    expect(t.channel('p1').count()).toBeGreaterThan(1_100)
    expect(request).toMatchObject({ times: 1, ended: { error: { name: 'AllProvidersFailedError' } } })
    expect(t.clock.pending.total).toBe(0)
  })
})

describe('which failures', () => {
  test.each([
    ['network', networkError(), 2],
    ['block-not-available', notYet(), 2],
    ['server-error', rpcError(-32603, 'Internal error'), 2],
    ['unsupported-method', rpcError(-32601, 'Method not found'), 1],
    ['missing-state', rpcError(-32000, 'missing trie node'), 1],
    ['unknown', rpcError(-32000, 'the moon is full'), 1],
    ['parse-error', rpcError(-32700, 'Parse error'), 1],
  ])('%s', async (kind, error, rounds) => {
    const t = createTestEngine({ providers: 1, options: { rounds: 2 } })
    t.channel('p1').fail(error)
    t.start(READ)
    await t.clock.advance(10_000)
    expect(t.eventsOf('attempt').map(({ failure }) => failure?.kind)).toEqual(Array(rounds).fill(kind))
  })

  test.each([
    ['as far above the head as blocks may come while it is old', 100 + 2 + 4, 2],
    ['further above it', 100 + 2 + 5, 1],
  ])('behavior: a block that nobody has, %s', async (_, height, rounds) => {
    const t = createTestEngine({ providers: 1, options: { rounds: 2, blockTime: 12_000 } })
    t.channel('p1').on('eth_blockNumber').reply('0x64').on(READ).fail(notYet())
    await t.request('eth_blockNumber')
    const request = t.start(READ, ['0x00', numberToHex(height)])
    await t.clock.advance(10_000)
    expect([t.channel('p1').count(READ), request.ended]).toMatchObject([rounds, { error: { code: -32000 } }])
  })

  test('behavior: given one provider whose `headers` function fails once, then it is asked again, and not blamed', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').once.fail(new HttpRequestError({ url: 'p1', details: `${NO_HEADERS}: no token` }))
    const request = t.start(READ)
    await t.clock.advance(1_000)
    expect(request.ended).toMatchObject({ value: '0x1' })
    expect(t.eventsOf('attempt').map(({ failure }) => failure?.blamed)).toEqual([false, undefined])
  })

  test('behavior: what a provider said for good is not asked of it again', async () => {
    const t = createTestEngine({ options: { rounds: 3 } })
    t.channel('p1').fail(rpcError(-32000, 'missing trie node'))
    t.channel('p2').fail(notYet())
    t.start(READ)
    await t.clock.advance(10_000)
    expect([t.channel('p1').count(), t.channel('p2').count()]).toEqual([1, 3])
  })

  test('behavior: once all others do not know a method, those are asked that were left out for it: a mistake of theirs was final', async () => {
    const unknown = rpcError(-32601, 'Method not found')
    const t = createTestEngine()
    const ask = async () => {
      const request = t.start(READ)
      await t.clock.advance(0)
      return request.ended
    }
    t.channel('p1').fail(unknown)
    expect(await ask()).toMatchObject({ value: '0x1' })
    t.channel('p1').reply('0x7')
    t.channel('p2').fail(unknown)
    expect(await ask()).toMatchObject({ value: '0x7' })
    t.channel('p1').fail(unknown)
    expect(await ask()).toMatchObject({ error: { code: -32601 } })
    expect(['p1', 'p2'].map((id) => t.channel(id).count())).toEqual([3, 3])
  })

  test('behavior: while one says something of the request, others that fail get 4 rounds, not all the time', async () => {
    const t = createTestEngine({ providers: 2 })
    t.channel('p1').fail(rpcError(-32000, 'not by our rules'))
    t.channel('p2').fail(networkError())
    for (const at of [0, 20_000]) {
      const request = t.start(READ)
      await t.clock.advance(2_000)
      expect(request.ended).toMatchObject({ error: { code: -32000, details: 'not by our rules' } })
      expect((request.ended?.at ?? Infinity) - at).toBeLessThan(2_000)
      await t.clock.advance(18_000)
    }
    expect(t.channel('p1').count()).toBeLessThanOrEqual(8)
  })

  test('behavior: within those, one that is back answers', async () => {
    const t = createTestEngine({ providers: 2 })
    t.channel('p1').fail(rpcError(-32000, 'not by our rules'))
    t.channel('p2').once.fail(networkError()).once.fail(networkError())
    t.channel('p2').reply('0x2')
    const request = t.start(READ)
    await t.clock.advance(2_000)
    expect(request.ended?.value).toBe('0x2')
  })
})

describe('the budget', () => {
  test('4 rounds are free while nobody else is in a second round, more are paid for', async () => {
    const t = createTestEngine({ providers: 1, options: { retryBudget: 0 } })
    t.channel('p1').fail(notYet())
    const request = t.start(READ)
    await t.clock.advance(10_000)
    expect(timesOf(t)).toEqual([0, 150, 450, 1_050])
    expect(request.ended).toMatchObject({ at: 2_050, error: { code: -32000 } })
  })

  test('16. given a budget that is spent, then no second round starts while another request is in its second', async () => {
    const t = createTestEngine({ providers: 1, options: { retryBudget: 0 } })
    t.channel('p1').fail(notYet())
    const [first, second] = [t.start(READ, [1]), t.start(READ, [2])]
    await t.clock.advance(10_000)
    // Both go into their second round at 150: the one that is first is alone in it for a moment, the other one is not.
    expect(t.channel('p1').calls.map(({ at }) => at)).toEqual([0, 0, 150, 450, 1_050])
    expect([first.ended?.at, second.ended?.at].sort()).toEqual([150, 2_050])
  })

  test('what nobody has for three seconds is not there', async () => {
    const t = createTestEngine({ options: { retryBudget: 100 } })
    for (const id of ['p1', 'p2']) t.channel(id).fail(notYet())
    const gone = t.start(READ)
    await t.clock.advance(10_000)
    expect(gone.ended?.error).toMatchObject({ code: -32000 })
    expect(gone.ended?.at).toBeGreaterThanOrEqual(3_000)
    expect(gone.ended?.at).toBeLessThanOrEqual(5_000)
  })

  test('a bucket of 20, a fifth of one more per request, one per attempt', async () => {
    const t = createTestEngine({ options: { timeout: 100_000 } })
    for (const id of ['p1', 'p2']) t.channel(id).fail(notYet())
    for (let index = 0; index < 100; index++) t.start(READ, [index])
    await t.clock.advance(100_000)
    const later = t.channel('p1').count() + t.channel('p2').count() - 200
    // The bucket is full when the 100 come; whoever is alone at the end has its four rounds (3 x 2) free.
    expect(later).toBeGreaterThanOrEqual(20)
    expect(later).toBeLessThanOrEqual(20 + 6)
    for (let index = 0; index < 50; index++) {
      t.start(READ, [], { provider: 'p1' })
      await t.clock.advance(2_000)
    }
    const before = t.channel('p1').count() + t.channel('p2').count()
    for (let index = 0; index < 10; index++) t.start(READ, [index])
    await t.clock.advance(100_000)
    const more = t.channel('p1').count() + t.channel('p2').count() - before - 20
    expect(more).toBeGreaterThanOrEqual(12)
    expect(more).toBeLessThanOrEqual(12 + 6)
  })

  test('behavior: a candidate that is not paid for does not cut off the one in flight', async () => {
    const t = createTestEngine({ providers: 4, options: { retryBudget: 1, hedge: { delay: 100 } } })
    t.channel('p4').once.fail(notYet()).reply('four', { after: 5_000 })
    t.channel('p1').once.fail(notYet()).reply('one', { after: 150 })
    t.channel('p2').once.fail(notYet()).fail(notYet(), { after: 20 })
    t.channel('p3').fail(notYet())
    // In its second round from 150 on, for free.
    t.start(READ, ['other'], { exclude: ['p1', 'p2', 'p3'] })
    await t.clock.advance(10)
    const request = t.start(READ, [], { exclude: ['p4'] })
    await t.clock.advance(1_000)
    // Its second round at 160 is paid for with the only unit; the hedge at 260 fails at 280, and p3 is not paid for.
    expect(request.ended).toEqual({ at: 310, value: 'one' })
    expect(t.channel('p3').count()).toBe(1)
  })

  test('behavior: one that paid for its four rounds and failed costs nobody else those that are free', async () => {
    const t = createTestEngine({ providers: 3, options: { retryBudget: 3, rounds: 4 } })
    t.channel('p1').fail(notYet())
    t.channel('p2').once.fail(notYet()).reply('two')
    t.channel('p3').once.fail(notYet()).reply('three', { after: 1_050 })
    // In its second round from 150 on, for free, until 1 200.
    t.start(READ, ['other'], { provider: 'p3' })
    await t.clock.advance(10)
    const payer = t.start(READ, [], { provider: 'p1' })
    await t.clock.advance(940)
    const request = t.start(READ, [], { provider: 'p2' })
    await t.clock.advance(2_000)
    expect(payer.ended).toMatchObject({ at: 1_060, error: { code: -32000 } })
    // It cannot pay at 1 100, and is alone when it looks again.
    expect(request.ended).toEqual({ at: 1_250, value: 'two' })
  })

  test('behavior: a request that waits for a provider in its second round is counted as retried once', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').fail(notYet())
    const request = t.start(READ)
    await t.clock.advance(160)
    t.channel('p1').reply('one')
    t.breaker('p1').open(160, 1e9)
    await t.clock.advance(1_000)
    expect(request.ended?.value).toBe('one')
    expect(t.status().requests.retried).toBe(1)
  })
})
