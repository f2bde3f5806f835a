// The logs that a stream has delivered, block by block, as far back as they may have to be taken back. Pure.

import type { Log } from '../../rpc/log'
import { indexOf, inOrder, keyOf } from '../../rpc/log'

export type Entry = {
  readonly number: number
  readonly hash: string
  /** The number of the block in the order of delivery. */
  readonly turn: number
  /** By index, the lowest first. */
  readonly logs: Log[]
}

export type Ledger = {
  get(hash: string): Entry | undefined
  /** Notes logs as delivered. Returns those that were not noted before, in order. */
  add(block: Pick<Entry, 'number' | 'hash' | 'turn'>, logs: readonly Log[]): Log[]
  /** Notes blocks that lie below all others, the lowest first, as far as there is room. */
  addBefore(blocks: readonly Entry[]): void
  /** Forgets a block that is no longer canonical. */
  remove(hash: string): Entry | undefined
  /** All entries, the oldest first. */
  all(): Entry[]
  /** The highest block that was forgotten: what was given of it and of those below is not known any more. -1 if none was. */
  forgotten(): number
  /** The highest block with delivered logs that is remembered; -1 for none. */
  highest(): number
}

/** Most logs that are remembered. */
const MOST_LOGS = 20_000
/** How far back blocks are remembered: as many as may come between two checks of uncertain ones. */
export const MOST_BLOCKS = 1_000

export function createLedger(): Ledger {
  // In the order of delivery.
  const entries = new Map<string, Entry>()
  let count = 0
  let forgotten = -1
  let highest = -1

  function remove(hash: string) {
    const entry = entries.get(hash)
    if (!entries.delete(hash) || !entry) return undefined
    count -= entry.logs.length
    if (entry.number === highest) highest = Math.max(-1, ...[...entries.values()].map(({ number }) => number))
    return entry
  }

  /** Forgets what is beyond the bounds: it cannot be taken back any more. */
  function forgetOld(number: number) {
    for (const entry of entries.values()) {
      if (count <= MOST_LOGS && entry.number > number - MOST_BLOCKS) return
      if (entries.size === 1) return
      remove(entry.hash)
      forgotten = Math.max(forgotten, entry.number)
    }
  }

  return {
    get: (hash) => entries.get(hash),
    addBefore(blocks) {
      const all = [...blocks, ...entries.values()]
      entries.clear()
      for (const entry of all) entries.set(entry.hash, entry)
      for (const { logs, number } of blocks) {
        count += logs.length
        highest = Math.max(highest, number)
      }
      forgetOld(all.at(-1)?.number ?? 0)
    },
    add(block, logs) {
      // On a chain that has become shorter, everything from this block on is remembered.
      forgotten = Math.min(forgotten, block.number - 1)
      const entry = entries.get(block.hash) ?? { ...block, logs: [] }
      const last = entry.logs.at(-1)
      const own = inOrder(logs)
      // The logs of a large block may come one by one: what follows the last one need not be compared with all of them.
      const [first] = own
      const goesOn =
        !last || (first && indexOf(first) > indexOf(last) && Number(first.logIndex) > Number(last.logIndex))
      const known = new Set(goesOn ? [] : entry.logs.map(keyOf))
      const fresh = own.filter((log) => !known.has(keyOf(log)))
      if (fresh.length === 0) return fresh
      entry.logs.push(...fresh)
      if (!goesOn) entry.logs.sort((a, b) => indexOf(a) - indexOf(b))
      count += fresh.length
      entries.set(block.hash, entry)
      highest = Math.max(highest, block.number)
      forgetOld(block.number)
      return fresh
    },
    remove,
    forgotten: () => forgotten,
    all: () => [...entries.values()],
    highest: () => highest,
  }
}
