// An EVM chain in memory: the truth that all simulated providers of a test share. A block is a function of its number and
// branch, and is made when first looked at: so a chain may be 20 million blocks high. Knows no JSON-RPC.

import type { Hash } from 'viem'
import type { ChainBlock, ChainLog, ChainTransaction, LogMatch, LogSpec } from './chain-block'
import { matchesLog, transfersOf } from './chain-block'
import type { ChainStore } from './chain-store'
import { createChainStore } from './chain-store'

export type ChainOptions = {
  /** Number of the first head. @default 100 */
  height?: number | undefined
  /** Time between two blocks (in s); below 1, several blocks share a timestamp. @default 12 */
  blockTime?: number | undefined
  /** Timestamp of block 0 (in s). @default 1_700_000_000 */
  startTime?: number | undefined
  /** The logs of each block. @default `transfersOf` */
  logs?: ((number: number, branch: number) => readonly LogSpec[]) | undefined
  /** Chains of different seeds have different blocks. @default 'chain' */
  seed?: string | undefined
  /** Whether the blooms of blocks are true; else they are zero. @default true */
  hasBlooms?: boolean | undefined
}

export type MineOptions = {
  /** Logs in place of the chain's own; a list holds for each of the blocks. */
  logs?: readonly LogSpec[] | ((number: number) => readonly LogSpec[]) | undefined
}

export type LogRange = LogMatch & { readonly fromBlock: number; readonly toBlock: number }

export type Chain = {
  readonly head: ChainBlock
  readonly blockTime: number
  /** A canonical block by its number; or by its hash any block that was mined or looked at, canonical or not. */
  block(id: number | Hash): ChainBlock | undefined
  isCanonical(block: ChainBlock): boolean
  /** The canonical block that holds a transaction. */
  blockOf(transaction: Hash): ChainBlock | undefined
  /** Logs of canonical blocks, in order. Both bounds are included; there are no logs past the head. */
  getLogs(range: LogRange): ChainLog[]
  /** Adds blocks, and calls the listeners after each. Returns the new head. */
  mine(count?: number, options?: MineOptions): ChainBlock
  /**
   * Replaces the last `depth` blocks by `blocks` others (default: as many; 0 only removes them), and calls the listeners
   * once.
   */
  reorg(depth: number, options?: MineOptions & { blocks?: number | undefined }): ChainBlock
  /** Another chain with the same past: later blocks of the one are not on the other. */
  fork(): Chain
  /** Puts a sent transaction into the next block. Does nothing if it is known already. */
  submit(transaction: ChainTransaction): void
  /** All transactions that were ever submitted. */
  readonly sent: readonly ChainTransaction[]
  /** For each reorg so far, the blocks that it replaced, newest first. */
  readonly reorgs: readonly (readonly ChainBlock[])[]
  onChange(listener: () => void): () => void
}

export function createChain(options: ChainOptions = {}): Chain {
  const { height = 100, blockTime = 12, startTime = 1_700_000_000, logs = transfersOf, seed = 'chain' } = options
  const timeOf = (number: number) => startTime + Math.floor(number * blockTime)
  const store = createChainStore({ seed, logsOf: logs, timeOf, hasBlooms: options.hasBlooms ?? true })
  return createBranch(store, height, blockTime)
}

function createBranch(store: ChainStore, height: number, blockTime: number): Chain {
  const listeners = new Set<() => void>()
  const reorgs: ChainBlock[][] = []
  const sent: ChainTransaction[] = []
  let headNumber = height
  let waiting: readonly ChainTransaction[] = []

  function add({ logs }: MineOptions) {
    const number = ++headNumber
    if (logs || waiting.length > 0)
      store.give(number, { logs: typeof logs === 'function' ? logs(number) : logs, sent: waiting })
    waiting = []
    store.at(number) // now, nodes know all blocks of their branch, and their transactions, by hash
  }

  function takeAway(depth: number) {
    if (depth > headNumber) throw new Error(`A chain of ${headNumber} blocks cannot lose ${depth}.`)
    const orphans = Array.from({ length: depth }, (_, i) => store.at(headNumber - i))
    const thrownOut = orphans.map((block) => block.transactions.filter((transaction) => transaction.raw)).reverse()
    waiting = [...thrownOut.flat(), ...waiting]
    reorgs.push(orphans)
    headNumber -= depth
    store.fork(headNumber + 1)
  }

  function tell() {
    for (const listener of [...listeners]) listener()
  }

  const isCanonical = (block: ChainBlock) => block.number <= headNumber && store.at(block.number) === block

  return {
    get head() {
      return store.at(headNumber)
    },
    blockTime,
    block(id) {
      if (typeof id === 'string') return store.byHash(id)
      return Number.isInteger(id) && id >= 0 && id <= headNumber ? store.at(id) : undefined
    },
    isCanonical,
    blockOf: (transaction) => store.holdersOf(transaction).find(isCanonical),
    getLogs: ({ fromBlock, toBlock, ...match }) => {
      const first = Math.max(0, fromBlock)
      return collectLogs(store, first, Math.min(toBlock, headNumber), match)
    },
    mine(count = 1, options = {}) {
      for (let i = 0; i < count; i++) {
        add(options)
        tell()
      }
      return store.at(headNumber)
    },
    reorg(depth, { blocks = depth, ...options } = {}) {
      takeAway(depth)
      for (let i = 0; i < blocks; i++) add(options)
      tell()
      return store.at(headNumber)
    },
    fork() {
      const own = store.split()
      own.fork(headNumber + 1)
      return createBranch(own, headNumber, blockTime)
    },
    submit(transaction) {
      if (sent.some((one) => one.hash === transaction.hash)) return
      sent.push(transaction)
      waiting = [...waiting, transaction]
    },
    sent,
    reorgs,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** The logs of a range. Blocks without a match are not made, as wide ranges are mostly empty. */
function collectLogs(store: ChainStore, fromBlock: number, toBlock: number, match: LogMatch): ChainLog[] {
  const logs: ChainLog[] = []
  for (let number = fromBlock; number <= toBlock; number++) {
    if (!store.logsAt(number).some((log) => matchesLog(match, log))) continue
    for (const log of store.at(number).logs) if (matchesLog(match, log)) logs.push(log)
  }
  return logs
}
