// The model chain in JSON-RPC: blocks, heads, logs, transactions and receipts as nodes print them. Pure.

import type { Hash, Hex } from 'viem'
import { numberToHex } from 'viem'
import { bloomOf } from './bloom'
import type { ChainBlock, ChainLog, ChainTransaction } from './chain-block'

/** A JSON-RPC error object as a throwable, for the simulated nodes. */
export class RpcFault extends Error {
  override readonly name = 'RpcFault'
  readonly code: number
  readonly data: unknown
  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

const zeroHash: Hash = `0x${'00'.repeat(32)}`
const gasUsed = numberToHex(21_000)
const gasPrice = numberToHex(1_000_000_000)

/** A head as `newHeads` pushes it: without transactions and size. */
export function toRpcHead(block: ChainBlock) {
  return {
    number: numberToHex(block.number),
    hash: block.hash,
    parentHash: block.parentHash,
    timestamp: numberToHex(block.timestamp),
    logsBloom: block.logsBloom,
    baseFeePerGas: gasPrice,
    difficulty: '0x0',
    extraData: '0x',
    gasLimit: numberToHex(30_000_000),
    gasUsed: numberToHex(21_000 * block.transactions.length),
    miner: `0x${'c0'.repeat(20)}`,
    mixHash: zeroHash,
    nonce: '0x0000000000000000',
    receiptsRoot: zeroHash,
    sha3Uncles: zeroHash,
    stateRoot: zeroHash,
    transactionsRoot: zeroHash,
  }
}

export function toRpcBlock(block: ChainBlock, hasBodies: boolean) {
  const { transactions } = block
  return {
    ...toRpcHead(block),
    size: numberToHex(1_000),
    totalDifficulty: '0x0',
    transactions: transactions.map((one) => (hasBodies ? toRpcTransaction(one, block) : one.hash)),
    uncles: [],
    withdrawals: [],
  }
}

export function toRpcLog(log: ChainLog, removed = false) {
  return {
    address: log.address,
    topics: log.topics,
    data: log.data,
    blockNumber: numberToHex(log.blockNumber),
    blockHash: log.blockHash,
    transactionHash: log.transactionHash,
    transactionIndex: numberToHex(log.transactionIndex),
    logIndex: numberToHex(log.logIndex),
    removed,
  }
}

/** A transaction as nodes print it. @param block the block that holds it; `undefined` for a pending one */
export function toRpcTransaction(transaction: ChainTransaction, block?: ChainBlock) {
  return {
    hash: transaction.hash,
    from: transaction.from,
    to: transaction.to,
    nonce: numberToHex(transaction.nonce),
    blockHash: block?.hash ?? null,
    blockNumber: block ? numberToHex(block.number) : null,
    transactionIndex: block ? numberToHex(block.transactions.indexOf(transaction)) : null,
    gas: gasUsed,
    gasPrice,
    input: '0x',
    r: '0x1',
    s: '0x1',
    type: '0x0',
    v: '0x1b',
    value: '0x0',
  }
}

export function toRpcReceipt(transaction: ChainTransaction, block: ChainBlock) {
  const transactionIndex = block.transactions.indexOf(transaction)
  const logs = block.logs.filter((log) => log.transactionIndex === transactionIndex)
  return {
    transactionHash: transaction.hash,
    transactionIndex: numberToHex(transactionIndex),
    blockHash: block.hash,
    blockNumber: numberToHex(block.number),
    from: transaction.from,
    to: transaction.to,
    contractAddress: null,
    cumulativeGasUsed: numberToHex(21_000 * (transactionIndex + 1)),
    effectiveGasPrice: gasPrice,
    gasUsed,
    logs: logs.map((log) => toRpcLog(log)),
    logsBloom: bloomOf(logs),
    status: '0x1',
    type: '0x0',
  }
}

/** The height that a block parameter names for a node with this head. Throws geth's error for an invalid parameter. */
export function heightOf(block: unknown, head: number): number {
  if (block === undefined || block === null || block === 'latest' || block === 'pending') return head
  if (block === 'earliest') return 0
  if (block === 'safe') return Math.max(0, head - 32)
  if (block === 'finalized') return Math.max(0, head - 64)
  if (typeof block === 'string' && /^0x[0-9a-f]+$/i.test(block)) return Number(block as Hex)
  throw new RpcFault(-32602, 'invalid argument 0: hex string without 0x prefix')
}
