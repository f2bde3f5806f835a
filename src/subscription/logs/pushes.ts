// What a place pushes of the logs of a stream: from which block on all of them, those of blocks whose turn has not come, and
// signs of a source that doubles or swaps frames. Asks nobody.

import { createNovelty } from '../../base/novelty'
import { heightOf } from '../../rpc/block'
import type { Log } from '../../rpc/log'
import { indexOf } from '../../rpc/log'
import type { Block } from '../block'
import type { Place } from '../source/place'

export type Pushes = {
  place(): Place | undefined
  /**
   * Another place pushes from now on, or none: what was pushed so far is forgotten, as it may be cut off anywhere.
   * @param above the highest block that is known of, -1 for none: those above it are pushed,
   * @param isOrdered with their heads, on one socket; else only what follows the next head is sure to be
   */
  begin(place?: Place | undefined, above?: number | undefined, isOrdered?: boolean | undefined): void
  /** Forgets what was pushed so far, and does not count on it. */
  restart(): void
  /** A head has come. */
  hear(block: Block): void
  /** Whether the present place was to push its logs, as far as is known. */
  covers(number: number): boolean
  /** The longest that a log has come after its head here (in ms). */
  lag(): number
  noteLag(ms: number): void
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
}

type Pushed = { readonly number: number; readonly logs: Map<number, Log> }

/** At the bound the oldest block goes: it is asked for when its turn comes. */
const MOST = 20_000
/** Places of logs that are remembered to tell a doubled frame. */
const MOST_SEEN = 4_096

export function createPushes(): Pushes {
  let place: Place | undefined
  let above = -1
  let isSure = false
  let lag = 0
  let highest = -1
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

  function forget() {
    blocks.clear()
    isNew = createNovelty(MOST_SEEN)
    count = 0
    last = undefined
  }

  return {
    place: () => place,
    begin(next, known = -1, isOrdered = false) {
      place = next
      above = known
      isSure = isOrdered
      lag = 0
      forget()
    },
    restart() {
      above = Math.max(above, highest)
      forget()
    },
    hear({ number, isPushed, provider }) {
      if (!isPushed || isSure) return
      isSure = true
      // The first one of all is not too early, if it is pushed here too.
      if (above >= 0 || provider !== place?.id) above = Math.max(above, number)
    },
    covers: (number) => place !== undefined && number > above,
    lag: () => lag,
    noteLag(ms) {
      lag = Math.max(lag, ms)
    },
    add(log) {
      const number = heightOf(log.blockNumber) as number
      highest = Math.max(highest, number)
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
  }
}
