// What a method is by its name: who it is for, whether it may be sent twice or shared, how long it takes, and which block it
// names.

import { describe, expect, test } from 'vitest'
import { isSignedSend, traitsOf } from '../../src/rpc/methods'

const traits = (method: string) => {
  const { kind, group, isRepeatable, isShareable } = traitsOf(method)
  return [kind, group, isRepeatable ? 'repeatable' : 'once', isShareable ? 'shareable' : 'alone'].join(' ')
}

describe('traitsOf', () => {
  test.each([
    ['read head repeatable shareable', 'eth_blockNumber eth_chainId eth_gasPrice net_version web3_clientVersion'],
    ['read state repeatable shareable', 'eth_call eth_estimateGas eth_getBalance eth_createAccessList eth_feeHistory'],
    ['read block repeatable shareable', 'eth_getBlockByNumber eth_getBlockReceipts eth_getUncleCountByBlockHash'],
    ['read logs repeatable shareable', 'eth_getLogs eth_getTransactionLogs'],
    ['read trace repeatable shareable', 'debug_traceCall trace_block arbtrace_call ots_getTransactionError'],
    [
      'read other repeatable shareable',
      'eth_protocolVersion eth_config zks_estimateFee bor_getAuthor optimism_isSyncing',
    ],
    ['read state repeatable alone', 'eth_getTransactionCount'],
    ['write other once alone', 'evm_mine anvil_reset eth_sendBundle eth_submitWork txpool_content'],
    ['write trace once alone', 'debug_setHead debug_startCPUProfile debug_freeOSMemory'],
    ['raw-send send repeatable alone', 'eth_sendRawTransaction eth_sendRawTransactionSync'],
    ['wallet send once alone', 'eth_accounts eth_sendTransaction personal_sign eth_signTypedData_v4 wallet_sendCalls'],
    [
      'filter logs once alone',
      'eth_newFilter eth_newBlockFilter eth_getFilterChanges eth_getFilterLogs eth_uninstallFilter',
    ],
    ['subscribe other once alone', 'eth_subscribe eth_unsubscribe'],
  ])('default: %s: %s', (expected, methods) => {
    for (const method of methods.split(' ')) expect(traits(method), method).toBe(expected)
  })

  test.each([
    ['eth_call', { what: 'state', param: 1 }, { param: 1, isNewestByDefault: true }],
    ['eth_getStorageAt', { what: 'state', param: 2 }, { param: 2, isNewestByDefault: true }],
    ['eth_feeHistory', undefined, { param: 1 }],
    ['trace_block', { what: 'body', param: 0 }, { param: 0 }],
    ['eth_blockNumber', undefined, { shows: 'head' }],
    ['eth_getBlockByNumber', { what: 'body', param: 0 }, { shows: 'block', param: 0 }],
    ['eth_getBlockReceipts', { what: 'body', param: 0 }, { shows: 'part', param: 0 }],
    ['eth_getBlockByHash', { what: 'body', param: 0 }, { shows: 'look-up' }],
    ['eth_getTransactionReceipt', { what: 'transaction', param: 0 }, { shows: 'look-up' }],
    ['debug_traceTransaction', { what: 'transaction', param: 0 }, undefined],
    ['eth_getLogs', { what: 'logs', param: 0 }, { shows: 'logs', param: 0 }],
    ['anvil_reset', undefined, { shows: 'reset' }],
    ['constructor', undefined, undefined],
  ])('default: %s names a block: %j %j', (method, old, block) => {
    expect(traitsOf(method)).toMatchObject({ old, block })
  })
})

test('isSignedSend: whatever form a provider has for it', () => {
  const methods = [
    'eth_sendPrivateTransaction',
    'eth_sendBundle',
    'eth_sendRawTransactionConditional',
    'eth_sendTransaction',
  ]
  expect(methods.map(isSignedSend)).toEqual([true, true, true, false])
})
