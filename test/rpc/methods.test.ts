import { describe, expect, test } from 'vitest'
import { isSend, takesSigned, traitsOf } from '../../src/rpc/methods'

/** What a method is, and the methods that are so. */
const KINDS = {
  'read head': `eth_blockNumber eth_chainId eth_gasPrice eth_maxPriorityFeePerGas eth_blobBaseFee eth_syncing net_version
    net_listening web3_clientVersion`,
  'read state': `eth_call eth_estimateGas eth_createAccessList eth_getBalance eth_getCode eth_getStorageAt eth_getProof
    eth_feeHistory eth_simulateV1 eth_getTransactionReceipt eth_getTransactionByHash`,
  'read block': `eth_getBlockByNumber eth_getBlockByHash eth_getBlockReceipts eth_getBlockTransactionCountByNumber
    eth_getUncleCountByBlockHash eth_getTransactionByBlockHashAndIndex`,
  'read logs': 'eth_getLogs zks_getLogs erigon_getLogs',
  'read trace': `debug_traceTransaction debug_traceBlockByNumber debug_traceCall debug_getRawReceipts debug_storageRangeAt
    trace_block trace_call trace_filter trace_replayTransaction arbtrace_block ots_getContractCreator ots_hasCode`,
  'read other': `web3_sha3 net_peerCount zks_L1ChainId eth_protocolVersion eth_mining eth_hashrate eth_config eth_baseFee
    eth_fillTransaction txpool_getInfo linea_estimateGas bor_getAuthor klay_isContractAccount optimism_hasNode
    klay_accountNumber x_gasPrice x_nodeVersion admin_listPeers`,
  'write other': `evm_mine evm_revert anvil_setBalance hardhat_impersonateAccount miner_start admin_addPeer txpool_content
    engine_newPayloadV3 eth_submitWork eth_ klay_isbn klay_hash toString constructor`,
  'write trace': `debug_setHead debug_startCPUProfile debug_stopCPUProfile debug_writeMemProfile debug_freeOSMemory
    debug_verbosity debug_vmodule debug_cpuProfile debug_goTrace debug_memProfile debug_mutexProfile debug_chaindbCompact
    debug_blockProfile trace_sendCall`,
  'raw-send send': 'eth_sendRawTransaction eth_sendRawTransactionSync',
  'wallet send': `eth_accounts eth_requestAccounts eth_coinbase eth_sendTransaction eth_sign eth_signTransaction
    eth_signTypedData eth_signTypedData_v3 eth_signTypedData_v4 eth_decrypt eth_getEncryptionPublicKey
    personal_sign wallet_switchEthereumChain wallet_getCapabilities wallet_sendCalls`,
  'filter logs': `eth_newFilter eth_newBlockFilter eth_newPendingTransactionFilter eth_getFilterChanges eth_getFilterLogs
    eth_uninstallFilter`,
  'subscribe other': 'eth_subscribe eth_unsubscribe',
}

describe('kind and group', () => {
  test.each(Object.entries(KINDS))('%s', (kind, methods) => {
    const names = methods.split(/\s+/)
    const told = names.map((method) => `${method}: ${traitsOf(method).kind} ${traitsOf(method).group}`)
    expect(told).toEqual(names.map((method) => `${method}: ${kind}`))
  })
})

test('reads and raw transactions may be sent twice; nothing else', () => {
  for (const [kind, methods] of Object.entries(KINDS))
    for (const method of methods.split(/\s+/))
      expect([method, traitsOf(method).isRepeatable]).toEqual([method, /^(read|raw)/.test(kind)])
})

test('reads are shared, but for the count of transactions; nothing else', () => {
  expect(traitsOf('eth_getTransactionCount')).toMatchObject({ kind: 'read', isShareable: false })
  for (const [kind, methods] of Object.entries(KINDS))
    for (const method of methods.split(/\s+/))
      expect([method, traitsOf(method).isShareable]).toEqual([method, kind.startsWith('read')])
})

test('what may be old is the state, the body, the transaction or the logs of what a param names', () => {
  const old = (methods: string) => methods.split(/\s+/).map((method) => traitsOf(method).old)
  const each = (methods: string, expected: unknown) =>
    expect(old(methods)).toEqual(methods.split(/\s+/).map(() => expected))
  each(
    `eth_call eth_estimateGas eth_createAccessList eth_getBalance eth_getCode eth_getTransactionCount debug_traceCall`,
    { what: 'state', param: 1 },
  )
  each('eth_getStorageAt eth_getProof trace_call', { what: 'state', param: 2 })
  each(
    `eth_getBlockByNumber eth_getBlockByHash eth_getBlockReceipts eth_getBlockTransactionCountByHash
    eth_getTransactionByBlockNumberAndIndex debug_traceBlockByNumber debug_traceBlockByHash trace_block
    trace_replayBlockTransactions`,
    { what: 'body', param: 0 },
  )
  each(
    `eth_getTransactionByHash eth_getTransactionReceipt eth_getRawTransactionByHash debug_traceTransaction
    trace_transaction trace_replayTransaction debug_getRawTransaction`,
    { what: 'transaction', param: 0 },
  )
  each('eth_getLogs', { what: 'logs', param: 0 })
  each(
    `eth_blockNumber eth_chainId eth_feeHistory eth_getUncleCountByBlockHash eth_sendRawTransaction evm_mine toString
    debug_traceCallMany trace_blocks my_trace_block eth_getLogsOf`,
    undefined,
  )
})

test('what a method has to do with the newest blocks', () => {
  const block = (method: string) => traitsOf(method).block
  expect(block('eth_blockNumber')).toEqual({ shows: 'head' })
  for (const method of ['eth_getBlockByNumber', 'eth_getHeaderByNumber'])
    expect(block(method)).toEqual({ shows: 'block', param: 0 })
  for (const method of ['eth_getBlockReceipts', 'eth_getBlockTransactionCountByNumber'])
    expect(block(method)).toEqual({ shows: 'part', param: 0 })
  for (const method of ['eth_getBlockByHash', 'eth_getTransactionByHash', 'eth_getTransactionReceipt'])
    expect(block(method)).toEqual({ shows: 'look-up' })
  expect(block('eth_getLogs')).toEqual({ shows: 'logs', param: 0 })
  for (const method of ['evm_revert', 'anvil_reset', 'hardhat_reset', 'anvil_reorg', 'anvil_rollback'])
    expect(block(method)).toEqual({ shows: 'reset' })
  expect(block('eth_call')).toEqual({ param: 1, isNewestByDefault: true })
  expect(block('eth_getProof')).toEqual({ param: 2, isNewestByDefault: true })
  for (const method of ['eth_feeHistory', 'eth_simulateV1']) expect(block(method)).toEqual({ param: 1 })
  for (const method of ['eth_getTransactionByBlockNumberAndIndex', 'debug_traceBlockByNumber', 'trace_block'])
    expect(block(method)).toEqual({ param: 0 })
  for (const method of ['eth_gasPrice', 'eth_chainId', 'evm_mine', 'evm_snapshot', 'toString', 'eth_newFilter'])
    expect(block(method)).toBeUndefined()
})

test('a signed transaction is handed over in many forms', () => {
  const forms = `eth_sendRawTransaction eth_sendRawTransactionSync eth_sendPrivateTransaction eth_sendPrivateRawTransaction
    eth_sendBundle eth_sendMegaBundle eth_sendEndOfBlockBundle eth_sendUserOperation x_sendSignedTransaction
    bor_sendRawTransactionConditional eth_callBundle mev_simBundle eth_estimateGasBundle trace_rawTransaction`
  expect(forms.split(/\s+/).filter((method) => !takesSigned(method))).toEqual([])
  const others = `eth_sendTransaction eth_call sendRawTransaction eth_resendRawTx eth_getRawTransactionByHash
    debug_getRawTransaction eth_getBundleStats eth_signTransaction eth_estimateUserOperationGas
    alchemy_simulateExecutionBundle alchemy_simulateAssetChangesBundle tenderly_simulateBundle tenderly_estimateGasBundle`
  expect(others.split(/\s+/).filter(takesSigned)).toEqual([])
})

test('what sends has many names', () => {
  const sends = 'eth_sendTransaction eth_sendRawTransactionSync wallet_sendCalls eth_sendUserOperation mev_sendBundle'
  expect(sends.split(' ').filter((method) => !isSend(method))).toEqual([])
  expect(['eth_signTransaction', 'eth_call', 'wallet_sendable', 'eth_getSender'].filter(isSend)).toEqual([])
})
