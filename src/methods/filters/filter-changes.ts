// Filters of logs or blocks: whether the head that a poll meets is followed, and what is told then. What became of the chain up
// to there is found out in filter-step.ts.

import type { Caller, Calls } from '../calls'
import type { Filter, LogFilter } from './filter'
import type { FilterAsking, Header } from './filter-asking'
import { MOST_BLOCKS, stepTo } from './filter-step'
import type { Point, Trail } from './filter-trail'
import { hashChanges, logChanges, merged, pointAt, tipOf, trimmed } from './filter-trail'

export type ChainFilters = {
  /** Of two polls at once, one tells the changes. @param logs which logs to tell; `undefined` for blocks */
  open(caller: Caller, logs: LogFilter | undefined): Promise<Filter>
  /** The chain was judged to have become shorter. */
  noteReset(): void
}

/** A lower head of the provider of the tip is followed after this time (in ms). */
const LOWER_FOR = 1_000
/** A lower head of another provider, which may merely be behind, is followed after this time (in ms). */
const OTHER_LOWER_FOR = 60_000
/** For this long after a tip was first seen (in ms), logs that may be missing below it are asked for again. */
const SETTLED_AFTER = 10_000

export function createChainFilters({ clock }: Calls, asking: FilterAsking): ChainFilters {
  let resets = 0

  async function open(opening: Caller, logs: LogFilter | undefined): Promise<Filter> {
    /** The number of resets of the chain when the tip was asked for. */
    let seenResets = resets
    const { head, provider } = await asking.newest(opening)
    let trail: Trail = [pointAt(head)]
    /** Id of the provider that gave the tip. */
    let giver = provider
    /** Blocks that were told, if the chain has only become shorter since: if they come back they are not told again. */
    let cutOff: readonly Point[] = []
    /** All logs up to this block are certain to be told, whichever node behind an address answered. */
    let sure = head.number
    /** When the tip was first seen (in ms of the clock). */
    let seenAt = clock.now()
    /** Since when heads that are not above the tip have been refused (in ms of the clock). */
    let lowerSince: number | undefined
    /** Since when the answers to polls have not fitted together (in ms of the clock). */
    let stuckSince: number | undefined
    /** Most blocks that the next poll tells of: after one that failed it is half as many, for slow providers. */
    let most = MOST_BLOCKS

    async function changes(caller: Caller) {
      const before = trail
      const resetsNow = resets
      const blocks = most
      most = Math.max(1, blocks >> 1)
      const found = await asking.atHead(caller, async (head, source) => {
        // Another poll has moved the trail meanwhile: the next one goes on from there.
        if (trail !== before || !isFollowed(head, source.provider, resetsNow)) return []
        const isPatient = clock.now() - (stuckSince ?? clock.now()) < OTHER_LOWER_FOR
        const step = await stepTo(head, { trail, logs, sure }, { ...source, isPatient, most: blocks })
        if (trail !== before || caller.signal?.aborted) return []
        const { root, known, told, end } = step
        trail = trimmed(merged([...(root ? [pointAt(root)] : []), ...known, pointAt(end), ...told]))
        if (tipOf(trail).hash !== tipOf(before).hash) seenAt = clock.now()
        sure = step.sure
        giver = source.provider
        seenResets = resetsNow
        lowerSince = undefined
        const orphans = before.slice(known.length)
        if (logs) return logChanges(orphans, told)
        const gone = [...orphans, ...cutOff]
        const hashes = hashChanges(gone, told)
        cutOff = hashes.length > 0 ? [] : gone.slice(0, MOST_BLOCKS)
        return hashes
      })
      stuckSince = found ? undefined : (stuckSince ?? clock.now())
      most = Math.min(MOST_BLOCKS, 2 * blocks)
      return found ?? []
    }

    /** A head above the tip is followed. Another one may be of a provider that is behind, or of a branch that has lost. */
    function isFollowed(head: Header, from: string, resetsNow: number): boolean {
      const tip = tipOf(trail)
      if (head.hash === tip.hash) {
        seenResets = resetsNow
        lowerSince = undefined
        return sure < tip.number && clock.now() - seenAt < SETTLED_AFTER
      }
      if (head.number > tip.number || resets > seenResets) return true
      const isSame = from === giver
      const isOther = trail.some(({ number, hash }) => number === head.number && hash !== head.hash)
      if (isSame && isOther) return true
      lowerSince ??= clock.now()
      return clock.now() - lowerSince >= (isSame ? LOWER_FOR : OTHER_LOWER_FOR)
    }

    return { logs, changes }
  }

  return {
    open,
    noteReset() {
      resets++
    },
  }
}
