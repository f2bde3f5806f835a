// One block of the model chain: its shape, how it is made, and which of its logs match a filter. Pure.

import type { Address, Hash, Hex } from 'viem'
import { keccak256, pad, stringToBytes, toHex } from 'viem'
import { bloomOf, emptyBloom } from './bloom'

/** A log as a contract emits it; the block adds its position. `transactionIndex` must not decrease from one log to the next. */
export type LogSpec = {
  readonly address: Address
  readonly topics: readonly Hex[]
  readonly data?: Hex | undefined
  /** @default the log's own index, but at most that of the last transaction */
  readonly transactionIndex?: number | undefined
}

export type ChainLog = {
  readonly address: Address
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly blockNumber: number
  readonly blockHash: Hash
  readonly transactionHash: Hash
  readonly transactionIndex: number
  readonly logIndex: number
}

export type ChainTransaction = {
  readonly hash: Hash
  readonly from: Address
  readonly to: Address
  readonly nonce: number
  /** The signed bytes, if the transaction was sent and not made up. */
  readonly raw?: Hex | undefined
}

export type ChainBlock = {
  readonly number: number
  readonly hash: Hash
  readonly parentHash: Hash
  /** In s since 1970. */
  readonly timestamp: number
  readonly logsBloom: Hex
  readonly transactions: readonly ChainTransaction[]
  readonly logs: readonly ChainLog[]
}

/** The address and topics of a filter, in the shape of `eth_getLogs`. */
export type LogMatch = {
  readonly address?: Address | readonly Address[] | null | undefined
  readonly topics?: readonly (Hex | readonly Hex[] | null)[] | null | undefined
}

export const tokenA: Address = `0x${'aa'.repeat(20)}`
export const tokenB: Address = `0x${'bb'.repeat(20)}`
export const transferTopic: Hash = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

/** The logs of a block by default: one transfer of token A, and in even blocks also one of token B. */
export function transfersOf(number: number): LogSpec[] {
  const data = pad(toHex(number))
  const topics = [transferTopic, pad('0x01'), pad(toHex(number % 16))] as const
  const logs = [{ address: tokenA, topics, data }]
  if (number % 2 === 0) logs.push({ address: tokenB, topics, data })
  return logs
}

export type BlockPlan = {
  seed: string
  number: number
  hash: Hash
  parentHash: Hash
  timestamp: number
  logs: readonly LogSpec[]
  /** Transactions that were sent. Two made-up ones come before them in the block. */
  sent: readonly ChainTransaction[]
  /** Whether the bloom is true; else it is zero. @default true */
  hasBloom?: boolean | undefined
}

export function buildBlock(plan: BlockPlan): ChainBlock {
  const { seed, number, hash, parentHash, timestamp, logs, sent, hasBloom = true } = plan
  const transactions = [0, 1].map((index) => madeUpTransaction(seed, number, index)).concat(sent)
  return {
    number,
    hash,
    parentHash,
    timestamp,
    logsBloom: hasBloom ? bloomOf(logs) : emptyBloom,
    transactions,
    logs: logs.map((log, logIndex) => {
      const transactionIndex = log.transactionIndex ?? Math.min(logIndex, transactions.length - 1)
      const transaction = transactions[transactionIndex]
      if (!transaction) throw new Error(`Block ${number} has no transaction ${transactionIndex}.`)
      const { address, topics, data = '0x' } = log
      const place = { blockNumber: number, blockHash: hash, transactionHash: transaction.hash }
      return { address, topics, data, ...place, transactionIndex, logIndex }
    }),
  }
}

export function matchesLog({ address, topics }: LogMatch, log: { address: Hex; topics: readonly Hex[] }): boolean {
  const isAddress = !address || isOneOf(address, log.address) || (Array.isArray(address) && address.length === 0)
  if (!isAddress) return false
  const wanted = topics ?? []
  if (wanted.length > log.topics.length) return false
  return wanted.every((topic, i) => !topic || topic.length === 0 || isOneOf(topic, log.topics[i] as Hex))
}

/** Hashes that were computed, kept as chains of the same seed are made again and again. */
const hashes = new Map<string, Hash>()

/** The hash of a text, from which everything made up gets its identity. */
export function hashOf(text: string): Hash {
  const known = hashes.get(text)
  if (known) return known
  const hash = keccak256(stringToBytes(text))
  if (hashes.size < 100_000) hashes.set(text, hash)
  return hash
}

/** Drops the kept hashes, for tests that measure what a client holds in memory. */
export function forgetHashes() {
  hashes.clear()
}

// A made-up transaction is the same on every branch: one that a reorg threw out is included again.
function madeUpTransaction(seed: string, number: number, index: number): ChainTransaction {
  const from: Address = `0x${'f0'.repeat(20)}`
  return { hash: hashOf(`${seed} transaction ${number} ${index}`), from, to: tokenA, nonce: number * 2 + index }
}

function isOneOf(wanted: Hex | readonly Hex[], value: Hex): boolean {
  const list = typeof wanted === 'string' ? [wanted] : wanted
  return list.some((item) => item.toLowerCase() === value.toLowerCase())
}
