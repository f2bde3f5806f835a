import { describe, expect, test } from 'vitest'
import { traitsOf } from '../../src/rpc/methods'
import type { Old } from '../../src/rpc/need'
import { needOf, needOfMethod, oldOf } from '../../src/rpc/need'

const HASH = `0x${'ab'.repeat(32)}`

function usual(method: string, repeat?: boolean) {
  return needOfMethod(method, traitsOf(method), repeat)
}

function need(method: string, params: unknown, seesDepth = false) {
  return needOf({ method, params }, usual(method), seesDepth)
}

describe('a method', () => {
  test('is hedged if it is a read that may be repeated and is not heavy', () => {
    expect(usual('eth_call')).toMatchObject({ isRepeatable: true, isHedgeable: true, isHeavy: false })
    expect(usual('trace_block')).toMatchObject({ isRepeatable: true, isHedgeable: false, isHeavy: true })
    expect(usual('eth_sendRawTransaction')).toMatchObject({ isRepeatable: true, isHedgeable: false, isHeavy: false })
    expect(usual('evm_mine')).toMatchObject({ isRepeatable: false, isHedgeable: false, isHeavy: false })
  })

  test('may be repeated, or not, against its name', () => {
    expect(usual('evm_mine', true)).toMatchObject({ isRepeatable: true, isHedgeable: false })
    expect(usual('eth_call', false)).toMatchObject({ isRepeatable: false, isHedgeable: false })
  })
})

describe('a request', () => {
  test.each<[what: string, method: string, params: unknown, weight: 'usual' | 'heavy' | 'heavy, hedged']>([
    ['a call', 'eth_call', [{}, 'latest'], 'usual'],
    ['a call with overrides', 'eth_call', [{}, 'latest', {}], 'heavy, hedged'],
    ['an estimate with overrides', 'eth_estimateGas', [{}, 'latest', {}], 'heavy, hedged'],
    ['a call whose overrides are null', 'eth_call', [{}, 'latest', null], 'usual'],
    ['a read of state whose third param is its block', 'eth_getStorageAt', ['0x', '0x0', 'latest'], 'usual'],
    ['a call without params', 'eth_call', undefined, 'usual'],
    ['logs of 1 000 blocks', 'eth_getLogs', [{ fromBlock: '0x1', toBlock: '0x3e8' }], 'usual'],
    ['logs of 1 001 blocks', 'eth_getLogs', [{ fromBlock: '0x1', toBlock: '0x3e9' }], 'heavy'],
    ['logs from the first block to one near it', 'eth_getLogs', [{ fromBlock: 'earliest', toBlock: '0x1' }], 'heavy'],
    ['logs from the first block to the last', 'eth_getLogs', [{ fromBlock: 'earliest' }], 'heavy'],
    ['logs to the newest block', 'eth_getLogs', [{ fromBlock: '0x1', toBlock: 'latest' }], 'usual'],
    ['logs of the newest block', 'eth_getLogs', [{}], 'usual'],
    ['logs from the newest block to an old one', 'eth_getLogs', [{ fromBlock: 'latest', toBlock: '0x1' }], 'usual'],
    ['logs of no filter', 'eth_getLogs', [null], 'usual'],
    ['logs of a text', 'eth_getLogs', ['0x1'], 'usual'],
    ['logs without params', 'eth_getLogs', undefined, 'usual'],
    ['a trace', 'debug_traceCall', [{}, 'latest', {}], 'heavy'],
  ])('%s', (_, method, params, weight) => {
    const found = need(method, params)
    expect({ isHeavy: found.isHeavy, isHedgeable: found.isHedgeable }).toEqual({
      isHeavy: weight !== 'usual',
      isHedgeable: weight !== 'heavy',
    })
    // Nothing is made anew for what is usual.
    if (weight === 'usual') expect(found).toStrictEqual(usual(method))
  })

  test('tells what it reads that may be old where somebody keeps only some of it', () => {
    expect(need('eth_call', [{}, '0x10'], true).old).toEqual({ what: 'state', block: 16 })
    expect(need('eth_call', [{}, '0x10']).old).toBeUndefined()
    expect(need('eth_call', [{}, 'latest'], true)).not.toHaveProperty('old')
    expect(need('eth_call', [{}, '0x10', {}], true)).toMatchObject({ isHeavy: true, old: { block: 16 } })
  })
})

test.each<[method: string, params: unknown, old: Old | undefined]>([
  ['eth_call', [{}, '0x10'], { what: 'state', block: 16 }],
  ['eth_call', [{}, { blockNumber: '0x10' }], { what: 'state', block: 16 }],
  ['eth_call', [{}, { blockHash: HASH }], undefined],
  ['eth_call', [{}, HASH], undefined],
  ['eth_call', [{}, 'latest'], undefined],
  ['eth_call', [{}], undefined],
  ['eth_call', { 1: '0x10' }, undefined],
  ['eth_getBalance', ['0x', 'earliest'], { what: 'state', block: 0 }],
  ['eth_getBlockByNumber', ['0x10', false], { what: 'body', block: 16 }],
  ['eth_getBlockByHash', [HASH, false], { what: 'body', block: undefined }],
  ['eth_getBlockReceipts', [{ blockHash: HASH }], { what: 'body', block: undefined }],
  ['eth_getBlockReceipts', [null], undefined],
  ['eth_getTransactionByHash', [HASH], { what: 'transaction', block: undefined }],
  ['eth_getTransactionByHash', [HASH.toUpperCase().replace('0X', '0x')], { what: 'transaction', block: undefined }],
  ['eth_getTransactionByHash', [`${HASH}00`], undefined],
  ['eth_getTransactionByHash', [`x${HASH}`], undefined],
  ['eth_getLogs', [{ blockHash: HASH }], { what: 'logs', block: undefined }],
  ['eth_chainId', ['0x10'], undefined],
])('what %s of %j reads that may be old', (method, params, old) => {
  expect(oldOf({ method, params }, usual(method))).toEqual(old)
})
