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

/** What goes by the whole name; the group goes with it. */
const SPECIAL: readonly [MethodKind, MethodGroup, RegExp][] = [
  ['raw-send', 'send', /^eth_sendRawTransaction(Sync)?$/],
  ['filter', 'logs', /^eth_(new(Block|PendingTransaction)?Filter|getFilter(Changes|Logs)|uninstallFilter)$/],
  ['subscribe', 'other', /^eth_(un)?subscribe$/],
  // Accounts, signing and what only a wallet can do.
  [
    'wallet',
    'send',
    /^(wallet_|personal_|eth_(accounts|requestAccounts|coinbase|sendTransaction|sign|signTransaction|signTypedData(_v\d)?|decrypt|getEncryptionPublicKey)$)/,
  ],
]
const READ =
  /_(get|call|trace|estimate|simulate|list)|_(is|has)[A-Z]|(Number|Price|Version)$|^(debug|trace|arbtrace|ots|zks|net|web3)_|^eth_(chainId|syncing|mining|hashrate|feeHistory|maxPriorityFeePerGas|blobBaseFee|createAccessList|fillTransaction|config|baseFee)$/
/** Look like reads by prefix or name but change the node or its answer to the next call. */
const NOT_A_READ =
  /^(debug_(set|start|stop|write|free|verbosity|vmodule|cpuProfile|blockProfile|goTrace|memProfile|mutexProfile|chaindb)|\w+_send)/
/** The first that fits. */
const GROUPS: readonly [MethodGroup, RegExp][] = [
  [
    'head',
    /^(eth_(blockNumber|chainId|gasPrice|maxPriorityFeePerGas|blobBaseFee|syncing)|net_(version|listening)|web3_clientVersion)$/,
  ],
  ['trace', /^(debug|trace|arbtrace|ots)_/],
  ['logs', /Logs$/],
  ['block', /Block/],
  ['state', /^eth_(call|estimateGas|get|simulate|createAccessList|feeHistory)/],
]
const BLOCKS: readonly [BlockTraits, RegExp][] = [
  [
    { param: 1, isNewestByDefault: true },
    /^(eth_(call|estimateGas|createAccessList|get(Balance|Code|TransactionCount))|debug_traceCall)$/,
  ],
  [{ param: 2, isNewestByDefault: true }, /^(eth_get(StorageAt|Proof)|trace_call)$/],
  [{ param: 1 }, /^eth_(feeHistory|simulateV1)$/],
  [{ param: 0 }, /^(eth_getTransactionByBlockNumberAndIndex|debug_traceBlockByNumber|trace_block)$/],
  [{ shows: 'head' }, /^eth_blockNumber$/],
  [{ shows: 'block', param: 0 }, /^eth_get(Block|Header)ByNumber$/],
  [{ shows: 'part', param: 0 }, /^eth_getBlock(Receipts|TransactionCountByNumber)$/],
  [{ shows: 'look-up' }, /^eth_get(BlockByHash|Transaction(ByHash|Receipt))$/],
  [{ shows: 'logs', param: 0 }, /^eth_getLogs$/],
  [{ shows: 'reset' }, /^(evm_revert|hardhat_reset|anvil_(reset|reorg|rollback))$/],
]
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

/**
 * Hands over a signed transaction, in whatever form a provider has for it: to send it, or to try what it would do. The bundles
 * that alchemy_ and tenderly_ methods simulate are of calls that nobody has signed.
 */
export function takesSigned(method: string): boolean {
  return /^(?!alchemy_|tenderly_)\w*_(?!get)\w*((raw|private|signed)_?transaction|bundle)|_send(Raw|Private|UserOperation)/i.test(
    method,
  )
}

/** Sends a transaction, or what becomes one, in whatever form. */
export function isSend(method: string): boolean {
  return /_send[A-Z]/.test(method)
}

export function traitsOf(method: string): MethodTraits {
  const fits = (row: readonly [...unknown[], RegExp]) => (row.at(-1) as RegExp).test(method)
  const special = SPECIAL.find(fits)
  const kind = special?.[0] ?? (READ.test(method) && !NOT_A_READ.test(method) ? 'read' : 'write')
  const block = BLOCKS.find(fits)?.[0]
  const what = block?.isNewestByDefault ? 'state' : OLD.find(fits)?.[0]
  return {
    kind,
    group: special?.[1] ?? GROUPS.find(fits)?.[0] ?? 'other',
    isRepeatable: kind === 'read' || kind === 'raw-send',
    isShareable: kind === 'read' && method !== 'eth_getTransactionCount',
    old: what && { what, param: what === 'state' ? (block?.param as number) : 0 },
    block,
  }
}
