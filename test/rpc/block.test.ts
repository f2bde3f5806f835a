// Block numbers and ranges as requests name them.

import { describe, expect, test } from 'vitest'
import { heightOf, logQueryOf } from '../../src/rpc/block'
import { traitsOf } from '../../src/rpc/methods'
import { needOf, needOfMethod } from '../../src/rpc/need'

const HASH = `0x${'22'.repeat(32)}`

function stateAt(method: string, params: unknown) {
  return needOf({ method, params }, needOfMethod(method, traitsOf(method), undefined), true).old?.block
}

const rangeOf = (filter: unknown) => {
  const query = logQueryOf([filter])
  return query && [query.from, query.to]
}

describe('which block a request names', () => {
  test('Given requests at `earliest`, tags, null, missing, hex numbers and hashes, then the reach into old state is inferred only from hex numbers and `earliest`, for both bounds of getLogs', () => {
    const blocks = [
      'earliest',
      '0x10',
      'latest',
      'pending',
      'safe',
      'finalized',
      null,
      undefined,
      HASH,
      { blockHash: HASH },
    ]
    expect(blocks.map((block) => stateAt('eth_getBalance', [HASH, block]))).toEqual([
      0,
      16,
      ...blocks.slice(2).map(() => undefined),
    ])
    expect(stateAt('eth_getBalance', [HASH, { blockNumber: '0x10' }])).toBe(16)
    expect(rangeOf({ fromBlock: 'earliest', toBlock: '0x10' })).toEqual([0, 16])
    expect(rangeOf({ fromBlock: '0x10', toBlock: 'earliest' })).toEqual([16, 0])
    expect(rangeOf({ fromBlock: 'safe', toBlock: 'finalized' })).toEqual(['safe', 'finalized'])
    expect([rangeOf({}), rangeOf({ fromBlock: null, toBlock: 'latest' })]).toEqual([
      ['latest', 'latest'],
      ['latest', 'latest'],
    ])
  })

  test('Given missing block parameter or invalid hex, then no block is inferred and nothing throws', () => {
    for (const params of [undefined, null, [], [HASH], {}, 'x', [HASH, '0xzz'], [HASH, '16'], [HASH, 16], [HASH, {}]])
      expect(stateAt('eth_getBalance', params)).toBeUndefined()
    for (const params of [undefined, null, [], ['x'], [null], [[]], {}]) expect(logQueryOf(params)).toBeUndefined()
    expect([rangeOf({ fromBlock: '0xzz' }), rangeOf({ toBlock: 16 }), rangeOf({ fromBlock: 'soon' })]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(heightOf('0x20000000000000')).toBeUndefined()
  })
})

describe('logQueryOf', () => {
  test('behavior: addresses are told once each, what else the filter says is kept', () => {
    const [a, b] = [`0x${'aa'.repeat(20)}`, `0x${'bb'.repeat(20)}`]
    const filter = { fromBlock: '0x1', toBlock: '0x2', address: [a, b, a.toUpperCase()], topics: [null, HASH] }
    expect(logQueryOf([filter])).toEqual({
      from: 1,
      to: 2,
      addresses: [a.toUpperCase(), b],
      rest: { topics: [null, HASH] },
    })
    expect(logQueryOf([{ address: a }])?.addresses).toEqual([a])
    expect(logQueryOf([{ address: null }])?.addresses).toEqual([])
  })

  test('behavior: a filter by hash, and one that reaches into the pending block, is not taken apart', () => {
    for (const filter of [{ blockHash: HASH }, { toBlock: 'pending' }, { fromBlock: 'pending' }])
      expect(logQueryOf([filter])).toBeUndefined()
  })
})
