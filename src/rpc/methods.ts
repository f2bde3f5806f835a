// What a method is, by its name alone: read or write, may it be sent twice, how heavy, whom it is for.

export type MethodKind = 'read' | 'write' | 'raw-send' | 'wallet' | 'filter' | 'subscribe'

/** Methods that take about as long as each other: latency is measured, and hedges are timed, per group. */
export type MethodGroup = 'head' | 'state' | 'block' | 'logs' | 'trace' | 'send' | 'other'

/** What a provider may not keep of all blocks. `body`: with its receipts; `transaction`: found by its hash. */
export type OldData = 'state' | 'body' | 'transaction' | 'logs'

export type MethodTraits = {
  readonly kind: MethodKind
  readonly group: MethodGroup
  /** Whether sending it twice does no harm. */
  readonly isRepeatable: boolean
  /** Whether equal calls in flight may share one answer. */
  readonly isShareable: boolean
  /** What it reads of the block that this param names, which may be an old one. */
  readonly old?: { readonly what: OldData; readonly param: number } | undefined
  /** What it has to do with the newest blocks; `undefined`: nothing. */
  readonly block?: BlockTraits | undefined
}

export type BlockTraits = {
  /** Which param names the block it reads (for logs: the filter). */
  readonly param?: number | undefined
  /** Without that param it reads the newest state. */
  readonly isNewestByDefault?: boolean | undefined
  /**
   * What its answer tells about the head: it is the head's number, a block, something of a block, what was looked up by a
   * hash, or logs; or the call takes the chain back.
   */
  readonly shows?: 'head' | 'block' | 'part' | 'look-up' | 'logs' | 'reset' | undefined
}

const HEAD = new Set(
  'eth_blockNumber eth_chainId eth_gasPrice eth_maxPriorityFeePerGas eth_blobBaseFee eth_syncing net_version net_listening web3_clientVersion'.split(
    ' ',
  ),
)
const FILTER = new Set(
  'eth_newFilter eth_newBlockFilter eth_newPendingTransactionFilter eth_getFilterChanges eth_getFilterLogs eth_uninstallFilter'.split(
    ' ',
  ),
)
const RAW_SEND = new Set(['eth_sendRawTransaction', 'eth_sendRawTransactionSync'])

/** Accounts, signing and what only a wallet can do. */
const WALLET =
  /^(wallet_|personal_|eth_(accounts|requestAccounts|coinbase|sendTransaction|sign|signTransaction|signTypedData(_v\d)?|decrypt|getEncryptionPublicKey)$)/
const READ_NAME = /_(get|call|trace|estimate|simulate|list)|_(is|has)[A-Z]|(Number|Price|Version)$/
const READ_PREFIX = /^(debug|trace|arbtrace|ots|zks|net|web3)_/
const READ =
  /^eth_(chainId|syncing|protocolVersion|mining|hashrate|feeHistory|maxPriorityFeePerGas|blobBaseFee|createAccessList|fillTransaction|config|baseFee)$/
/** Look like reads by prefix or name but change the node or its answer to the next call. */
const NOT_A_READ =
  /^(debug_(set|start|stop|write|free|verbosity|vmodule|cpuProfile|blockProfile|goTrace|memProfile|mutexProfile|chaindb)|\w+_send)/
/** Which param names the block whose state is read. */
const STATE_PARAMS: Readonly<Record<string, number>> = {
  eth_call: 1,
  eth_estimateGas: 1,
  eth_createAccessList: 1,
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getTransactionCount: 1,
  eth_getStorageAt: 2,
  eth_getProof: 2,
  debug_traceCall: 1,
  trace_call: 2,
}
/** What is read of the block in the first param, or of the transaction with that hash. */
const OLD: readonly [OldData, RegExp][] = [
  [
    'body',
    /^eth_get(Block(By|Receipts|TransactionCount)|TransactionByBlock)|^debug_traceBlockBy|^trace_(block|replayBlockTransactions)$/,
  ],
  [
    'transaction',
    /^eth_get(Raw)?Transaction(ByHash|Receipt)$|_(get|trace|replay)(Raw)?Transaction$|^trace_transaction$/,
  ],
  ['logs', /^eth_getLogs$/],
]
/** Which param names a block otherwise. */
const BLOCK_PARAMS: Readonly<Record<string, number>> = {
  eth_feeHistory: 1,
  eth_simulateV1: 1,
  eth_getTransactionByBlockNumberAndIndex: 0,
  debug_traceBlockByNumber: 0,
  trace_block: 0,
}
const BLOCKS: Readonly<Record<string, BlockTraits>> = {
  eth_blockNumber: { shows: 'head' },
  eth_getBlockByNumber: { shows: 'block', param: 0 },
  eth_getHeaderByNumber: { shows: 'block', param: 0 },
  eth_getBlockReceipts: { shows: 'part', param: 0 },
  eth_getBlockTransactionCountByNumber: { shows: 'part', param: 0 },
  eth_getBlockByHash: { shows: 'look-up' },
  eth_getTransactionByHash: { shows: 'look-up' },
  eth_getTransactionReceipt: { shows: 'look-up' },
  eth_getLogs: { shows: 'logs', param: 0 },
  ...Object.fromEntries(
    ['evm_revert', 'anvil_reset', 'hardhat_reset', 'anvil_reorg', 'anvil_rollback'].map((dev) => [
      dev,
      { shows: 'reset' } as const,
    ]),
  ),
}
const TRACE = /^(debug|trace|arbtrace|ots)_/

/** Hands over a signed transaction, in whatever form a provider has for it. */
export function isSignedSend(method: string): boolean {
  return /_send(Raw|Private|Bundle|MegaBundle|UserOperation|SignedTransaction)/.test(method)
}

export function traitsOf(method: string): MethodTraits {
  if (RAW_SEND.has(method)) return { kind: 'raw-send', group: 'send', isRepeatable: true, isShareable: false }
  if (FILTER.has(method)) return { kind: 'filter', group: 'logs', isRepeatable: false, isShareable: false }
  if (method === 'eth_subscribe' || method === 'eth_unsubscribe')
    return { kind: 'subscribe', group: 'other', isRepeatable: false, isShareable: false }
  if (WALLET.test(method)) return { kind: 'wallet', group: 'send', isRepeatable: false, isShareable: false }
  const isRead =
    HEAD.has(method) ||
    READ.test(method) ||
    ((READ_NAME.test(method) || READ_PREFIX.test(method)) && !NOT_A_READ.test(method))
  return {
    kind: isRead ? 'read' : 'write',
    group: groupOf(method),
    isRepeatable: isRead,
    isShareable: isRead && method !== 'eth_getTransactionCount',
    old: oldOf(method),
    block: blockTraitsOf(method),
  }
}

function oldOf(method: string): MethodTraits['old'] {
  const param = Object.hasOwn(STATE_PARAMS, method) ? STATE_PARAMS[method] : undefined
  if (param !== undefined) return { what: 'state', param }
  const what = OLD.find(([, names]) => names.test(method))?.[0]
  return what && { what, param: 0 }
}

function blockTraitsOf(method: string): BlockTraits | undefined {
  if (Object.hasOwn(BLOCKS, method)) return BLOCKS[method]
  if (Object.hasOwn(STATE_PARAMS, method)) return { param: STATE_PARAMS[method], isNewestByDefault: true }
  return Object.hasOwn(BLOCK_PARAMS, method) ? { param: BLOCK_PARAMS[method] } : undefined
}

function groupOf(method: string): MethodGroup {
  if (HEAD.has(method)) return 'head'
  if (TRACE.test(method)) return 'trace'
  if (/Logs$/.test(method)) return 'logs'
  if (/Block/.test(method)) return 'block'
  if (/^eth_(call|estimateGas|get|simulate|createAccessList|feeHistory)/.test(method)) return 'state'
  return 'other'
}
