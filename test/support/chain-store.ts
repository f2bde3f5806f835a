// The blocks of the model chain on all its branches. They are made when first looked at, kept for good, and found by number
// or hash.

import type { Hash } from 'viem'
import type { ChainBlock, ChainTransaction, LogSpec } from './chain-block'
import { buildBlock, hashOf } from './chain-block'

export type ChainStore = {
  /** The block with this number on the present branch. */
  at(number: number): ChainBlock
  /** The logs of that block, without making the block. */
  logsAt(number: number): readonly LogSpec[]
  /** Sets what is in a block; must be called before the block is looked at. */
  give(number: number, content: BlockContent): void
  byHash(hash: Hash): ChainBlock | undefined
  /** The blocks of all branches that hold a transaction. */
  holdersOf(transaction: Hash): readonly ChainBlock[]
  /** Begins another branch from this number on. */
  fork(from: number): void
  /** Another view of the same blocks: later forks of the one do not concern the other. */
  split(): ChainStore
}

export type BlockContent = { logs?: readonly LogSpec[] | undefined; sent: readonly ChainTransaction[] }

export type ChainStoreOptions = {
  seed: string
  timeOf: (number: number) => number
  logsOf: (number: number, branch: number) => readonly LogSpec[]
  /** Whether the blooms of blocks are true; else they are zero. */
  hasBlooms: boolean
}

/** The state that all views of a chain share. */
type Shelves = {
  readonly blocks: Map<string, ChainBlock>
  readonly contents: Map<string, BlockContent>
  readonly hashes: Map<Hash, ChainBlock>
  readonly holders: Map<Hash, ChainBlock[]>
  lastBranch: number
}

export function createChainStore(options: ChainStoreOptions): ChainStore {
  const shelves = { blocks: new Map(), contents: new Map(), hashes: new Map(), holders: new Map(), lastBranch: 0 }
  return createView(options, shelves, [])
}

function createView(options: ChainStoreOptions, shelves: Shelves, forks: readonly Fork[]): ChainStore {
  const { seed, timeOf, logsOf, hasBlooms } = options
  const { blocks, contents, hashes, holders } = shelves
  const branches = createBranches(forks, () => ++shelves.lastBranch)

  const keyOf = (number: number) => `block ${number} ${branches.at(number)}`
  const identify = (number: number): Hash => (number < 0 ? `0x${'00'.repeat(32)}` : hashOf(`${seed} ${keyOf(number)}`))
  const logsAt = (number: number) => contents.get(keyOf(number))?.logs ?? logsOf(number, branches.at(number))

  function make(number: number): ChainBlock {
    const sent = contents.get(keyOf(number))?.sent ?? []
    const place = { number, hash: identify(number), parentHash: identify(number - 1), timestamp: timeOf(number) }
    const block = buildBlock({ seed, ...place, logs: logsAt(number), sent, hasBloom: hasBlooms })
    blocks.set(keyOf(number), block)
    hashes.set(block.hash, block)
    for (const { hash } of block.transactions) holders.set(hash, [...(holders.get(hash) ?? []), block])
    return block
  }

  return {
    at: (number) => blocks.get(keyOf(number)) ?? make(number),
    logsAt,
    give: (number, content) => void contents.set(keyOf(number), content),
    byHash: (hash) => hashes.get(hash),
    holdersOf: (transaction) => holders.get(transaction) ?? [],
    fork: branches.fork,
    split: () => createView(options, shelves, branches.forks()),
  }
}

type Fork = { readonly from: number; readonly branch: number }

/** Tells which branch a number is on: that of the latest fork at or below the number. */
function createBranches(start: readonly Fork[], nextBranch: () => number) {
  let forks = start // highest first
  return {
    at: (number: number) => forks.find((fork) => fork.from <= number)?.branch ?? 0,
    fork(from: number) {
      forks = [{ from, branch: nextBranch() }, ...forks.filter((fork) => fork.from < from)]
    },
    forks: () => forks,
  }
}
