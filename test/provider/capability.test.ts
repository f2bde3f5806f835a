// What a provider can do: declared, and learned from its refusals.

import { describe, expect, test } from 'vitest'
import type { Capabilities } from '../../src/provider/capability'
import { createCapability, matcherOf } from '../../src/provider/capability'

const HALF_AN_HOUR = 30 * 60_000

describe('createCapability', () => {
  test('behavior: Given no capabilities, then every method is allowed, unknown ones included', () => {
    const capability = createCapability({})
    for (const method of ['eth_call', 'trace_block', 'nobody_knowsThis'])
      expect([capability.declares(method), capability.lacks(method, 0)]).toEqual([undefined, false])
    expect([capability.hasLearned(), capability.learned(0), capability.errors]).toEqual([
      false,
      { unsupportedMethods: [] },
      undefined,
    ])
  })

  test('behavior: declared methods, by name and by prefix; excluding wins', () => {
    const excluding = createCapability({ methods: { exclude: ['trace_*', 'eth_getLogs'] } })
    const excluded = ['trace_block', 'trace_', 'eth_getLogs', 'eth_getLogsX', 'eth_call']
    expect(excluded.map((method) => excluding.declares(method))).toEqual([false, false, false, undefined, undefined])
    const both = createCapability({ methods: { include: ['eth_*'], exclude: ['eth_getLogs'] } })
    expect(['eth_call', 'eth_getLogs', 'net_version'].map((method) => both.declares(method))).toEqual([
      true,
      false,
      false,
    ])
  })

  test('behavior: a refused method is left alone for half an hour', () => {
    const capability = createCapability({})
    expect(capability.learnUnsupported('trace_block', 1_000)).toBe(true)
    expect([capability.hasLearned(), capability.learned(1_000)]).toEqual([
      true,
      { unsupportedMethods: ['trace_block'] },
    ])
    expect(capability.lacks('eth_call', 1_000)).toBe(false)
    expect(capability.lacks('trace_block', 1_000 + HALF_AN_HOUR - 1)).toBe(true)
    expect(capability.lacks('trace_block', 1_000 + HALF_AN_HOUR)).toBe(false)
    expect(capability.hasLearned()).toBe(false)
  })

  test('behavior: refused again, it is no news, and the half hour starts again', () => {
    const capability = createCapability({})
    capability.learnUnsupported('trace_block', 0)
    expect(capability.learnUnsupported('trace_block', 60_000)).toBe(false)
    expect(capability.lacks('trace_block', HALF_AN_HOUR + 59_999)).toBe(true)
  })

  test('behavior: refused again after the half hour it is news again, although nobody asked in between', () => {
    const capability = createCapability({})
    capability.learnUnsupported('trace_block', 0)
    expect(capability.learned(HALF_AN_HOUR)).toEqual({ unsupportedMethods: [] })
    expect(capability.learnUnsupported('trace_block', HALF_AN_HOUR)).toBe(true)
  })

  test('behavior: served after all, it is unlearned', () => {
    const capability = createCapability({})
    capability.learnUnsupported('trace_block', 0)
    capability.learnSupported('trace_block')
    expect([capability.lacks('trace_block', 0), capability.hasLearned()]).toEqual([false, false])
  })

  test('behavior: it serves what it has served, until it says otherwise, and what was declared', () => {
    const capability = createCapability({})
    expect(capability.serves('trace_block')).toBe(false)
    capability.learnSupported('trace_block')
    expect(capability.serves('trace_block')).toBe(true)
    capability.learnUnsupported('trace_block', 0)
    expect(capability.serves('trace_block')).toBe(false)
    const declared = createCapability({ methods: { include: ['trace_*'] } })
    declared.learnSupported('eth_call')
    expect([declared.serves('trace_block'), declared.serves('eth_call')]).toEqual([true, false])
  })

  test('behavior: nothing is learned over what was declared', () => {
    const capability = createCapability({ methods: { include: ['trace_*'] } })
    expect(capability.learnUnsupported('trace_block', 0)).toBe(false)
    expect([capability.lacks('trace_block', 0), capability.hasLearned()]).toEqual([false, false])
  })

  test('behavior: at most 500 are remembered; the one refused longest ago goes', () => {
    const capability = createCapability({})
    for (let count = 0; count < 500; count++) capability.learnUnsupported(`m_${count}`, count)
    capability.learnUnsupported('m_0', 500)
    expect(capability.learned(500).unsupportedMethods.length).toBe(500)
    capability.learnUnsupported('m_500', 501)
    expect(capability.learned(501).unsupportedMethods.length).toBe(500)
    expect([0, 1, 2, 500].map((count) => capability.lacks(`m_${count}`, 501))).toEqual([true, false, true, true])
  })
})

describe('batch size', () => {
  test('default: 20, or what was declared', () => {
    expect([createCapability({}).batchSize(0), createCapability({}, 100).batchSize(0)]).toEqual([20, 100])
  })

  test('behavior: a refusal lowers it for half an hour', () => {
    const capability = createCapability({}, 100)
    expect([capability.learnBatchSize(50, 1_000), capability.batchSize(1_000)]).toEqual([true, 50])
    expect(capability.learned(1_000)).toEqual({ unsupportedMethods: [], batchSize: 50 })
    // Routes do not depend on it.
    expect(capability.hasLearned()).toBe(false)
    const end = 1_000 + HALF_AN_HOUR
    expect([capability.batchSize(end - 1), capability.batchSize(end)]).toEqual([50, 100])
    expect(capability.learned(end)).toEqual({ unsupportedMethods: [] })
  })

  test('behavior: it is never raised, and the same again is no news but lasts anew', () => {
    const capability = createCapability({})
    expect([10, 15, 10, 3].map((most, at) => capability.learnBatchSize(most, at * 1_000))).toEqual([
      true,
      false,
      false,
      true,
    ])
    expect([capability.batchSize(3_000 + HALF_AN_HOUR - 1), capability.batchSize(3_000 + HALF_AN_HOUR)]).toEqual([
      3, 20,
    ])
  })
})

describe('subscriptions', () => {
  test('default: a refused kind is left alone for half an hour, the others are not', () => {
    const capability = createCapability({})
    expect(capability.servesSubscription('logs', 0)).toBe(true)
    expect([capability.learnSubscription('logs', 0), capability.learnSubscription('logs', 1)]).toEqual([true, false])
    expect(['logs', 'newHeads'].map((kind) => capability.servesSubscription(kind, 2))).toEqual([false, true])
    expect(capability.learned(2).refusedSubscriptions).toEqual(['logs'])
    expect(capability.servesSubscription('logs', HALF_AN_HOUR + 1)).toBe(true)
    expect(capability.learned(HALF_AN_HOUR + 1).refusedSubscriptions).toBeUndefined()
  })

  test.each([
    [true, [true, true, true]],
    [false, [false, false, false]],
    [['newHeads'] as const, [true, false, false]],
  ])('behavior: declared %j, and nothing is learned over it', (subscriptions, served) => {
    const capability = createCapability({ subscriptions })
    const kinds = ['newHeads', 'logs', 'syncing']
    expect(kinds.map((kind) => capability.learnSubscription(kind, 0))).toEqual([false, false, false])
    expect(kinds.map((kind) => capability.servesSubscription(kind, 0))).toEqual(served)
  })
})

describe('logs', () => {
  const unlimited = { maxBlockRange: Infinity, maxAddresses: Infinity, maxResults: Infinity, fromBlock: 0 }

  test('default: nothing is known', () => {
    expect(createCapability({}).logLimits(0)).toEqual(unlimited)
  })

  test('behavior: the least that was refused counts, for half an hour', () => {
    const capability = createCapability({})
    expect(capability.learnLogs({ maxBlockRange: 500 }, 0)).toBe(true)
    expect(capability.learnLogs({ maxBlockRange: 800 }, 0)).toBe(false)
    expect(capability.learnLogs({ maxAddresses: 20 }, 1_000)).toBe(true)
    const learned = { maxBlockRange: 500, maxAddresses: 20 }
    expect(capability.logLimits(1_000)).toEqual({ ...learned, maxResults: Infinity, fromBlock: 0 })
    expect(capability.learned(1_000).logs).toEqual(learned)
    expect(capability.logLimits(HALF_AN_HOUR + 1_000)).toEqual(unlimited)
    expect(capability.learned(HALF_AN_HOUR + 1_000).logs).toBeUndefined()
  })

  test('behavior: nothing is learned over what was declared', () => {
    const capability = createCapability({ logs: { maxBlockRange: 1_000 } })
    expect(capability.learnLogs({ maxBlockRange: 10 }, 0)).toBe(false)
    expect(capability.logLimits(0).maxBlockRange).toBe(1_000)
    expect(capability.learnLogs({ maxBlockRange: 10, maxResults: 50 }, 0)).toBe(true)
    expect(capability.logLimits(0)).toEqual({
      maxBlockRange: 1_000,
      maxAddresses: Infinity,
      maxResults: 50,
      fromBlock: 0,
    })
  })

  test('behavior: a provider without old receipts has no old logs', () => {
    expect(createCapability({ history: { fromBlock: 90 } }).logLimits(0).fromBlock).toBe(90)
    expect(createCapability({ history: { fromBlock: 90 }, logs: { fromBlock: 5 } }).logLimits(0).fromBlock).toBe(5)
  })
})

describe('what it keeps', () => {
  type Kept = Record<'state' | 'body' | 'transaction' | 'logs', boolean>

  /** Of block 100 of 1 000. */
  function kept(declared: Capabilities, block: number | undefined = 100): Kept {
    const capability = createCapability(declared)
    const keeps = (what: keyof Kept) => capability.keeps({ what, block }, 1_000, 0)
    return { state: keeps('state'), body: keeps('body'), transaction: keeps('transaction'), logs: keeps('logs') }
  }
  const all: Kept = { state: true, body: true, transaction: true, logs: true }

  test.each<[declared: Capabilities, not: (keyof Kept)[]]>([
    [{}, []],
    [{ archive: true }, []],
    [{ archive: 900 }, []],
    [{ archive: 899 }, ['state']],
    [{ archive: false }, ['state']],
    [{ history: {} }, []],
    [{ history: { fromBlock: 0 } }, []],
    [{ history: { fromBlock: 100 } }, ['transaction']],
    [{ history: { fromBlock: 101 } }, ['body', 'transaction', 'logs']],
    [{ history: { fromBlock: 101, transactions: true } }, ['body', 'logs']],
    [{ history: { transactions: false } }, ['transaction']],
    [{ history: { transactions: 2_000 } }, ['transaction']],
    [{ logs: { fromBlock: 101 } }, ['logs']],
    [{ logs: { fromBlock: 100 } }, []],
    [{ history: { fromBlock: 101 }, logs: { fromBlock: 0 } }, ['body', 'transaction']],
  ])('%j: of block 100 all but %j', (declared, not) => {
    expect(kept(declared)).toEqual({ ...all, ...Object.fromEntries(not.map((what) => [what, false])) })
  })

  test('behavior: what is looked up by a hash may be of the oldest block', () => {
    const capability = createCapability({ history: { fromBlock: 1 } })
    expect(capability.keeps({ what: 'body', block: undefined }, 1_000, 0)).toBe(false)
    expect(capability.keeps({ what: 'logs', block: undefined }, 1_000, 0)).toBe(false)
    expect(createCapability({}).keeps({ what: 'body', block: undefined }, 1_000, 0)).toBe(true)
  })

  test.each<[declared: Capabilities, isLimited: boolean]>([
    [{}, false],
    [{ archive: true, history: { fromBlock: 0, transactions: true }, logs: { fromBlock: 0 } }, false],
    [{ archive: 128 }, true],
    [{ history: { fromBlock: 1 } }, true],
    [{ history: { transactions: false } }, true],
    [{ logs: { fromBlock: 1 } }, true],
  ])('behavior: %j: whether anybody needs to look at the block of a request: %s', (declared, isLimited) => {
    expect(createCapability(declared).limitsDepth()).toBe(isLimited)
  })

  test('behavior: once a state was refused, blocks are looked at, and the first one it may have is shown', () => {
    const capability = createCapability({})
    capability.learnMissingState(100, 1_000, 0)
    expect(capability.limitsDepth()).toBe(true)
    expect(capability.learned(0).stateFrom).toBeGreaterThan(100)
    expect(createCapability({}).learned(0)).toEqual({ unsupportedMethods: [] })
  })
})

describe('matcherOf', () => {
  test('default', () => {
    const matches = matcherOf(['eth_call', 'trace_*'])
    expect(['eth_call', 'eth_callMany', 'trace_x', 'xtrace_x'].map((name) => matches?.(name))).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  test('behavior: no list is no test, an empty one fits nothing, a star everything', () => {
    expect(matcherOf(undefined)).toBeUndefined()
    expect(matcherOf([])?.('eth_call')).toBe(false)
    expect(matcherOf(['*'])?.('eth_call')).toBe(true)
  })
})
