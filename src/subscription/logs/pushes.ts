// Logs that were pushed for blocks whose turn has not come, by block; and the signs they give of a source that doubles or
// swaps frames. Pure.

import type { Log } from '../block'
import { toHeight } from '../block'
import { indexOf } from './ledger'

export type Pushes = {
  /** A log was pushed. Returns what is wrong with it, if it is. */
  add(log: Log): 'doubled' | 'swapped' | undefined
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
  const seen = new Set<string>()
  let last: { hash: string; number: number; index: number } | undefined
  let count = 0

  function drop(hash: string) {
    const block = blocks.get(hash)
    blocks.delete(hash)
    count -= block?.logs.size ?? 0
    return block
  }

  function signOf(log: Log, number: number, index: number) {
    const place = `${log.blockHash} ${index}`
    if (seen.has(place)) return 'doubled'
    seen.add(place)
    if (seen.size > MOST_SEEN) seen.delete(seen.values().next().value as string)
    const before = last
    last = { hash: log.blockHash, number, index }
    // A lower block is a new branch; only within one block is the order certain.
    return before?.hash === log.blockHash && index < before.index ? 'swapped' : undefined
  }

  return {
    add(log) {
      const number = toHeight(log.blockNumber) as number
      const index = indexOf(log)
      const block = blocks.get(log.blockHash) ?? { number, logs: new Map() }
      blocks.set(log.blockHash, block)
      if (!block.logs.has(index)) count++
      block.logs.set(index, log)
      while (count > MOST) drop(blocks.keys().next().value as string)
      return signOf(log, number, index)
    },
    of: (hash) => [...(blocks.get(hash)?.logs.values() ?? [])],
    hasAbove: (number) => [...blocks.values()].some((block) => block.number > number),
    take: (hash) => [...(drop(hash)?.logs.values() ?? [])],
    forgetBelow(number) {
      for (const [hash, block] of blocks) if (block.number < number) drop(hash)
    },
    clear() {
      blocks.clear()
      seen.clear()
      count = 0
      last = undefined
    },
  }
}
