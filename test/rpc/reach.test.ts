import { expect, test } from 'vitest'
import { traitsOf } from '../../src/rpc/methods'
import { reachOf, shownHeightOf } from '../../src/rpc/reach'

const HASH = `0x${'ab'.repeat(32)}`

test.each<[method: string, params: unknown, reach: 'newest' | number | undefined]>([
  ['eth_blockNumber', undefined, 'newest'],
  ['eth_call', [{}, 'latest'], 'newest'],
  ['eth_call', [{}, 'pending'], 'newest'],
  ['eth_call', [{}], 'newest'],
  ['eth_call', [{}, null], 'newest'],
  ['eth_call', undefined, 'newest'],
  ['eth_call', [{}, '0x10'], 16],
  ['eth_call', [{}, { blockNumber: '0x10' }], 16],
  ['eth_call', [{}, { blockHash: HASH }], undefined],
  ['eth_call', [{}, 'finalized'], undefined],
  ['eth_getStorageAt', ['0x', '0x0', '0x10'], 16],
  ['eth_getBlockByNumber', ['latest', false], 'newest'],
  ['eth_getBlockByNumber', ['0x10', false], 16],
  ['eth_getBlockByNumber', [], undefined],
  ['eth_getBlockByNumber', undefined, undefined],
  ['eth_getBlockByHash', [HASH, false], undefined],
  ['eth_getTransactionReceipt', [HASH], undefined],
  ['eth_feeHistory', ['0x1', '0x10'], 16],
  ['eth_getLogs', [{ fromBlock: '0x1', toBlock: '0x10' }], 16],
  ['eth_getLogs', [{ fromBlock: '0x1', toBlock: 'latest' }], 'newest'],
  ['eth_getLogs', [{ fromBlock: '0x1' }], 'newest'],
  ['eth_getLogs', [{ fromBlock: '0x1', toBlock: null }], 'newest'],
  ['eth_getLogs', [{ blockHash: HASH }], undefined],
  ['eth_getLogs', [], 'newest'],
  ['eth_getLogs', [null], 'newest'],
])('%s of %j reads up to %s', (method, params, reach) => {
  const { block } = traitsOf(method)
  if (!block) throw new Error(`${method} has nothing to do with the newest blocks.`)
  expect(reachOf(params, block)).toBe(reach)
})

test.each([
  [{ number: '0x10' }, 16],
  [{ blockNumber: '0x10' }, 16],
  [{ number: '0x10', blockNumber: '0x11' }, 16],
  [{ number: null, blockNumber: '0x11' }, 17],
  [{ number: null }, undefined],
  [{}, undefined],
  [null, undefined],
  ['0x10', undefined],
  [undefined, undefined],
])('%j shows block %s', (value, height) => {
  expect(shownHeightOf(value)).toBe(height)
})
