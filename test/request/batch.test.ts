// Requests that travel in batches, on the manual clock: what a batch says of its channel, when its members are hedged, and
// who waits where. Real http channels over a scripted fetch.

import { describe, expect, test } from 'vitest'
import { fullError } from '../../src/channel/channel'
import { createTree } from '../subscription/tree'
import type { TestEngine, TestEngineOptions, TestProvider } from '../support/engine'
import { createTestEngine } from '../support/engine'
import type { ManualClock } from '../support/manual-clock'
import { createManualClock } from '../support/manual-clock'
import type { ScriptedFetch } from '../support/scripted-fetch'
import { answersOf, createScriptedFetch } from '../support/scripted-fetch'

const READ = 'eth_getBalance'

/** One server a provider, each answering after 10 ms. */
function setUp(providers: readonly TestProvider[], options: TestEngineOptions['options'] = {}) {
  const clock = createManualClock()
  const servers = providers.map(() => createScriptedFetch(clock, 10))
  const entries = providers.map((entry, index) => ({ ...entry, fetch: (servers[index] as ScriptedFetch).fetch }))
  const t = createTestEngine({ providers: entries, options, clock })
  const many = (count: number, from = 0) => Array.from({ length: count }, (_, index) => t.start(READ, [from + index]))
  return { ...t, inFlight: t.inFlight, clock: clock as ManualClock, servers, many }
}

const shape = ({ posts }: ScriptedFetch) => posts.map(({ asked, isBatch }) => (isBatch ? asked.length : 'single'))
const ends = (requests: readonly ReturnType<TestEngine['start']>[]) => requests.map(({ ended }) => ended?.at)
const values = (requests: readonly ReturnType<TestEngine['start']>[]) => requests.map(({ ended }) => ended?.value)
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

test('where 10 000 wait, others go first, without an attempt that fails; where that many wait everywhere, none is refused', async () => {
  const t = setUp([{}, {}])
  const [one, two] = t.servers as [ScriptedFetch, ScriptedFetch]
  one.reply = () => 'hang'
  two.reply = () => 'hang'
  const early = t.many(160)
  await t.clock.settle()
  // Its eight batches are one each.
  const requests = t.many(25_000, 1_000)
  await t.clock.settle()
  expect([shape(one), shape(two)]).toEqual([Array(8).fill(20), Array(8).fill(20)])
  expect(two.posts[0]?.asked[0]).toBe(1_000 + 10_000 - 8)
  expect(t.status().providers.map(({ channels }) => channels.http?.inFlight)).toEqual([12_656, 12_504])
  expect([...early, ...requests].some(({ ended }) => ended)).toBe(false)
  expect(t.eventsOf('attempt')).toEqual([])
})

test('error: one that nobody has room for is told as that, without a code', async () => {
  const t = createTestEngine({ providers: [{}, {}] })
  for (const id of ['p1', 'p2']) t.channel(id).fail(fullError(id))
  const request = t.start(READ)
  await t.clock.advance(10_000)
  expect(request.ended?.error).toMatchObject({ name: 'AllProvidersFailedError' })
  expect(request.ended?.error.code).toBeUndefined()
  expect(request.ended?.error.attempts[0]).toMatchObject({ provider: 'p1', kind: 'network' })
  expect([t.state('p1'), t.breaker('p1').snapshot(0).failures]).toEqual(['closed', 0])
})

describe('a batch is one attempt', () => {
  test('default: it fails once for the breaker, and each member fails over', async () => {
    const t = setUp([{}, {}])
    const [one, two] = t.servers as [ScriptedFetch, ScriptedFetch]
    one.reply = () => ({ status: 503, body: 'down' })
    const requests = t.many(20)
    await t.clock.advance(20)
    expect([values(requests), shape(one), shape(two)]).toEqual([upTo(20), [20], [20]])
    expect([t.state('p1'), t.breaker('p1').snapshot(0).failures]).toEqual(['closed', 1])
    expect(t.eventsOf('attempt').filter(({ failure }) => failure?.blamed)).toHaveLength(20)
    expect(t.inFlight()).toBe(0)
  })

  test('behavior: after one is lost, no other leaves until a single call was answered', async () => {
    const t = setUp([{}, {}])
    const [one] = t.servers as [ScriptedFetch]
    one.reply = () => ({ status: 503, body: 'down' })
    t.many(20)
    await t.clock.advance(20)
    one.reply = (post) => ({ body: answersOf(post) })
    t.many(20, 100)
    await t.clock.advance(20)
    expect(shape(one)).toEqual([20, ...Array(8).fill('single'), 12])
    expect(t.status().providers[0]?.capabilities.learned.batchSize).toBeUndefined()
  })

  test.each([
    ['answers 500', { status: 500, body: 'oops' } as const],
    ['resets', new Error('socket hang up')],
    ['hangs', 'hang' as const],
  ])('behavior: given a provider that %s on every batch, single calls are all it gets after two', async (_, reply) => {
    const t = setUp([{}, {}])
    const [one] = t.servers as [ScriptedFetch]
    one.reply = (post) => (post.isBatch ? reply : { body: answersOf(post) })
    for (const turn of upTo(4)) {
      const requests = t.many(20, 100 * turn)
      await t.clock.advance(700)
      expect(values(requests)).toEqual(upTo(20).map((index) => 100 * turn + index))
    }
    expect(shape(one).filter((size) => size !== 'single')).toEqual([20, 12])
    expect(t.status().providers[0]?.capabilities.learned.batchSize).toBe(1)
    expect(t.state('p1')).toBe('closed')
  })

  test('behavior: it is one success', async () => {
    const t = setUp([{}, {}])
    const [one] = t.servers as [ScriptedFetch]
    t.many(20)
    await t.clock.advance(10)
    one.reply = () => ({ status: 503, body: 'down' })
    t.many(20, 100)
    await t.clock.advance(20)
    expect(t.status().providers[0]?.channels.http).toMatchObject({ success: 0.5, latency: { p50: 10 } })
  })

  test('behavior: a member that fails alone is held against nobody: the batch went well', async () => {
    const t = setUp([{}, {}])
    const [one] = t.servers as [ScriptedFetch]
    const error = { code: -32603, message: 'Internal error' }
    one.reply = (post) => ({ body: answersOf(post, (asked) => (Number(asked) % 10 === 0 ? { error } : undefined)) })
    for (const turn of upTo(30)) {
      t.many(10, turn * 10)
      await t.clock.advance(20)
    }
    expect([t.state('p1'), t.status().providers[0]?.channels.http?.success]).toEqual(['closed', 1])
    expect(t.eventsOf('attempt').filter(({ failure }) => failure?.blamed)).toEqual([])
    // Where all of them fail, it did not.
    one.reply = (post) => ({ body: answersOf(post, () => ({ error })) })
    t.many(10, 1_001)
    await t.clock.advance(20)
    expect(t.breaker('p1').snapshot(0).failures).toBe(1)
  })

  test.each([
    ['by its status', { status: 429, body: 'Too many', headers: { 'retry-after': '3' } }, 3_000],
    ['without a hint', { status: 429, body: 'Too many' }, 1_000],
  ])('behavior: one that is too much is one refusal: %s', async (_, refusal, cooldown) => {
    const t = setUp([{}])
    const [one] = t.servers as [ScriptedFetch]
    one.reply = () => refusal
    t.many(20)
    await t.clock.advance(15)
    expect(t.eventsOf('limit')).toEqual([{ provider: 'p1', kind: 'rate-limit', cooldown }])
  })

  test('behavior: so it is where each member is refused by itself, and some are not', async () => {
    const t = setUp([{}])
    const [one] = t.servers as [ScriptedFetch]
    const error = { code: -32005, message: 'rate limit exceeded' }
    one.reply = (post) => ({ body: answersOf(post, (asked) => (Number(asked) < 15 ? { error } : undefined)) })
    const requests = t.many(20)
    await t.clock.advance(15)
    expect(t.eventsOf('limit')).toEqual([{ provider: 'p1', kind: 'rate-limit', cooldown: 1_000 }])
    expect(values(requests).slice(15)).toEqual([15, 16, 17, 18, 19])
    one.reply = (post) => ({ body: answersOf(post, () => ({ error })) })
    await t.clock.advance(1_100)
    // The next one is the second step.
    expect(t.eventsOf('limit')[1]).toMatchObject({ cooldown: 2_000 })
  })

  test('125. given a batch with one failing item, then only that item fails over', async () => {
    const t = setUp([{}, {}])
    const [one, two] = t.servers as [ScriptedFetch, ScriptedFetch]
    const error = { code: -32000, message: 'missing trie node' }
    one.reply = (post) => ({ body: answersOf(post, (asked) => (asked === 3 ? { error } : undefined)) })
    const requests = t.many(8)
    await t.clock.advance(20)
    expect([values(requests), shape(one), two.posts.map(({ asked }) => asked)]).toEqual([upTo(8), [8], [[3]]])
    expect(ends(requests)).toEqual([10, 10, 10, 20, 10, 10, 10, 10])
  })

  test('behavior: a declared concurrency counts it as one: others have room beside it', async () => {
    const t = setUp([{ limits: { concurrency: 2 } }, {}])
    const [one, two] = t.servers as [ScriptedFetch, ScriptedFetch]
    // Two have room; what follows goes to the one that has some.
    t.many(2)
    await t.clock.advance(1)
    t.many(5, 100)
    await t.clock.advance(1)
    expect([shape(one), shape(two)]).toEqual([['single', 'single'], [5]])
    await t.clock.advance(20)
    expect(t.status().providers.map(({ channels }) => channels.http?.inFlight)).toEqual([0, 0])
  })
})

describe('waiting for a slot', () => {
  test('default: where nobody has room, they wait in the channel and leave as one batch', async () => {
    const t = setUp([{ limits: { concurrency: 1 } }])
    const [one] = t.servers as [ScriptedFetch]
    const requests = [...t.many(1)]
    await t.clock.advance(1)
    requests.push(...t.many(30, 1))
    await t.clock.advance(100)
    expect([shape(one), one.peak]).toEqual([['single', 20, 10], 1])
    expect([values(requests), new Set(ends(requests))]).toEqual([upTo(31), new Set([10, 20, 30])])
    expect(t.inFlight()).toBe(0)
  })

  test('behavior: they go where there is the least to do', async () => {
    const t = setUp([{ limits: { concurrency: 1 } }, { limits: { concurrency: 3 } }, { isBackup: true }])
    t.many(45)
    await t.clock.settle()
    // The backup has room: it takes what is over.
    expect(t.servers.map(({ posts }) => posts.reduce((sum, { asked }) => sum + asked.length, 0))).toEqual([1, 3, 41])
    const u = setUp([{ limits: { concurrency: 1 } }, { limits: { concurrency: 3 } }])
    u.many(44)
    await u.clock.advance(1_000)
    expect(u.servers.map(({ posts }) => posts.reduce((sum, { asked }) => sum + asked.length, 0))).toEqual([11, 33])
    expect(u.servers.map(({ peak }) => peak)).toEqual([1, 2])
  })

  test('behavior: a declared pace holds all the same', async () => {
    const t = setUp([{ limits: { concurrency: 1, requestsPerSecond: 10, burst: 5 } }])
    const [one] = t.servers as [ScriptedFetch]
    t.many(8)
    await t.clock.advance(1_000)
    expect(one.posts.map(({ at, asked }) => [Math.round(at), asked.length])).toEqual([
      [0, 5],
      [100, 1],
      [200, 1],
      [300, 1],
    ])
  })

  test('behavior: time in the queue is no latency and no reason to hedge', async () => {
    const t = setUp([{ limits: { concurrency: 1 } }], {})
    const u = setUp([{}, {}])
    for (const [setup, count] of [
      [t, 161],
      [u, 1_000],
    ] as const) {
      setup.many(count)
      await setup.clock.advance(2_000)
      expect(setup.status().requests).toMatchObject({ total: count, failed: 0, hedged: 0 })
      expect(setup.status().providers[0]?.channels.http?.latency).toEqual({ p50: 10, p95: 10 })
    }
    // 160 leave at a time: the last wait for six turns, longer than the hedge delay of 50 ms.
    expect(u.servers.map(({ posts }) => posts.length)).toEqual([50, 0])
  })

  test('behavior: a queue that does not move is left', async () => {
    const t = setUp([{ limits: { concurrency: 1 } }, { limits: { concurrency: 1 } }])
    const [one, two] = t.servers as [ScriptedFetch, ScriptedFetch]
    one.reply = two.reply = () => 'hang'
    t.many(2)
    await t.clock.advance(1)
    const [late] = t.many(1, 10)
    two.reply = (post) => ({ body: answersOf(post) })
    await t.clock.advance(498)
    // Both hang; the hedges of the two that hang free a slot of the second one only when it answers.
    expect(late?.ended).toBeUndefined()
    await t.clock.advance(9_501)
    expect(late?.ended).toMatchObject({ value: 10 })
  })

  test('behavior: when the breaker opens, those that wait go on with others at once', async () => {
    const t = setUp([{ breaker: { networkFailures: 1 } }, {}], { hedge: false })
    const [one, two] = t.servers as [ScriptedFetch, ScriptedFetch]
    one.reply = ({ asked }) => (asked[0] === 0 ? new TypeError('fetch failed') : 'hang')
    const requests = t.many(4)
    await t.clock.advance(5)
    requests.push(...t.many(4, 4))
    await t.clock.advance(1)
    const late = t.many(30, 100)
    await t.clock.advance(4)
    expect([t.state('p1'), shape(one).length]).toEqual(['open', 8])
    await t.clock.advance(20)
    expect([values(late), shape(two)]).toEqual([upTo(30).map((index) => 100 + index), [20, 11]])
    expect(requests.slice(1).map(({ ended }) => ended)).toEqual(Array(7).fill(undefined))
  })

  test.each([
    ['with others at once', [{}], 2],
    ['where they are, if there are none', [], 1],
  ])('behavior: when the provider says "too much", those that wait go on %s', async (_, others, server) => {
    const t = setUp([{}, ...others])
    const [one] = t.servers as [ScriptedFetch]
    const tooMuch = { status: 429, body: '', headers: { 'retry-after': '1' } }
    one.reply = (post) => (post.at < 8 ? tooMuch : { body: answersOf(post) })
    for (const param of upTo(8)) {
      t.many(1, 100 + param)
      await t.clock.advance(1)
    }
    const late = t.many(6)
    await t.clock.advance(12)
    expect([values(late), ends(late)]).toEqual([upTo(6), Array(6).fill(20)])
    const batch = t.servers[server - 1]?.posts.find(({ isBatch }) => isBatch)
    expect([batch?.at, batch?.asked.filter((param) => Number(param) < 100)]).toEqual([10, upTo(6)])
    await t.clock.advance(2_000)
    expect(t.status().requests.failed).toBe(0)
  })

  test('behavior: when a look at the head of the provider is refused, those that wait go on with others at once', async () => {
    const t = setUp([{}, {}], { consistency: 'head', hedge: false })
    const [one] = t.servers as [ScriptedFetch]
    const tooMuch = { status: 429, body: '', headers: { 'retry-after': '1' } }
    one.reply = ({ requests }) => (requests[0]?.method === 'eth_blockNumber' ? tooMuch : 'hang')
    for (const param of upTo(8)) {
      t.many(1, 100 + param)
      await t.clock.settle()
    }
    await t.clock.advance(5)
    const late = t.many(6)
    await t.clock.advance(15)
    expect([values(late), ends(late)]).toEqual([upTo(6), Array(6).fill(20)])
  })

  test('behavior: a head that has waited for its slot is as new as when it left', async () => {
    const t = setUp([{ limits: { concurrency: 1 } }], { consistency: 'head' })
    const [one] = t.servers as [ScriptedFetch]
    one.reply = (post) => ({ body: answersOf(post, () => ({ result: post.at < 10 ? '0x69' : '0x64' })) })
    const reads: ReturnType<TestEngine['start']>[] = []
    for (let turn = 0; turn < 2; turn++) {
      reads.push(t.start('eth_blockNumber', []))
      await t.clock.advance(1)
    }
    await t.clock.advance(20)
    // Nothing goes backwards for the caller, but the provider is known to have been set back.
    expect([values(reads), ends(reads)]).toEqual([
      ['0x69', '0x69'],
      [10, 20],
    ])
    expect(t.status().providers[0]?.head).toBe(0x64)
  })

  test('behavior: one that never left is blamed on nobody, and was not sent', async () => {
    const t = setUp([{ limits: { concurrency: 1 }, breaker: { failures: 1 } }], { rounds: 1, hedge: false })
    const [one] = t.servers as [ScriptedFetch]
    one.reply = () => 'hang'
    t.start(READ, [0], { timeout: 0 })
    await t.clock.advance(1)
    const send = t.start('eth_sendPrivateTransaction', ['0x01'], { timeout: 5_000 })
    await t.clock.advance(5_000)
    expect(send.ended?.error).toMatchObject({ name: 'AllProvidersFailedError', attempts: [{ kind: 'timeout' }] })
    expect([t.state('p1'), shape(one)]).toEqual(['closed', ['single']])
    expect(t.eventsOf('attempt').at(-1)).toMatchObject({ failure: { kind: 'timeout', blamed: false } })
  })

  test('behavior: a caller that gives up while it waits is not sent, and frees its place', async () => {
    const t = setUp([{ limits: { concurrency: 1 } }])
    const [one] = t.servers as [ScriptedFetch]
    const controller = new AbortController()
    t.many(1)
    await t.clock.advance(1)
    const given = t.start(READ, ['given up'], { signal: controller.signal })
    await t.clock.advance(1)
    controller.abort(new Error('enough'))
    await t.clock.advance(100)
    expect(given.ended).toMatchObject({ at: 2, error: { message: 'enough' } })
    expect([one.posts.map(({ asked }) => asked), t.inFlight()]).toEqual([[[0]], 0])
  })
})

describe('hedges', () => {
  test('behavior: members hedge each by itself, singly; the batch is aborted when the last has its answer', async () => {
    const t = setUp([{}, {}])
    const [one, two] = t.servers as [ScriptedFetch, ScriptedFetch]
    one.reply = () => 'hang'
    const requests = t.many(5)
    await t.clock.advance(509)
    expect([shape(two), two.posts[0]?.at, one.posts[0]?.isAborted]).toEqual([Array(5).fill('single'), 500, false])
    await t.clock.advance(1)
    expect([values(requests), ends(requests), one.posts[0]?.isAborted]).toEqual([upTo(5), Array(5).fill(510), true])
    // One attempt has lost, not five.
    expect([t.state('p1'), t.breaker('p1').snapshot(0).failures]).toEqual(['closed', 1])
    expect(t.inFlight()).toBe(0)
  })

  test('behavior: given hundreds fall silent at once, a hedge of each batch opens the breaker, and all go to the next', async () => {
    const t = setUp([{}, {}])
    const [one] = t.servers as [ScriptedFetch, ScriptedFetch]
    one.reply = () => 'hang'
    const requests = t.many(300)
    await t.clock.advance(1_000)
    expect(values(requests)).toEqual(upTo(300))
    expect(Math.max(...ends(requests).map((at) => at ?? Infinity))).toBeLessThan(700)
    expect(t.state('p1')).toBe('open')
  })

  test('behavior: given one batch of 20 falls silent, half of the budget is left, and the rest of it follows when it has lost', async () => {
    const t = setUp([{}, {}])
    const [one, two] = t.servers as [ScriptedFetch, ScriptedFetch]
    one.reply = () => 'hang'
    const requests = t.many(20)
    await t.clock.advance(509)
    expect(two.posts).toHaveLength(10)
    await t.clock.advance(1_000)
    expect(Math.max(...ends(requests).map((at) => at ?? Infinity))).toBe(560)
    expect([t.state('p1'), t.breaker('p1').snapshot(0).failures]).toEqual(['closed', 1])
  })

  test('behavior: batches are timed by batches: one that takes longer than a single call is not hedged for it', async () => {
    const t = setUp([{}, {}])
    const [one, two] = t.servers as [ScriptedFetch, ScriptedFetch]
    for (const turn of upTo(20)) {
      t.many(1, turn)
      await t.clock.advance(10)
    }
    one.latency = 100
    t.many(20, 100)
    await t.clock.advance(100)
    for (const turn of upTo(5)) {
      t.many(20, 1_000 * turn)
      await t.clock.advance(100)
    }
    expect([two.posts.length, t.status().requests.hedged]).toEqual([0, 0])
    // And one that hangs is, after three times what batches take.
    one.reply = () => 'hang'
    const start = t.clock.now()
    const requests = t.many(5, 9_000)
    await t.clock.advance(1_000)
    expect([two.posts[0]?.at, ends(requests)[0]]).toEqual([start + 300, start + 310])
  })

  test('behavior: one that has waited for a slot is hedged as soon after it left as one that has not', async () => {
    const t = setUp([{}, {}])
    const [one, two] = t.servers as [ScriptedFetch, ScriptedFetch]
    for (const turn of upTo(20)) {
      t.many(1, turn)
      await t.clock.advance(10)
    }
    const start = t.clock.now()
    one.latency = 40
    for (const param of upTo(8)) {
      t.many(1, 200 + param)
      await t.clock.settle()
    }
    one.reply = (post) => (post.at >= start + 40 ? 'hang' : { body: answersOf(post) })
    const [late] = t.many(1, 100)
    await t.clock.advance(300)
    expect([late?.ended?.value, two.posts.at(-1)?.at]).toEqual([100, start + 90])
  })

  test('behavior: one that still waits when its hedge would be due is hedged as soon after it left as any other', async () => {
    const t = setUp([{}, {}], { hedge: { delay: 100 } })
    const [one, two] = t.servers as [ScriptedFetch, ScriptedFetch]
    one.latency = 120
    for (const param of upTo(8)) {
      t.start(READ, [200 + param], { provider: 'p1' })
      await t.clock.settle()
    }
    one.reply = () => 'hang'
    const [late] = t.many(1, 100)
    await t.clock.advance(1_000)
    expect([late?.ended, two.posts.map(({ at }) => at)]).toEqual([{ at: 230, value: 100 }, [220]])
  })

  test('behavior: traces and wide logs share no batch', async () => {
    const t = setUp([{}])
    const [one] = t.servers as [ScriptedFetch]
    for (const index of upTo(6)) {
      t.start('debug_traceTransaction', [index])
      t.start('eth_getLogs', [{ fromBlock: '0x0', toBlock: '0x2710' }])
      t.start('eth_getLogs', [{ fromBlock: '0x0', toBlock: '0x1' }])
    }
    await t.clock.advance(10)
    expect(shape(one).filter((one) => one !== 'single')).toEqual([6])
  })

  test('behavior: nor do the pieces of wide logs', async () => {
    const t = setUp([{ capabilities: { logs: { maxBlockRange: 500 } } }], { logs: { concurrency: 10 } })
    const [one] = t.servers as [ScriptedFetch]
    one.reply = (post) => ({
      body: answersOf(post, (asked) => ({ result: asked === 'eth_blockNumber' ? '0xfa0' : [] })),
    })
    const logs = t.start('eth_getLogs', [{ fromBlock: '0x0', toBlock: '0xf9f' }])
    await t.clock.advance(40)
    // One more for the head.
    expect([logs.ended?.value, shape(one)]).toEqual([[], Array(9).fill('single')])
    // They are one request all the same, also where each of them fails.
    expect(t.status().requests).toMatchObject({ total: 1, failed: 0 })
    one.reply = () => ({ body: { error: { code: -32000, message: 'the moon is full' } } })
    const failed = t.start('eth_getLogs', [{ fromBlock: '0x0', toBlock: '0xf9f' }])
    await t.clock.advance(20)
    expect(failed.ended?.error).toBeDefined()
    expect(t.status().requests).toMatchObject({ total: 2, failed: 1 })
  })

  test('behavior: blocks that a stream has missed are asked for together', async () => {
    const t = setUp([{}])
    const [one] = t.servers as [ScriptedFetch]
    const tree = createTree(t.clock)
    one.reply = (post) => ({
      body: answersOf(post, (asked) => ({
        result: asked === 'latest' ? tree.head().raw : tree.chain().find(({ number }) => number === Number(asked))?.raw,
      })),
    })
    const seen: number[] = []
    const subscribed = t.engine.subscriptions.subscribe(
      t.face,
      { params: ['newHeads'], onData: ({ result }: any) => void seen.push(Number(result.number)), onError() {} },
      undefined,
    )
    await t.clock.advance(1_000)
    await subscribed
    tree.mine(1)
    await t.clock.advance(20_000)
    tree.mine(40)
    await t.clock.advance(20_000)
    expect(seen).toEqual(upTo(41).map((index) => 101 + index))
    expect(shape(one).filter((size) => size !== 'single')).toEqual([16, 16, 7])
    await t.engine.close()
  })

  test('behavior: reads of our own that nobody can abort wait for a slot as those of callers do', async () => {
    const t = setUp([{}])
    const [one] = t.servers as [ScriptedFetch]
    for (const index of upTo(8)) {
      t.many(1, index)
      await t.clock.advance(0.1)
    }
    for (const index of upTo(12)) {
      const request = { method: READ, params: [100 + index] }
      void t.engine.request({ ...t.face, request, plan: { ...t.planner(request), isInner: true } })
      await t.clock.advance(0.1)
    }
    expect(shape(one)).toEqual(Array(8).fill('single'))
    await t.clock.advance(20)
    expect(shape(one).slice(8)).toEqual([12])
  })

  test('behavior: nor do writes and filters', async () => {
    const t = setUp([{}])
    const [one] = t.servers as [ScriptedFetch]
    for (const index of upTo(6)) {
      t.start('evm_mine', [index])
      t.start('eth_newFilter', [{ address: index }])
      t.start('eth_sendRawTransaction', ['0x01'])
    }
    await t.clock.advance(10)
    const together = one.posts.filter(({ isBatch }) => isBatch).flatMap(({ requests }) => requests)
    expect([...new Set(together.map(({ method }) => method))]).toEqual(['eth_getBlockByNumber'])
  })
})

describe('what is learned', () => {
  test('default: a refused batch lowers the size for half an hour, seen in status() and told once', async () => {
    const t = setUp([{}])
    const [one] = t.servers as [ScriptedFetch]
    const error = { code: -32005, message: 'Batch size too large. Maximum is 6' }
    one.reply = (post) => ({ body: post.asked.length > 6 ? { id: null, error } : answersOf(post) })
    const requests = t.many(20)
    await t.clock.advance(20)
    expect([values(requests), shape(one)]).toEqual([upTo(20), [20, ...Array(20).fill('single')]])
    expect(t.status().providers[0]?.capabilities.learned).toEqual({ unsupportedMethods: [], batchSize: 6 })
    expect(t.eventsOf('capability')).toEqual([
      { provider: 'p1', what: 'batchSize', from: '20', to: '6', why: 'batch-refused' },
    ])
    t.many(12, 100)
    await t.clock.advance(10)
    expect(shape(one).slice(21)).toEqual([6, 6])
    await t.clock.advance(30 * 60_000)
    expect(t.status().providers[0]?.capabilities.learned).toEqual({ unsupportedMethods: [] })
    t.many(12, 200)
    await t.clock.advance(20)
    expect(shape(one)[23]).toBe(12)
  })

  test('behavior: no failure is told of, and nobody is blamed', async () => {
    const t = setUp([{}, {}])
    const [one, two] = t.servers as [ScriptedFetch, ScriptedFetch]
    one.reply = (post) => ({ body: post.isBatch ? { error: 'batches are not supported' } : answersOf(post) })
    t.many(5)
    await t.clock.advance(20)
    expect(t.eventsOf('attempt').map(({ outcome, duration }) => [outcome, duration])).toEqual(
      Array(5).fill(['success', 20]),
    )
    expect([two.posts.length, t.breaker('p1').snapshot(0).failures]).toEqual([0, 0])
    expect(t.status().providers[0]?.channels.http?.latency.p50).toBe(10)
  })
})
