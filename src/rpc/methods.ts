// What a method is, by its name alone: a read or a write, whether it may be sent twice, its group, the block it names.

export type MethodKind = 'read' | 'write' | 'raw-send' | 'wallet' | 'filter' | 'subscribe'

/** Methods that take about as long as each other: latency is measured, and hedges are timed, per group. */
export type MethodGroup = 'head' | 'state' | 'block' | 'logs' | 'trace' | 'send' | 'other'

/** Data that a provider may lack for old blocks. `'body'`: with receipts. `'transaction'`: a look-up by hash. */
export type OldData = 'state' | 'body' | 'transaction' | 'logs'

export type MethodTraits = {
  readonly kind: MethodKind
  readonly group: MethodGroup
  /** Whether sending it twice does no harm. */
  readonly isRepeatable: boolean
  /** Whether equal calls in flight may share one answer. */
  readonly isShareable: boolean
  /** What the method reads of a block that may be old, and which param names that block (or a hash). */
  readonly old?: { readonly what: OldData; readonly param: number } | undefined
  /** How the method depends on the head, or shows it; `undefined` if it does neither. */
  readonly block?: BlockTraits | undefined
}

export type BlockTraits = {
  /** Index of the param that names the block that is read (for logs: of the filter). */
  readonly param?: number | undefined
  /** Whether the method reads the newest state if that param is missing. */
  readonly isNewestByDefault?: boolean | undefined
  /**
   * What the answer shows of the chain. `'head'`: the number of the head. `'block'`: a block. `'part'`: part of a block.
   * `'look-up'`: what was looked up by a hash. `'logs'`: logs. `'reset'`: none of these, but the call sets the chain back.
   */
  readonly shows?: 'head' | 'block' | 'part' | 'look-up' | 'logs' | 'reset' | undefined
}

/** Kinds that go by the whole name, with their group; the first row that matches wins. */
const SPECIAL: readonly [MethodKind, MethodGroup, RegExp][] = [
  ['raw-send', 'send', /^eth_sendRawTransaction(Sync)?$/],
  ['filter', 'logs', /^eth_(new(Block|PendingTransaction)?Filter|getFilter(Changes|Logs)|uninstallFilter)$/],
  ['subscribe', 'other', /^eth_(un)?subscribe$/],
  // Accounts, signing, and what else only a wallet can do.
  [
    'wallet',
    'send',
    /^(wallet_|personal_|eth_(accounts|requestAccounts|coinbase|sendTransaction|sign|signTransaction|signTypedData(_v\d)?|decrypt|getEncryptionPublicKey)$)/,
  ],
]
const READ =
  /_(get|call|trace|estimate|simulate|list)|_(is|has)[A-Z]|(Number|Price|Version)$|^(debug|trace|arbtrace|ots|zks|net|web3)_|^eth_(chainId|syncing|mining|hashrate|feeHistory|maxPriorityFeePerGas|blobBaseFee|createAccessList|fillTransaction|config|baseFee)$/
/** Methods that look like reads by their name, but change the node or its answer to the next call. */
const NOT_A_READ =
  /^(debug_(set|start|stop|write|free|verbosity|vmodule|cpuProfile|blockProfile|goTrace|memProfile|mutexProfile|chaindb)|\w+_send)/
/** Groups of the other methods; the first row that matches wins. */
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
/** What a method reads of the block that its first param names, or of the transaction whose hash that param is. */
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
 * Whether a method hands over a signed transaction, under whatever name, to be sent or to be simulated. The bundles of
 * alchemy_ and tenderly_ methods hold unsigned calls.
 */
export function takesSigned(method: string): boolean {
  return /^(?!alchemy_|tenderly_)\w*_(?!get)\w*((raw|private|signed)_?transaction|bundle)|_send(Raw|Private|UserOperation)/i.test(
    method,
  )
}

/** Whether a method sends a transaction, or something that becomes one (a bundle, a user operation). */
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
