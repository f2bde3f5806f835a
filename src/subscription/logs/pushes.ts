// The logs that a place pushes for a stream: from which block on it pushes all of them, those of blocks whose turn has not
// come, and signs that it doubles or swaps frames. Asks nobody.

import { createNovelty } from '../../base/novelty'
import { heightOf } from '../../rpc/block'
import type { Log } from '../../rpc/log'
import { indexOf } from '../../rpc/log'
import type { Block } from '../block'
import type { Place } from '../source/place'

export type Pushes = {
  place(): Place | undefined
  /**
   * Another place pushes from now on, or none. What was pushed so far is forgotten, as it may be incomplete.
   * @param above the highest block that is known of, -1 for none: the place pushes all logs of blocks above it, and above the
   *   next head, which may have been on its way while the place began
   */
  begin(place?: Place | undefined, above?: number | undefined): void
  /** Forgets what was pushed so far. Only blocks above all of it count as pushed. */
  restart(): void
  /** A head has come. */
  hear(block: Block): void
  /** Whether the present place pushes all logs of this block, as far as is known. */
  covers(number: number): boolean
  /** The longest time that a log of the present place has come after its head (in ms). */
  lag(): number
  noteLag(ms: number): void
  /** Keeps a log that was pushed. Returns whether it was doubled or swapped with another one. */
  add(log: Log): boolean
  /** The logs that were pushed for a block. */
  of(hash: string): Log[]
  /** Whether anything was pushed for a block above this. */
  hasAbove(number: number): boolean
  /** Takes out the logs that were pushed for a block, as its turn has come. */
  take(hash: string): Log[]
  /** Forgets the logs of all blocks below this one, of whatever branch. */
  forgetBelow(number: number): void
}

type Pushed = { readonly number: number; readonly logs: Map<number, Log> }

/** Most logs that are kept. Beyond it the oldest block is dropped: it does not count as pushed, so that its logs are read. */
const MOST = 20_000
/** Logs (block hash and index) that are remembered to recognise doubled frames. */
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
    // A lower block may be of a new branch: only within one block is the order certain.
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
    begin(next, known = -1) {
      place = next
      above = known
      isSure = false
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
      // If no block was known before and this place pushed the head, it pushes all logs of that block too.
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
      while (count > MOST) above = Math.max(above, drop(blocks.keys().next().value as string)?.number ?? -1)
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
