// Declared history (EIP-4444): who is asked first for old bodies, receipts and hashes, and whose null is no answer.

import { describe, expect, test } from 'vitest'
import type { Capabilities } from '../../../src/provider/capability'
import type { TestProvider } from '../../support/engine'
import { createTestEngine } from '../../support/engine'
import { networkError } from '../../support/errors'

const HASH = `0x${'ab'.repeat(32)}`
const hex = (height: number) => `0x${height.toString(16)}`

type History = NonNullable<Capabilities['history']>

function setUp(histories: (History | undefined)[], more: TestProvider[] = []) {
  const engine = createTestEngine({
    providers: histories.map((history, index) => ({ capabilities: history ? { history } : {}, ...more[index] })),
    options: { consistency: 'head' },
  })
  const ids = histories.map((_, index) => `p${index + 1}`)
  for (const id of ids) engine.channel(id).on('eth_blockNumber').reply(hex(20_000_000))
  const asked = (method: string) => ids.filter((id) => engine.channel(id).count(method) > 0)
  return {
    ...engine,
    /** Who is asked, in what order does not matter. */
    async askedFor(method: string, ...params: unknown[]) {
      await engine.request(method, params)
      return asked(method)
    },
    /** What comes of it when these know nothing. */
    async answer(method: string, params: unknown[], ...poor: string[]) {
      for (const id of ids)
        engine
          .channel(id)
          .on(method)
          .reply(poor.includes(id) ? null : { from: id })
      const seen = engine.start(method, params)
      await engine.clock.advance(2_000)
      const { at, value } = seen.ended as { at: number; value?: any }
      return { from: value?.from, at, asked: asked(method) }
    },
  }
}

const byHash = [
  'eth_getTransactionByHash',
  'eth_getTransactionReceipt',
  'eth_getRawTransactionByHash',
  'debug_traceTransaction',
]

describe('who is asked first', () => {
  test.each([
    ['eth_getBlockByNumber', [hex(99), true]],
    ['eth_getBlockReceipts', [hex(99)]],
    ['eth_getBlockTransactionCountByNumber', [hex(99)]],
    ['eth_getTransactionByBlockNumberAndIndex', [hex(99), '0x0']],
    ['trace_block', [hex(99)]],
    ['eth_getBlockByHash', [HASH, false]],
    ['eth_getBlockReceipts', [HASH]],
    ['eth_getLogs', [{ blockHash: HASH }]],
    ...byHash.map((method): [string, unknown[]] => [method, [HASH]]),
  ])('given history from block 100 on, then %s %j is asked of one who has it', async (method, params) => {
    expect(await setUp([{ fromBlock: 100 }, undefined]).askedFor(method, ...params)).toEqual(['p2'])
    expect(await setUp([{ fromBlock: 0 }, undefined]).askedFor(method, ...params)).toEqual(['p1'])
  })

  test.each([
    ['eth_getBlockByNumber', [hex(100), true]],
    ['eth_getBlockByNumber', ['latest', true]],
    ['eth_getBlockReceipts', ['latest']],
    ['eth_getBalance', [HASH, hex(99)]],
    ['eth_getHeaderByNumber', [hex(99)]],
  ])('given history from block 100 on, then %s %j goes in the usual order', async (method, params) => {
    expect(await setUp([{ fromBlock: 100 }, undefined]).askedFor(method, ...params)).toEqual(['p1'])
  })

  test.each(byHash)('given transactions of some blocks only, then %s is asked of one who finds all', async (method) => {
    for (const transactions of [false, 0, 2_350_000])
      expect(await setUp([{ transactions }, undefined]).askedFor(method, HASH)).toEqual(['p2'])
    expect(await setUp([{ transactions: true }, undefined]).askedFor(method, HASH)).toEqual(['p1'])
  })

  test('given transactions of some blocks only, then blocks go in the usual order', async () => {
    const engine = setUp([{ transactions: 1_000 }, undefined])
    expect(await engine.askedFor('eth_getBlockByHash', HASH, true)).toEqual(['p1'])
    expect(await engine.askedFor('eth_getBlockByNumber', hex(5), true)).toEqual(['p1'])
  })

  test('given nobody who has it, or one that fails, then the others are asked after all', async () => {
    expect(await setUp([{ fromBlock: 100 }, { fromBlock: 200 }]).askedFor('eth_getBlockByNumber', hex(5))).toEqual([
      'p1',
    ])
    const engine = setUp([{ fromBlock: 100 }, undefined])
    engine.channel('p2').on('eth_getBlockByNumber').fail(networkError())
    expect(await engine.askedFor('eth_getBlockByNumber', hex(5))).toEqual(['p1', 'p2'])
  })

  test('a backup serves blocks that no other has, but no hash that another one may find', async () => {
    const engine = setUp([{ fromBlock: 100 }, undefined], [{}, { isBackup: true }])
    await engine.request('eth_blockNumber')
    expect(await engine.askedFor('eth_getBlockByNumber', hex(5))).toEqual(['p2'])
    expect(await engine.askedFor('eth_getBlockByHash', HASH)).toEqual(['p1'])
  })

  test('given a slow one, then nobody who does not have it is asked beside it', async () => {
    const engine = setUp([{ fromBlock: 100 }, undefined, undefined])
    engine.channel('p2').on('eth_getBlockReceipts').hang()
    engine.start('eth_getBlockReceipts', [hex(5)])
    await engine.clock.advance(600)
    expect(['p1', 'p3'].map((id) => engine.channel(id).count('eth_getBlockReceipts'))).toEqual([0, 1])
  })
})

describe('null', () => {
  const receipt = 'eth_getTransactionReceipt'

  test('of one that does not keep it is no answer while one that does is left: a backup', async () => {
    const engine = setUp([{ transactions: 1_000 }, undefined], [{}, { isBackup: true }])
    expect(await engine.answer(receipt, [HASH], 'p1')).toEqual({ from: 'p2', at: 0, asked: ['p1', 'p2'] })
    expect(engine.eventsOf('dispute')).toEqual([])
  })

  test('of one that keeps it is the answer', async () => {
    const engine = setUp([{ transactions: 1_000 }, undefined])
    expect(await engine.answer(receipt, [HASH], 'p1', 'p2')).toEqual({ from: undefined, at: 0, asked: ['p2'] })
  })

  test('where nobody keeps it is the answer of whoever comes first', async () => {
    const engine = setUp([{ transactions: 1_000 }, { fromBlock: 100 }])
    expect(await engine.answer(receipt, [HASH], 'p1', 'p2')).toEqual({ from: undefined, at: 0, asked: ['p1'] })
    expect(engine.eventsOf('dispute')).toEqual([])
  })

  test('of one that was named by the caller is the answer', async () => {
    const engine = setUp([{ transactions: 1_000 }, undefined])
    engine.channel('p1').on(receipt).reply(null)
    expect(await engine.request(receipt, [HASH], { provider: 'p1' })).toBeNull()
    expect(engine.channel('p2').count(receipt)).toBe(0)
  })

  test('of one that was named by the caller is the answer, also where others might be asked', async () => {
    const engine = setUp([{ transactions: 1_000 }, undefined])
    engine.channel('p1').on(receipt).reply(null)
    expect(await engine.request(receipt, [HASH], { provider: 'p1', allowFailover: true })).toBeNull()
    expect(engine.channel('p2').count(receipt)).toBe(0)
  })

  test('with `consistency: none` is passed on as it comes', async () => {
    const backup = { isBackup: true }
    const engine = createTestEngine({
      providers: [{ capabilities: { history: { transactions: 1_000 } } }, backup],
      options: { consistency: 'none' },
    })
    engine.channel('p1').on(receipt).reply(null)
    expect(await engine.request(receipt, [HASH])).toBeNull()
    expect(engine.channel('p2').count(receipt)).toBe(0)
  })

  test('behavior: given that the one that keeps it cools, then a backup is asked', async () => {
    const { engine, clock, answer } = setUp(
      [{ transactions: 1_000 }, undefined, undefined],
      [{}, {}, { isBackup: true }],
    )
    engine.providers[1]?.quota.refuse('rate-limit', 60_000, clock.now())
    expect(await answer('eth_getTransactionReceipt', [HASH], 'p1')).toEqual({ from: 'p3', at: 0, asked: ['p1', 'p3'] })
  })

  test('of one that does not keep it is told in the end when the others fail, without waiting, and an event says so', async () => {
    const engine = setUp([{ fromBlock: 100 }, undefined])
    engine.channel('p1').on('eth_getBlockByNumber').reply(null)
    engine.channel('p2').on('eth_getBlockByNumber').fail(networkError())
    const seen = engine.start('eth_getBlockByNumber', [hex(5), false])
    await engine.clock.advance(2_000)
    expect(seen.ended).toEqual({ at: 0, value: null })
    expect(engine.eventsOf('dispute')).toEqual([
      {
        method: 'eth_getBlockByNumber',
        provider: 'p1',
        what: 'it is declared not to keep that',
        block: 5,
        head: 20_000_000,
      },
    ])
  })
})
