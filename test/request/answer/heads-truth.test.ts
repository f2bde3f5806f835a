// What callers are told of the newest blocks: nothing goes backwards but by decision, and no answer is taken while another
// provider may know better. Manual clock, scripted nodes.

import { describe, expect, test } from 'vitest'
import type { RpcRequest } from '../../../src/types'
import type { TestEngineOptions, TestRequestOptions } from '../../support/engine'
import { createTestEngine } from '../../support/engine'
import { networkError, rpcError } from '../../support/errors'
import type { ScriptedChannel } from '../../support/scripted-channel'

const HEAD = 'eth_blockNumber'
const BLOCK = 'eth_getBlockByNumber'
const RECEIPT = 'eth_getTransactionReceipt'
const LOGS = 'eth_getLogs'
const HASH = `0x${'ab'.repeat(32)}`
const hex = (height: number) => `0x${height.toString(16)}`

/** What a node at some height answers; several nodes behind one address answer in turn. */
function serve(channel: ScriptedChannel, heightOf: () => number) {
  channel.on(HEAD).reply(() => hex(heightOf()))
  channel.on(BLOCK).reply(({ params }: RpcRequest) => {
    const [block] = params as [string]
    const head = heightOf()
    const height =
      block === 'latest' ? head : block === 'finalized' ? head - 10 : block === 'safe' ? head - 5 : Number(block)
    return height <= head ? { number: hex(height), hash: `0x${height}` } : null
  })
  channel.on(RECEIPT).reply(() => (heightOf() >= 101 ? { blockNumber: hex(101), transactionHash: HASH } : null))
  channel.on(LOGS).reply(({ params }: RpcRequest) => {
    const [{ fromBlock, toBlock }] = params as [{ fromBlock: string; toBlock?: string }]
    const logs: { blockNumber: string }[] = []
    for (let height = Number(fromBlock); height <= Math.min(heightOf(), Number(toBlock ?? Infinity)); height++)
      logs.push({ blockNumber: hex(height) })
    return logs
  })
}

function setUp(heights: (number | number[])[], options: TestEngineOptions['options'] = {}) {
  const engine = createTestEngine({ providers: heights.length, options: { consistency: 'head', ...options } })
  const p = (number: number) => engine.channel(`p${number}`)
  for (const index of heights.keys())
    serve(p(index + 1), () => {
      const height = heights[index] as number | number[]
      return typeof height === 'number'
        ? height
        : height.length > 1
          ? (height.shift() as number)
          : (height[0] as number)
    })
  const number = async () => Number(await engine.request(HEAD))
  const start = (
    ...given: Parameters<typeof engine.start>
  ): { ended: { at: number; value?: any; error?: any } | undefined } => engine.start(...given)
  const end = async (method: string, params: unknown[] = [], options?: TestRequestOptions) => {
    const seen = start(method, params, options)
    await engine.clock.settle()
    return seen
  }
  return {
    ...engine,
    heights,
    p,
    number,
    start,
    end,
    counts: (method: string) => heights.map((_, index) => p(index + 1).count(method)),
  }
}

describe('numbers', () => {
  test('behavior: a number below the one shown before is not taken while another provider may know better', async () => {
    const engine = setUp([101, 101])
    expect(await engine.number()).toBe(101)
    await engine.clock.advance(2_000)
    engine.heights[0] = 100
    expect([await engine.number(), engine.counts(HEAD)]).toEqual([101, [2, 2]])
  })

  test('behavior: nor is room waited for at another one, where all of it is taken', async () => {
    const engine = createTestEngine({
      providers: [{}, { limits: { concurrency: 1 } }],
      options: { consistency: 'head' },
    })
    engine.channel('p2').on('evm_mine').hang()
    engine.channel('p1').reply(hex(101))
    engine.start('evm_mine', [], { provider: 'p2' })
    await engine.request(HEAD)
    engine.channel('p1').reply(hex(100))
    expect(await engine.request(HEAD)).toBe(hex(101))
  })

  test('behavior: providers that alternate four blocks behind never take the number backwards', async () => {
    const engine = setUp([100, 100])
    const seen: number[] = []
    for (let step = 0; step < 100; step++) {
      const head = 100 + step
      engine.heights[step % 2] = head
      engine.heights[(step + 1) % 2] = head - 4
      seen.push(await engine.number())
      await engine.clock.advance(200)
    }
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(engine.eventsOf('reorg')).toEqual([])
  })

  test('behavior: the very first answer waits for the heads of the others, so that a laggard is found out', async () => {
    const engine = setUp([60, 100, 100])
    for (const number of [2, 3]) engine.p(number).on(HEAD).once.reply(hex(100), { after: 20 })
    const first = engine.start(HEAD)
    const state = engine.start('eth_getBalance', ['0xa', 'latest'])
    await engine.clock.advance(20)
    expect([first.ended, state.ended]).toEqual([
      { at: 20, value: hex(100) },
      { at: 20, value: '0x1' },
    ])
    expect(engine.counts('eth_getBalance')).toEqual([1, 1, 0])
    expect(engine.eventsOf('dispute')).toEqual([])
  })

  test('behavior: however far away they are: the time counts from the first answer', async () => {
    const engine = setUp([60, 100])
    engine.p(1).on(HEAD).once.reply(hex(60), { after: 400 })
    engine.p(2).on(HEAD).once.reply(hex(100), { after: 450 })
    const first = engine.start(HEAD)
    await engine.clock.advance(449)
    expect(first.ended).toBeUndefined()
    await engine.clock.advance(1)
    expect(first.ended).toEqual({ at: 450, value: hex(100) })
  })

  test('behavior: nor where it would be given up before: an answer that lay there was held against its provider as a timeout', async () => {
    const engine = setUp([100, 100])
    engine.p(2).on(HEAD).hang()
    const first = engine.start(HEAD, [], { timeout: 150 })
    await engine.clock.advance(100)
    expect(first.ended).toEqual({ at: 0, value: hex(100) })
    expect(engine.eventsOf('attempt').map(({ outcome }) => outcome)).toEqual(['success'])
  })

  test('behavior: but not for longer than 100 ms, and only that once', async () => {
    const engine = setUp([60, 100])
    engine.p(2).on(HEAD).hang()
    const first = engine.start(HEAD)
    await engine.clock.advance(99)
    expect(first.ended).toBeUndefined()
    await engine.clock.advance(1)
    expect(first.ended).toEqual({ at: 100, value: hex(60) })
    expect((await engine.end(HEAD)).ended?.at).toBe(100)
  })

  test('behavior: the wait is not the time of its provider: no hedge is sent for it, and it is not measured', async () => {
    const engine = setUp([100, 100, 100], { hedge: { delay: 50 } })
    engine.p(1).on('eth_getBalance').reply('0x1', { after: 10 })
    engine.p(2).on(HEAD).hang()
    const first = engine.start('eth_getBalance', ['0xa', 'latest'])
    await engine.clock.advance(1_000)
    expect(first.ended?.at).toBe(110)
    expect(engine.status().requests.hedged).toBe(0)
    expect(engine.status().providers[0]?.channels.http?.latency.p50).toBe(10)
    expect(engine.eventsOf('attempt').map(({ duration }) => duration)).toEqual([10])
  })

  test('behavior: one that is given up during the wait is over, however long was slept meanwhile', async () => {
    const engine = setUp([100, 100, 100])
    engine.p(1).on('eth_getBalance').reply('0x1', { after: 10 })
    engine.p(2).on(HEAD).hang()
    const controller = new AbortController()
    const first = engine.start('eth_getBalance', ['0xa', 'latest'], { signal: controller.signal })
    await engine.clock.advance(20)
    controller.abort(new Error('enough'))
    await engine.clock.jump(20_000)
    await engine.clock.advance(5_000)
    expect(first).toMatchObject({ times: 1, ended: { at: 20 } })
    expect(engine.eventsOf('attempt').map(({ outcome }) => outcome)).toEqual(['aborted'])
    expect(engine.clock.pending.total).toBe(0)
  })

  test('behavior: behind one address with nodes that differ, the number stays at what was shown', async () => {
    const engine = setUp([[101, 100, 101, 100, 102, 101]])
    const seen: number[] = []
    for (let poll = 0; poll < 6; poll++) {
      seen.push(await engine.number())
      await engine.clock.advance(500)
    }
    expect(seen).toEqual([101, 101, 101, 101, 102, 102])
    expect(engine.eventsOf('reorg')).toEqual([])
  })

  test('behavior: `latest`, `safe` and `finalized` blocks do not go backwards either', async () => {
    const engine = setUp([[101, 101, 101, 100]])
    const numbers: number[] = []
    for (const tag of ['latest', 'safe', 'finalized', 'latest', 'safe', 'finalized']) {
      const seen = engine.start(BLOCK, [tag, false])
      await engine.clock.advance(800)
      numbers.push(Number(seen.ended?.value.number))
    }
    expect(numbers).toEqual([101, 96, 91, 101, 96, 91])
  })

  test('behavior: a `safe` block that is the one shown before is asked of nobody else', async () => {
    const engine = setUp([101, 101])
    for (let call = 0; call < 2; call++) await engine.request(BLOCK, ['safe', false])
    expect(engine.counts(BLOCK)).toEqual([2, 0])
  })

  test('behavior: a `safe` block below the one shown before is not given if nobody has that one: the one shown before is', async () => {
    const engine = setUp([101, 101])
    await engine.request(BLOCK, ['safe', false])
    engine.heights[0] = 95
    engine.p(2).on(BLOCK).fail(networkError())
    const seen = engine.start(BLOCK, ['safe', false])
    await engine.clock.advance(1_000)
    expect([seen.ended?.at, seen.ended?.value.number]).toEqual([700, hex(96)])
  })

  test('behavior: with `consistency: none` they are passed on as they come', async () => {
    const engine = setUp([101, 101], { consistency: 'none' })
    await engine.number()
    engine.heights[0] = 100
    expect([await engine.number(), engine.counts(HEAD)]).toEqual([100, [2, 0]])
  })

  test('behavior: who asks one provider alone gets its own number', async () => {
    const engine = setUp([101, 95])
    await engine.number()
    expect(await engine.request(HEAD, [], { provider: 'p2' })).toBe(hex(95))
  })
})

describe('a head that is behind', () => {
  test('behavior: by as much as `maxLag`, it is taken; by more, that of another one is', async () => {
    const level = setUp([98, 100], { maxLag: 2 })
    expect([await level.number(), level.counts(HEAD)]).toEqual([98, [1, 1]])
    expect(await setUp([97, 100], { maxLag: 2 }).number()).toBe(100)
  })

  test('behavior: if nobody else answers it is given, and an event says so', async () => {
    const engine = setUp([60, 100])
    engine.p(2).on(HEAD).once.reply(hex(100)).on(HEAD).fail(networkError())
    const seen = await engine.end(HEAD)
    expect(seen.ended).toEqual({ at: 0, value: hex(60) })
    expect(engine.eventsOf('dispute')).toEqual([
      { method: HEAD, provider: 'p1', what: 'its head is behind', block: 100, head: 60 },
    ])
  })
})

describe('a head far ahead', () => {
  test('behavior: alone, it is believed once its provider has given that block', async () => {
    const engine = setUp([100])
    await engine.number()
    engine.heights[0] = 5_000
    expect([await engine.number(), engine.counts(BLOCK)]).toEqual([5_000, [1]])
    expect([engine.status().head, engine.eventsOf('dispute')]).toEqual([5_000, []])
  })

  test('behavior: alone, without that block the number shown before is given, and an event says so', async () => {
    const engine = setUp([100])
    await engine.number()
    engine.p(1).on(HEAD).reply(hex(5_000))
    expect(await engine.number()).toBe(100)
    expect(engine.status().head).toBe(100)
    expect(engine.eventsOf('dispute')).toEqual([
      { method: HEAD, provider: 'p1', what: 'its head is far ahead of all others', block: 100, head: 5_000 },
    ])
  })

  test('behavior: what its provider cannot be asked for is learned of that method, not of the head', async () => {
    const engine = setUp([100])
    await engine.number()
    engine.p(1).on(HEAD).reply(hex(5_000))
    engine.p(1).on(BLOCK).fail(rpcError(-32601, 'Method not found'))
    expect(await engine.number()).toBe(100)
    expect(engine.status().providers[0]?.capabilities.learned.unsupportedMethods).toEqual([BLOCK])
  })

  test('behavior: a receipt is no such proof, the block itself is', async () => {
    const engine = setUp([100])
    await engine.number()
    engine
      .p(1)
      .on(RECEIPT)
      .reply({ blockNumber: hex(5_000) })
    await engine.request(RECEIPT, [HASH])
    expect([engine.status().head, await engine.number()]).toEqual([100, 100])
    engine.heights[0] = 5_000
    expect(Number(((await engine.request(BLOCK, ['latest', false])) as { number: string }).number)).toBe(5_000)
    expect([engine.status().head, engine.counts(BLOCK)]).toEqual([5_000, [1]])
  })

  test('behavior: among others, theirs is taken', async () => {
    const engine = setUp([100, 100, 100])
    await engine.number()
    await engine.clock.advance(1_000)
    engine.p(1).on(HEAD).reply(hex(9_000_000))
    expect([await engine.number(), engine.status().head]).toEqual([100, 100])
  })
})

describe('the decision to take a lower head', () => {
  test('behavior: what was asked before it takes no number back that was given since', async () => {
    const engine = setUp([105, 105, 105], { hedge: false })
    await engine.number()
    await engine.clock.advance(1_000)
    engine.heights.fill(50)
    engine.p(1).on(HEAD).once.reply(hex(49), { after: 400 })
    const slow = engine.start(HEAD, [], { provider: 'p1', allowFailover: true })
    await engine.clock.advance(1)
    expect(await engine.number()).toBe(50)
    engine.heights.fill(52)
    await engine.clock.advance(100)
    expect(await engine.number()).toBe(52)
    await engine.clock.advance(1_000)
    expect(slow.ended?.value).toBe(hex(52))
  })

  test('behavior: nor a finalized block', async () => {
    const engine = setUp([105, 105, 105], { hedge: false })
    await engine.number()
    await engine.clock.advance(1_000)
    engine.heights.fill(50)
    const blockAt = (height: number) => ({ number: hex(height), hash: HASH })
    const p1 = engine.p(1).on(BLOCK)
    p1.once.reply(blockAt(40), { after: 400 })
    const slow = engine.start(BLOCK, ['finalized', false], { provider: 'p1', allowFailover: true })
    await engine.clock.advance(1)
    expect(await engine.number()).toBe(50)
    p1.reply(blockAt(42))
    expect(await engine.request(BLOCK, ['finalized', false])).toMatchObject({ number: hex(42) })
    await engine.clock.advance(1_000)
    expect(slow.ended?.value).toMatchObject({ number: hex(42) })
  })

  test('behavior: every usable provider, asked after the higher number was seen, is lower', async () => {
    const engine = setUp([105, 105, 105])
    await engine.number()
    await engine.clock.advance(1_000)
    engine.heights.fill(50)
    expect(await engine.number()).toBe(50)
    expect(engine.eventsOf('reorg')).toEqual([{ from: 51, to: 105, depth: 55, reset: true }])
    expect(await engine.number()).toBe(50)
    expect([engine.status().head, engine.counts(HEAD)]).toEqual([50, [3, 2, 2]])
  })

  test('behavior: not while one of them cannot be reached; nor is one with an open breaker waited for', async () => {
    const engine = setUp([105, 105])
    await engine.number()
    engine.heights.fill(50)
    engine.p(2).on(HEAD).fail(new Error('down'))
    expect([await engine.number(), engine.eventsOf('reorg')]).toEqual([105, []])
    engine.breaker('p2').open(engine.clock.now())
    await engine.number()
    await engine.clock.advance(1_000)
    expect([await engine.number(), engine.eventsOf('reorg').length]).toEqual([50, 1])
  })

  test('behavior: one provider alone must say so twice, one second apart', async () => {
    const engine = setUp([105])
    await engine.number()
    engine.heights[0] = 50
    expect(await engine.number()).toBe(105)
    await engine.clock.advance(999)
    expect(await engine.number()).toBe(105)
    await engine.clock.advance(1)
    expect(await engine.number()).toBe(50)
    expect(engine.eventsOf('reorg')).toEqual([{ from: 51, to: 105, depth: 55, reset: true }])
  })

  // As at a node of flashblocks: transactions are found while their block is still being made.
  test.each([[[100]], [[100, 100]], [[100, 100, 100]]])(
    'behavior: a receipt of a block that is no head yet (%j): the number is the head, and the chain is not taken to be shorter',
    async (heights) => {
      const engine = setUp(heights)
      const seen = [await engine.number()]
      engine
        .p(1)
        .on(RECEIPT)
        .reply({ blockNumber: hex(101), transactionHash: HASH })
      for (const height of [100, 100, 101, 101]) {
        engine.heights.fill(height)
        await engine.request(RECEIPT, [HASH])
        await engine.clock.advance(600)
        seen.push(await engine.number())
      }
      expect(seen).toEqual([100, 100, 100, 101, 101])
      expect([engine.eventsOf('reorg'), engine.eventsOf('dispute')]).toEqual([[], []])
    },
  )

  test.each([
    ['one', [[100]]],
    ['one', [[40, 100]]],
    ['all of two', [[100], [100]]],
  ])(
    'behavior: only a receipt was shown of the newest blocks, and %s (%j) shows a head far below: that is a reset',
    async (_, given) => {
      const engine = setUp(given)
      if (given[0]?.[0] === 40) await engine.number()
      for (const index of given.keys())
        engine
          .p(index + 1)
          .on(RECEIPT)
          .reply({ blockNumber: hex(100), transactionHash: HASH })
      await engine.request(RECEIPT, [HASH])
      engine.heights.fill(50)
      await engine.number()
      await engine.clock.advance(1_000)
      expect(await engine.number()).toBe(50)
      expect(engine.eventsOf('reorg')).toEqual([{ from: 51, to: 100, depth: 50, reset: true }])
    },
  )

  test('behavior: where another one cannot be asked, the number is still that of a head', async () => {
    const engine = setUp([100, 100])
    await engine.number()
    engine
      .p(1)
      .on(RECEIPT)
      .reply({ blockNumber: hex(101), transactionHash: HASH })
    await engine.request(RECEIPT, [HASH])
    engine.p(2).on(HEAD).fail(new Error('down'))
    expect(await engine.number()).toBe(100)
  })

  test('behavior: twice means without the higher one in between', async () => {
    const engine = setUp([[105, 50, 105, 50, 50]])
    const seen: number[] = []
    for (let poll = 0; poll < 5; poll++) {
      seen.push(await engine.number())
      await engine.clock.advance(600)
    }
    expect(seen).toEqual([105, 105, 105, 105, 105])
    expect(await engine.number()).toBe(50)
  })

  test.each(['evm_revert', 'anvil_reset', 'hardhat_reset', 'anvil_reorg', 'anvil_rollback'])(
    'behavior: %s passed through: the lower head is taken at once',
    async (method) => {
      const engine = setUp([105])
      await engine.number()
      engine
        .p(1)
        .on(method)
        .reply(() => {
          engine.heights[0] = 50
          return true
        })
      await engine.request(method, ['0x1'])
      expect([await engine.number(), engine.eventsOf('reorg')]).toEqual([
        50,
        [{ from: 51, to: 105, depth: 55, reset: true }],
      ])
    },
  )

  test('behavior: an evm_revert that says that it did nothing is no reset', async () => {
    const engine = setUp([105])
    await engine.number()
    engine.p(1).on('evm_revert').reply(false)
    await engine.request('evm_revert', ['0x1'])
    expect([await engine.number(), engine.eventsOf('reorg')]).toEqual([105, []])
  })

  test('behavior: what was asked before the chain went back is not held against what came after', async () => {
    const engine = setUp([105])
    await engine.number()
    engine.p(1).on(HEAD).once.reply(hex(106), { after: 100 })
    const slow = engine.start(HEAD)
    engine.heights[0] = 50
    await engine.clock.advance(10)
    await engine.request('evm_revert', ['0x1'])
    await engine.clock.advance(100)
    expect([slow.ended?.value, await engine.number()]).toEqual([hex(106), 50])
  })
})

describe('null', () => {
  test('behavior: a block at or below the best head is asked of another provider', async () => {
    const engine = setUp([100, 101])
    await engine.request(HEAD, [], { provider: 'p2' })
    engine.p(2).on(HEAD).hang()
    const { ended } = await engine.end(BLOCK, [hex(101), false])
    expect([ended?.at, ended?.value.number, engine.counts(BLOCK)]).toEqual([0, hex(101), [0, 1]])
    await engine.clock.advance(100_000)
    engine.heights[1] = 102
    const later = await engine.end(BLOCK, [hex(101), false])
    expect([later.ended?.at, later.ended?.value.number]).toEqual([100_000, hex(101)])
    expect(engine.eventsOf('dispute')).toEqual([])
  })

  test('behavior: if nobody else may have it, the same one is asked again after 100, 200 and 400 ms', async () => {
    const engine = setUp([101])
    await engine.number()
    engine.heights[0] = 100
    const seen = engine.start(BLOCK, [hex(101), false])
    await engine.clock.advance(500)
    expect(
      engine
        .p(1)
        .calls.filter(({ method }) => method === BLOCK)
        .map(({ at }) => at),
    ).toEqual([0, 100, 300])
    expect(seen.ended).toBeUndefined()
    engine.heights[0] = 101
    await engine.clock.advance(200)
    expect([seen.ended?.at, seen.ended?.value.number]).toEqual([700, hex(101)])
    expect(engine.eventsOf('dispute')).toEqual([])
  })

  test('behavior: then the honest answer is given, and an event says so', async () => {
    const engine = setUp([101])
    await engine.number()
    engine.heights[0] = 100
    const seen = engine.start(BLOCK, [hex(101), false])
    await engine.clock.advance(1_000)
    expect([seen.ended, engine.counts(BLOCK)]).toEqual([{ at: 700, value: null }, [4]])
    expect(engine.eventsOf('dispute')).toEqual([
      { method: BLOCK, provider: 'p1', what: 'it has no such block, others are past it', block: 101, head: 101 },
    ])
    expect([engine.inFlight(), engine.clock.pending.after]).toEqual([0, 0])
  })

  test('behavior: behind one address with nodes that differ by a block, a block that was announced is never null', async () => {
    const engine = setUp([[101, 100, 100, 101]])
    expect(await engine.number()).toBe(101)
    const seen = engine.start(BLOCK, [hex(101), false])
    await engine.clock.advance(1_000)
    expect([seen.ended?.at, seen.ended?.value.number]).toEqual([300, hex(101)])
  })

  test('behavior: a block beyond the best head is null at once', async () => {
    const engine = setUp([101, 101])
    await engine.number()
    const { ended } = await engine.end(BLOCK, [hex(102), false])
    expect([ended, engine.counts(BLOCK)]).toEqual([{ at: 0, value: null }, [1, 0]])
  })

  test('behavior: for what is no number of a block, null is the answer at once', async () => {
    const engine = setUp([101, 101])
    await engine.number()
    engine.p(1).on(BLOCK).reply(null)
    const { ended } = await engine.end(BLOCK, ['pending', false])
    expect([ended, engine.counts(BLOCK)]).toEqual([{ at: 0, value: null }, [1, 0]])
  })

  test('behavior: the receipts of a block at or below the best head are asked of another provider', async () => {
    const engine = setUp([101, 101])
    await engine.number()
    engine.p(1).on('eth_getBlockReceipts').reply(null)
    engine.p(2).on('eth_getBlockReceipts').reply([])
    const { ended } = await engine.end('eth_getBlockReceipts', [hex(101)])
    expect([ended, engine.counts('eth_getBlockReceipts')]).toEqual([{ at: 0, value: [] }, [1, 1]])
  })

  test('behavior: a receipt that a provider behind the others does know is taken at once', async () => {
    const engine = setUp([100, 101])
    await engine.request(HEAD, [], { provider: 'p2' })
    await engine.request(HEAD, [], { provider: 'p1' })
    const receipt = { blockNumber: hex(99), transactionHash: HASH }
    engine.p(1).on(RECEIPT).reply(receipt)
    const { ended } = await engine.end(RECEIPT, [HASH])
    expect([ended, engine.counts(RECEIPT)]).toEqual([{ at: 0, value: receipt }, [1, 0]])
  })

  test('behavior: the very first look-up is not lost on a provider that is behind', async () => {
    const engine = setUp([95, 101])
    const seen = engine.start(RECEIPT, [HASH])
    await engine.clock.advance(200)
    expect([seen.ended?.value?.blockNumber, engine.counts(RECEIPT)]).toEqual([hex(101), [1, 1]])
  })

  test('behavior: a receipt is asked of another one too where only the library has seen that the first one is behind', async () => {
    const engine = setUp([100, 101])
    engine.start('eth_getBalance', ['0xa', 'latest'])
    await engine.clock.settle()
    expect(engine.counts(HEAD)).toEqual([1, 1])
    const { ended } = await engine.end(RECEIPT, [HASH])
    expect([ended?.value.blockNumber, engine.counts(RECEIPT)]).toEqual([hex(101), [1, 1]])
  })

  test('behavior: a receipt that a provider behind does not know is asked of another one', async () => {
    const engine = setUp([100, 101])
    await engine.request(HEAD, [], { provider: 'p2' })
    const { ended } = await engine.end(RECEIPT, [HASH])
    expect([ended?.at, ended?.value.blockNumber, engine.counts(RECEIPT)]).toEqual([0, hex(101), [1, 1]])
  })

  test.each([
    { behind: 7, counts: [1, 1], what: 'has fallen back, and is doubted' },
    { behind: 1, counts: [1, 0], what: 'may have got the block meanwhile, and is believed' },
  ])(
    'behavior: one whose answers overtook each other, the later one $behind lower, $what',
    async ({ behind, counts }) => {
      const engine = setUp([101, 101])
      await engine.number()
      const ask = (height: number) => {
        engine.p(1).on(HEAD).once.reply(hex(height), { after: 100 })
        engine.start(HEAD, [], { provider: 'p1', signal: new AbortController().signal })
      }
      ask(101)
      await engine.clock.advance(50)
      ask(101 - behind)
      await engine.clock.advance(100)
      engine.heights[0] = 101 - behind
      await engine.end(RECEIPT, [HASH])
      expect(engine.counts(RECEIPT)).toEqual(counts)
    },
  )

  test('behavior: another one that was full is asked as soon as a pause is over', async () => {
    const engine = createTestEngine({
      providers: [{}, { limits: { concurrency: 1 } }],
      options: { consistency: 'head' },
    })
    serve(engine.channel('p1'), () => 100)
    serve(engine.channel('p2'), () => 101)
    await engine.request(HEAD, [], { provider: 'p2' })
    await engine.request(HEAD, [], { provider: 'p1' })
    engine.channel('p2').on('evm_mine').reply(null, { after: 50 })
    engine.start('evm_mine', [], { provider: 'p2' })
    const seen: { ended: { at: number; value?: any } | undefined } = engine.start(RECEIPT, [HASH])
    await engine.clock.advance(100)
    expect([seen.ended?.at, seen.ended?.value?.blockNumber]).toEqual([100, hex(101)])
  })

  test('behavior: from a provider that is level, null is the answer', async () => {
    const engine = setUp([100, 100])
    await engine.number()
    const { ended } = await engine.end(RECEIPT, [HASH])
    expect([ended, engine.counts(RECEIPT)]).toEqual([{ at: 0, value: null }, [1, 0]])
  })

  test('behavior: if the other one fails, the null is given in the end, not the failure', async () => {
    const engine = setUp([100, 101])
    await engine.request(HEAD, [], { provider: 'p2' })
    engine
      .p(2)
      .on(RECEIPT)
      .fail(Object.assign(new Error('x'), { name: 'HttpRequestError', status: 503 }))
    const seen = engine.start(RECEIPT, [HASH])
    await engine.clock.advance(2_000)
    expect([seen.ended, engine.counts(RECEIPT)]).toEqual([{ at: 700, value: null }, [4, 1]])
    expect(engine.eventsOf('dispute').map(({ provider, block }) => [provider, block])).toEqual([['p1', 101]])
  })

  test('behavior: within the deadline: what is held back is given rather than an error', async () => {
    const engine = setUp([101, 101])
    await engine.number()
    engine.heights[0] = 100
    engine.p(2).on(BLOCK).hang()
    const seen = engine.start(BLOCK, [hex(101), false], { timeout: 200 })
    await engine.clock.advance(300)
    expect(seen.ended).toEqual({ at: 200, value: null })
  })

  test('behavior: a caller that gives up meanwhile gets its reason, and nothing is left behind', async () => {
    const engine = setUp([101])
    await engine.number()
    engine.heights[0] = 100
    const controller = new AbortController()
    const seen = engine.start(BLOCK, [hex(101), false], { signal: controller.signal })
    await engine.clock.advance(150)
    controller.abort('enough')
    await engine.clock.settle()
    expect([seen.ended, engine.inFlight(), engine.clock.pending.after]).toEqual([{ at: 150, error: 'enough' }, 0, 0])
  })
})

describe('logs', () => {
  const range = (from: number, to?: number) => [{ fromBlock: hex(from), ...(to !== undefined && { toBlock: hex(to) }) }]

  test("behavior: past the answering provider's own head they are asked of one who has that block", async () => {
    const engine = setUp([100, 101])
    await engine.request(HEAD, [], { provider: 'p1' })
    await engine.request(HEAD, [], { provider: 'p2' })
    const { ended } = await engine.end(LOGS, range(100, 101))
    expect([ended?.value.length, engine.counts(LOGS)]).toEqual([2, [0, 1]])
    engine
      .p(2)
      .on(LOGS)
      .once.fail(Object.assign(new Error('x'), { name: 'HttpRequestError', status: 503 }))
    const again = engine.start(LOGS, range(100, 101))
    await engine.clock.advance(150)
    expect([
      again.ended,
      engine
        .p(1)
        .calls.filter(({ method }) => method === LOGS)
        .map(({ at }) => at),
    ]).toEqual([undefined, [0, 100]])
    engine.heights[0] = 101
    await engine.clock.advance(500)
    expect([again.ended?.at, again.ended?.value.length]).toEqual([300, 2])
  })

  test('behavior: asked again, one that has come closer is given for what it has by then', async () => {
    const engine = setUp([98, 101])
    for (const provider of ['p1', 'p2']) await engine.request(HEAD, [], { provider })
    for (const method of [HEAD, LOGS]) engine.p(2).on(method).fail(networkError())
    const seen = engine.start(LOGS, range(95, 101))
    await engine.clock.advance(50)
    engine.heights[0] = 100
    await engine.clock.advance(1_000)
    expect([seen.ended?.at, seen.ended?.value.length]).toEqual([700, 6])
  })

  test('behavior: the very first ones too are not taken from a laggard; nor is a null block', async () => {
    const logs = setUp([60, 101])
    expect(((await logs.request(LOGS, range(100, 101))) as unknown[]).length).toBe(2)
    const block = setUp([60, 101])
    expect(await block.request(BLOCK, [hex(101), false])).toMatchObject({ number: hex(101) })
  })

  test('behavior: up to latest they must reach the block that was shown', async () => {
    const engine = setUp([100, 101])
    await engine.request(HEAD, [], { provider: 'p1' })
    await engine.request(HEAD, [], { provider: 'p2' })
    const { ended } = await engine.end(LOGS, range(100))
    expect([ended?.value.length, engine.counts(LOGS)]).toEqual([2, [0, 1]])
  })

  test('behavior: of one whose head is not known, old ranges are taken, those within `maxLag` of the best head are not', async () => {
    const engine = setUp([1_000, 1_000], { maxLag: 2 })
    engine.p(1).on(HEAD).fail(networkError())
    await engine.request(HEAD, [], { provider: 'p2' })
    engine.p(1).on(LOGS).reply([])
    engine.p(2).on(LOGS).reply(['of the second'])
    expect((await engine.end(LOGS, range(998, 998))).ended?.value).toEqual([])
    expect(engine.counts(LOGS)).toEqual([1, 0])
    expect((await engine.end(LOGS, range(999, 999))).ended?.value).toEqual(['of the second'])
  })

  test('behavior: of one that is behind, ranges are taken up to where it is, however long ago that was', async () => {
    const engine = setUp([900, 1_000], { maxLag: 2 })
    await engine.request(HEAD, [], { provider: 'p1' })
    await engine.request(HEAD, [], { provider: 'p2' })
    for (const method of [HEAD, LOGS]) engine.p(2).on(method).fail(networkError())
    for (const [block, at] of [
      [900, 0],
      [901, 700],
    ] as const) {
      const startedAt = engine.clock.now()
      const seen = engine.start(LOGS, range(block, block))
      await engine.clock.advance(1_000)
      expect((seen.ended?.at ?? Infinity) - startedAt).toBe(at)
    }
  })

  test('behavior: older ranges, and those beyond every head, are answered by whoever comes first', async () => {
    const engine = setUp([100, 100])
    await engine.number()
    for (const [from, to] of [
      [1, 50],
      [90, 200],
    ] as const)
      await engine.request(LOGS, range(from, to))
    expect(engine.counts(LOGS)).toEqual([2, 0])
  })
})

describe('one provider asked alone', () => {
  const p1 = { provider: 'p1' }
  const cases: [method: string, params: unknown[], poor: unknown, what: string][] = [
    [BLOCK, [hex(101), false], null, 'it has no such block, others are past it'],
    [RECEIPT, [HASH], null, 'it does not know the hash, and may be behind'],
    [LOGS, [{ fromBlock: hex(101), toBlock: hex(101) }], [], 'its head may be below the end of the range'],
  ]

  test.each(cases)(
    'given %s that it may not have yet, then it is asked again after 100, 200 and 400 ms, nobody else is, and then it is told with a `dispute`',
    async (method, params, poor, what) => {
      const engine = setUp([100, 101])
      await engine.request(HEAD, [], p1)
      await engine.request(HEAD, [], { provider: 'p2' })
      const seen = engine.start(method, params, p1)
      await engine.clock.advance(1_000)
      const asked = engine.p(1).calls.filter((call) => call.method === method)
      expect(asked.map(({ at }) => at)).toEqual([0, 100, 300, 700])
      expect([seen.ended, engine.p(2).count(method)]).toEqual([{ at: 700, value: poor }, 0])
      expect(engine.eventsOf('dispute')).toEqual([{ method, provider: 'p1', what, block: 101, head: 100 }])
    },
  )

  test.each(cases)('given %s that it has a moment later, then that is the answer', async (method, params, poor) => {
    const engine = setUp([100, 101])
    await engine.request(HEAD, [], p1)
    await engine.request(HEAD, [], { provider: 'p2' })
    const seen = engine.start(method, params, p1)
    await engine.clock.advance(50)
    engine.heights[0] = 101
    await engine.clock.advance(1_000)
    expect(seen.ended?.at).toBeLessThanOrEqual(300)
    expect(seen.ended?.value).not.toEqual(poor)
    expect([engine.eventsOf('dispute'), engine.p(2).count(method)]).toEqual([[], 0])
  })

  test('given logs up to `latest`, then it is its own', async () => {
    const engine = setUp([100, 101])
    await engine.request(HEAD, [], p1)
    await engine.request(HEAD, [], { provider: 'p2' })
    const { ended } = await engine.end(LOGS, [{ fromBlock: hex(100) }], p1)
    expect([ended?.at, ended?.value.length]).toEqual([0, 1])
  })
})

describe('a provider that comes back', () => {
  test('behavior: the copy that probes it does not serve while it is behind', async () => {
    const engine = setUp([100, 100], { maxLag: 2 })
    await engine.number()
    engine.breaker('p1').open(engine.clock.now(), 1_000)
    engine.heights[1] = 110
    await engine.number()
    await engine.clock.advance(1_000)
    engine.p(2).on(HEAD).reply(hex(110), { after: 30 })
    const seen = engine.start(HEAD)
    await engine.clock.advance(30)
    expect([seen.ended, engine.state('p1'), engine.counts(HEAD)[0]]).toEqual([
      { at: 1_030, value: hex(110) },
      'closed',
      2,
    ])
  })

  test('behavior: what the copy does not find is left to those that were there', async () => {
    const engine = setUp([101, 101])
    await engine.number()
    engine.breaker('p1').open(engine.clock.now(), 500)
    engine.heights[0] = 100
    await engine.clock.advance(500)
    engine
      .p(2)
      .on(RECEIPT)
      .reply({ blockNumber: hex(101) }, { after: 30 })
    const seen = engine.start(RECEIPT, [HASH])
    await engine.clock.advance(30)
    expect([seen.ended?.value, engine.state('p1'), engine.counts(RECEIPT)]).toEqual([
      { blockNumber: hex(101) },
      'closed',
      [1, 1],
    ])
  })
})

describe('events', () => {
  test('behavior: `head` tells each move of the best head, who showed it, and from where', async () => {
    const engine = setUp([100, 100])
    await engine.number()
    engine.heights[0] = 103
    await engine.number()
    expect(engine.eventsOf('head')).toEqual([
      { provider: 'p2', to: 100 },
      { provider: 'p1', from: 100, to: 103 },
    ])
  })
})

describe('null, and one that has fallen back', () => {
  const looks = (engine: ReturnType<typeof setUp>) => engine.status().providers.map(({ upkeep }) => upkeep.heads)

  test('behavior: a healthy null costs one call, and nobody is asked for a head', async () => {
    const engine = setUp([100, 100])
    await engine.number()
    const before = looks(engine)
    for (let poll = 0; poll < 30; poll++) {
      await engine.request(RECEIPT, [HASH])
      await engine.clock.advance(4_000)
    }
    expect([engine.counts(RECEIPT), looks(engine)]).toEqual([[30, 0], before])
  })

  test('behavior: who refuses a block near the head that it had shown has fallen back below it', async () => {
    const engine = setUp([101, 101])
    await engine.number()
    await engine.clock.advance(1_000)
    engine.heights[0] = 100
    engine.p(1).on('eth_getBalance').fail(rpcError(-32000, 'header not found'))
    await engine.request('eth_getBalance', ['0xa', hex(101)])
    expect(engine.status().providers.map(({ head }) => head)).toEqual([100, 101])
    const { ended } = await engine.end(RECEIPT, [HASH])
    expect([ended?.value.blockNumber, looks(engine)[0]]).toEqual([hex(101), 0])
  })

  test('behavior: a refusal that was on its way while it showed a higher head says nothing', async () => {
    const engine = setUp([100, 100])
    await engine.number()
    engine.p(1).on('eth_getBalance').fail(rpcError(-32000, 'header not found'), { after: 400 })
    engine.start('eth_getBalance', ['0xa', hex(101)])
    await engine.clock.advance(100)
    engine.heights.splice(0, 2, 110, 110)
    await engine.number()
    await engine.clock.advance(400)
    expect(engine.status().providers[0]).toMatchObject({ head: 110, lag: 0 })
  })

  test.each([
    ['an old block', hex(5)],
    ['a block beyond every head', hex(102)],
    ['the newest', 'latest'],
  ])('behavior: who refuses %s has not', async (_, block) => {
    const engine = setUp([101, 101])
    await engine.number()
    engine.p(1).on('eth_getBalance').fail(rpcError(-32000, 'header not found'))
    await engine.request('eth_getBalance', ['0xa', block])
    expect([engine.status().providers[0]?.head, engine.p(1).count('eth_getBalance')]).toEqual([101, 1])
  })
})

describe('a tag that is lower than before', () => {
  test.each(['safe', 'finalized'])('given %s, then the block shown before is asked for by its number', async (tag) => {
    const engine = setUp([101])
    const before = await engine.request(BLOCK, [tag, false])
    engine.heights[0] = 100
    const seen = engine.start(BLOCK, [tag, true])
    await engine.clock.advance(1_000)
    expect(seen.ended).toEqual({ at: 100, value: before })
    expect(engine.p(1).calls.map(({ params }) => params)).toEqual([
      [tag, false],
      [tag, true],
      [(before as { number: string }).number, true],
    ])
  })

  test('behavior: if its provider has no such block, its own answer is given in the end, never null for it', async () => {
    const engine = setUp([101])
    await engine.request(BLOCK, ['finalized', false])
    engine.heights[0] = 80
    const seen = engine.start(BLOCK, ['finalized', true])
    await engine.clock.advance(1_000)
    expect(seen.ended).toMatchObject({ at: 700, value: { number: hex(70) } })
    expect(engine.eventsOf('dispute')).toMatchObject([{ provider: 'p1', block: 91 }])
  })

  test('behavior: in another form a later one was shown, which nobody has: the last one of its own form is given, and an event says so', async () => {
    const engine = setUp([101])
    await engine.request(BLOCK, ['safe', false])
    engine.heights[0] = 102
    await engine.request(BLOCK, ['safe', true])
    engine.heights[0] = 95
    const seen = engine.start(BLOCK, ['safe', false])
    await engine.clock.advance(1_000)
    expect(seen.ended).toMatchObject({ at: 700, value: { number: hex(96) } })
    expect(engine.eventsOf('dispute')).toMatchObject([{ provider: 'p1', block: 97 }])
  })

  test('behavior: who asks one provider alone gets its own, and lowers nothing for others', async () => {
    const engine = setUp([101, 95])
    await engine.request(BLOCK, ['safe', false])
    expect(await engine.request(BLOCK, ['safe', false], { provider: 'p2' })).toMatchObject({ number: hex(90) })
    engine.p(1).on(BLOCK).fail(networkError())
    const seen = engine.start(BLOCK, ['safe', false])
    await engine.clock.advance(1_000)
    expect(seen.ended).toMatchObject({ value: { number: hex(96) } })
  })
})

describe('answers that stand for others', () => {
  test('behavior: the latest block of long ago is not given for a head that is a little low', async () => {
    const heights = [100, 100]
    const t = setUp(heights)
    expect((await t.end(BLOCK, ['latest', false])).ended?.value).toMatchObject({ number: hex(100) })
    heights.splice(0, 2, 150, 149)
    t.p(1).on(BLOCK).fail(networkError())
    expect(await t.number()).toBe(150)
    t.p(1).fail(networkError())
    t.p(1).on(HEAD).fail(networkError())
    const seen = await t.end(BLOCK, ['latest', false])
    await t.clock.advance(10_000)
    expect(seen.ended?.value).toMatchObject({ number: hex(149) })
    expect(t.eventsOf('dispute')).toMatchObject([{ provider: 'p2', head: 149 }])
  })

  test('behavior: a wall around a method holds for what the library itself would ask', async () => {
    const t = setUp([100, 100])
    const walled = createTestEngine({
      providers: 2,
      options: { consistency: 'head', methods: { [HEAD]: { providers: ['p1'] } } },
    })
    serve(walled.channel('p1'), () => 100)
    serve(walled.channel('p2'), () => 100)
    for (const { request, clock } of [t, walled]) {
      await request(BLOCK, ['latest', false])
      await clock.settle()
    }
    expect([t.p(2).count(HEAD), walled.channel('p2').count(HEAD)]).toEqual([1, 0])
  })

  test('behavior: nor is a provider outside of it asked whether it has caught up', async () => {
    const t = createTestEngine({
      providers: 2,
      options: { consistency: 'head', methods: { [HEAD]: { providers: ['p1'] } } },
    })
    serve(t.channel('p1'), () => 101)
    serve(t.channel('p2'), () => 100)
    await t.request(HEAD)
    const request = t.start(RECEIPT, [HASH], { provider: 'p2' })
    await t.clock.advance(1_000)
    const counts = [RECEIPT, HEAD].map((method) => t.channel('p2').count(method))
    expect([request.ended?.value, ...counts]).toEqual([null, 4, 0])
  })
})
