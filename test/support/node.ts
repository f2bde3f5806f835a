// The answers of a healthy node, by method, from the shared chain at a given head. Only its view makes it worse (an old head,
// pruned state, log limits). Knows no sockets.

import type { Hash } from 'viem'
import { numberToHex } from 'viem'
import type { Chain } from './chain'
import { hashOf } from './chain-block'
import { heightOf, RpcFault, toRpcBlock, toRpcLog } from './chain-rpc'
import { createNodeFilters } from './node-filters'
import type { LogLimits } from './node-logs'
import { findLogs } from './node-logs'
import { createNodeTransactions } from './node-transactions'

export type NodeView = {
  /** The node's own head: higher blocks do not exist for it. */
  readonly head: number
  readonly chainId: number
  /** How many blocks of state below the head the node keeps. @default all */
  readonly archive?: number | undefined
  readonly logs?: LogLimits | undefined
}

export type Node = {
  /** Returns the result, or a promise of it; throws or rejects with a `RpcFault`. */
  answer(method: string, params: readonly any[], view: NodeView): unknown
  /** The node hears of a transaction from other nodes. */
  hear(hash: Hash): void
  /** Forgets all filters, as a restart would. */
  forgetFilters(): void
}

export type NodeOptions = {
  chain: Chain
  /** The head that the filters follow. */
  headOf: () => number
  /** Called when the node was sent a transaction. */
  onPending?: ((hash: Hash) => void) | undefined
}

type Answers = Record<string, (params: readonly any[], view: NodeView) => unknown>

export function createNode({ chain, headOf, onPending }: NodeOptions): Node {
  const filters = createNodeFilters(chain, headOf)
  const transactions = createNodeTransactions(chain, (hash) => {
    filters.addPending(hash)
    onPending?.(hash)
  })
  const answers: Answers = {
    ...constants,
    ...blockAnswers(chain),
    ...stateAnswers(chain),
    eth_getTransactionCount: ([from, block], view) => numberToHex(transactions.count(from, block, view.head)),
    eth_sendRawTransaction: ([raw], { head }) => transactions.send(raw, head),
    eth_getTransactionByHash: ([hash], { head }) => transactions.find(hash, head),
    eth_getTransactionReceipt: ([hash], { head }) => transactions.receipt(hash, head),
    eth_newFilter: ([filter]) => filters.open(filter),
    eth_newBlockFilter: () => filters.open('blocks'),
    eth_newPendingTransactionFilter: () => filters.open('transactions'),
    eth_getFilterChanges: ([id]) => filters.changes(id),
    eth_getFilterLogs: ([id], { head, logs }) => filters.logs(id, head, logs),
    eth_uninstallFilter: ([id]) => filters.close(id),
  }
  return {
    answer(method, params, view) {
      const answer = Object.hasOwn(answers, method) ? answers[method] : undefined
      if (!answer) throw new RpcFault(-32601, `the method ${method} does not exist/is not available`)
      return answer(params, view)
    },
    hear: filters.addPending,
    forgetFilters: filters.forget,
  }
}

const constants: Answers = {
  eth_chainId: (_, { chainId }) => numberToHex(chainId),
  net_version: (_, { chainId }) => `${chainId}`,
  web3_clientVersion: () => 'simulated/1.0.0',
  eth_accounts: () => [],
  eth_syncing: () => false,
  eth_gasPrice: () => numberToHex(1_000_000_000),
  eth_maxPriorityFeePerGas: () => numberToHex(1_000_000_000),
  eth_estimateGas: () => numberToHex(21_000),
}

function blockAnswers(chain: Chain): Answers {
  return {
    eth_blockNumber: (_, { head }) => numberToHex(head),
    eth_getBlockByNumber: ([number, hasBodies], { head }) => {
      const height = heightOf(number, head)
      const block = height <= head ? chain.block(height) : undefined
      return block ? toRpcBlock(block, hasBodies === true) : null
    },
    eth_getBlockByHash: ([hash, hasBodies], { head }) => {
      const block = chain.block(hash as Hash)
      return block && block.number <= head ? toRpcBlock(block, hasBodies === true) : null
    },
    eth_getLogs: ([filter], { head, logs }) => findLogs(chain, filter ?? {}, head, logs).map((log) => toRpcLog(log)),
  }
}

/** Reads of state, refused where the node has pruned it. The balance of every account is the height at which it is read. */
function stateAnswers(chain: Chain): Answers {
  const stateAt = (block: unknown, { head, archive = Infinity }: NodeView): number => {
    const height = stateHeight(chain, block, head)
    if (height > head) throw new RpcFault(-32000, 'header not found')
    if (height >= head - archive) return height
    const root = hashOf(`state ${height}`)
    throw new RpcFault(-32000, `missing trie node ${root.slice(2)} (path ) state ${root} is not available`)
  }
  return {
    eth_call: (params, view) => {
      stateAt(params[1], view)
      return hashOf(JSON.stringify(params))
    },
    eth_getBalance: ([, block], view) => numberToHex(stateAt(block, view)),
    eth_getCode: ([, block], view) => {
      stateAt(block, view)
      return '0x'
    },
    eth_getStorageAt: (params, view) => {
      stateAt(params[2], view)
      return hashOf(JSON.stringify(params))
    },
  }
}

/** Like `heightOf`, but a block may also be named by a hash or an object (EIP-1898). */
function stateHeight(chain: Chain, block: any, head: number): number {
  const hash = block?.blockHash ?? (typeof block === 'string' && block.length === 66 ? block : undefined)
  if (hash) return chain.block(hash)?.number ?? Infinity
  return heightOf(block?.blockNumber ?? block, head)
}
