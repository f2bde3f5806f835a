// Logs that were pushed for blocks whose turn has not come, by block; and the signs they give of a source that doubles or
// swaps frames. Pure.

import { createNovelty } from '../../base/novelty'
import { heightOf } from '../../rpc/block'
import type { Log } from '../../rpc/log'
import { indexOf } from '../../rpc/log'

export type Pushes = {
  /** A log was pushed. Returns whether it was doubled or swapped with another one. */
  add(log: Log): boolean
  /** What was pushed for a block. */
  of(hash: string): Log[]
  /** Whether anything was pushed for a block above this. */
  hasAbove(number: number): boolean
  /** The turn of the block has come: takes out what was pushed for it. */
  take(hash: string): Log[]
  /** Forgets what is below this block, on whatever branch. */
  forgetBelow(number: number): void
  /** Another source: what was pushed so far may be cut off anywhere. */
  clear(): void
}

type Pushed = { readonly number: number; readonly logs: Map<number, Log> }

/** At the bound the oldest block goes: it is asked for when its turn comes. */
const MOST = 20_000
/** Places of logs that are remembered to tell a doubled frame. */
const MOST_SEEN = 4_096

export function createPushes(): Pushes {
  const blocks = new Map<string, Pushed>()
  let isNew = createNovelty(MOST_SEEN)
  let last: { hash: string; index: number } | undefined
  let count = 0

  function drop(hash: string) {
    const block = blocks.get(hash)
    blocks.delete(hash)
    count -= block?.logs.size ?? 0
    return block
  }

  function isSign(hash: string, index: number) {
    if (!isNew(`${hash} ${index}`)) return true
    const before = last
    last = { hash, index }
    // A lower block is a new branch; only within one block is the order certain.
    return before?.hash === hash && index < before.index
  }

  return {
    add(log) {
      const number = heightOf(log.blockNumber) as number
      const index = indexOf(log)
      const block = blocks.get(log.blockHash) ?? { number, logs: new Map() }
      blocks.set(log.blockHash, block)
      if (!block.logs.has(index)) count++
      block.logs.set(index, log)
      while (count > MOST) drop(blocks.keys().next().value as string)
      return isSign(log.blockHash, index)
    },
    of: (hash) => [...(blocks.get(hash)?.logs.values() ?? [])],
    hasAbove: (number) => [...blocks.values()].some((block) => block.number > number),
    take: (hash) => [...(drop(hash)?.logs.values() ?? [])],
    forgetBelow(number) {
      for (const [hash, block] of blocks) if (block.number < number) drop(hash)
    },
    clear() {
      blocks.clear()
      isNew = createNovelty(MOST_SEEN)
      count = 0
      last = undefined
    },
  }
}
