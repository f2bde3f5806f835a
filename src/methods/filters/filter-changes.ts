// What has become of the chain since a filter of logs or blocks was last polled: which of the blocks it knows are still
// there, and what is new above them. Whether a head that is not higher is followed is decided here too.

import { heightOf } from '../../rpc/block'
import type { LoggedBlock } from '../../rpc/log'
import type { Caller, Calls } from '../calls'
import type { Filter, LogFilter } from './filter'
import type { FilterAsking, Header, Source } from './filter-asking'
import { ChainMovedError } from './filter-asking'
import type { Point, Trail } from './filter-trail'
import { hashChanges, lastThat, logChanges, merged, pointAt, tipOf, trimmed } from './filter-trail'

/** `isPatient`: a block that it lacks may be a matter of the node that was met. */
type PolledSource = Source & { readonly isPatient: boolean }

export type ChainFilters = {
  /** @param logs which logs; `undefined`: blocks. Of two polls at once, one tells. */
  open(caller: Caller, logs: LogFilter | undefined): Promise<Filter>
  /** A lower head was taken by decision. */
  noteReset(): void
}

/** The provider of the tip shows a lower head for this long (in ms): it is not merely behind. Another one may be. */
const LOWER_FOR = 1_000
const OTHER_LOWER_FOR = 60_000
/** So long (in ms) after a tip was first seen, logs are asked for again that may be missing below it. */
const SETTLED_AFTER = 10_000
/** Blocks that one poll tells of; the next one goes on. */
const MOST_BLOCKS = 1_000
/** Most blocks asked for at a time: one first, fewer once one failed, twice as many once all came. A slow provider is not outrun. */
const AT_A_TIME = 16
/** A chain that changes while it is read is read again so often. */
const MOST_TRIES = 3
/** A new chain below all that is known is looked into so deep (in blocks). */
const DEEPEST = 256

export function createChainFilters({ clock }: Calls, asking: FilterAsking): ChainFilters {
  let resets = 0

  async function open(opening: Caller, logs: LogFilter | undefined): Promise<Filter> {
    /** As many resets of the chain had been taken when the tip was asked for. */
    let seenResets = resets
    const { head, provider } = await asking.newest(opening)
    let trail: Trail = [pointAt(head)]
    /** Who gave the tip. */
    let giver = provider
    /** Blocks that were told, when the chain has only become shorter since: if it grows again, they are not told again. */
    let cutOff: readonly Point[] = []
    /** Of logs: up to this block all were told for certain, whichever node behind an address answered. */
    let sure = head.number
    /** When the tip was first seen, and since when no head above it was given (in ms of the clock). */
    let seenAt = clock.now()
    let lowerSince: number | undefined
    /** Since when polls have found nothing that fits together. */
    let stuckSince: number | undefined

    async function changes(caller: Caller) {
      const before = trail
      const resetsNow = resets
      const found = await asking.atHead(caller, async (head, source) => {
        // The one that comes second starts where the first one ended.
        if (trail !== before || !isFollowed(head, source.provider, resetsNow)) return []
        const isPatient = clock.now() - (stuckSince ?? clock.now()) < OTHER_LOWER_FOR
        const step = await stepTo(head, { trail, logs, sure }, { ...source, isPatient })
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
      return found ?? []
    }

    /** A head above the tip is; one that is not may be of a provider that is behind, or on a branch that has lost. */
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

type Followed = { readonly trail: Trail; readonly logs: LogFilter | undefined; readonly sure: number }

type Step = {
  /** Where nothing that is known is left: the block below the first that is new. */
  readonly root: Header | undefined
  /** Those points that are left. */
  readonly known: readonly Point[]
  /** The blocks that are told of. */
  readonly told: readonly Point[]
  readonly end: Header
  readonly sure: number
}

async function stepTo(head: Header, { trail, logs, sure }: Followed, source: PolledSource): Promise<Step> {
  let known = head.number > tipOf(trail).number ? trail : await knownOf(trail, head, source)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const tip = known.at(-1)
    // Numbers may be skipped.
    const next = head.parentHash === tip?.hash ? head.number : (tip?.number ?? 0) + 1
    const { from, root } = tip ? { from: next, root: undefined } : await firstNew(trail[0], head, source)
    const end = head.number - from < MOST_BLOCKS ? head : ((await source.block(from + MOST_BLOCKS - 1)) ?? head)
    const stretch = { from, end, head, known, tip, source }
    const found = logs ? await loggedBlocks(logs, stretch, sure) : await blocksOf(stretch)
    if (found && 'told' in found) return { root, known, end, ...found }
    // The chain has changed, before or just now.
    known = await knownOf(found ? trail.slice(0, trail.indexOf(found)) : trail, head, source)
  }
  throw new ChainMovedError()
}

/** The points that are on the chain of this head. */
async function knownOf(trail: readonly Point[], head: Header, source: PolledSource): Promise<readonly Point[]> {
  const isOnIt = (index: number) => {
    const point = trail[index] as Point
    if (point.number >= head.number) return point.hash === head.hash
    if (point.number === head.number - 1) return point.hash === head.parentHash
    return point.hash === head.parentHash || isCanonical(point, source)
  }
  return trail.slice(0, 1 + (await lastThat(trail.length, isOnIt)))
}

async function isCanonical({ number, hash }: Point, { block, isPatient }: PolledSource): Promise<boolean> {
  const found = await block(number)
  if (!found && isPatient) throw new ChainMovedError()
  return found?.hash === hash
}

/** Nothing that is known is left: what is as high is new, and what was made later. `root`: the block below that. */
async function firstNew(lowest: Point, head: Header, source: Source) {
  const top = Math.min(head.number, lowest.number - 1)
  const floor = Math.max(0, top - DEEPEST + 1)
  let newest: Header | undefined
  const last = await lastThat(top - floor + 1, async (index) => {
    const block = floor + index === head.number ? head : await source.block(floor + index)
    const isOld = (block?.time ?? 0) <= lowest.time
    if (isOld) newest = block
    return isOld
  })
  return { from: floor + 1 + last, root: newest }
}

type Stretch = {
  readonly from: number
  readonly end: Header
  readonly head: Header
  readonly known: readonly Point[]
  /** What the first block follows, if that is known. */
  readonly tip: Point | undefined
  readonly source: PolledSource
}

/**
 * The blocks of a stretch that have logs which were not told, with them; `undefined` if it does not follow its tip, or the
 * point that is not on the chain. Past their head nodes have no logs, and do not say so, and behind one address each call may
 * meet another node: what was not proven to be whole is asked for again by the next poll.
 */
async function loggedBlocks(filter: LogFilter, { from, end, head, known, tip, source }: Stretch, sure: number) {
  const done = tip ? Math.min(sure, tip.number) : from - 1
  const first = Math.max(Math.min(from, done + 1), heightOf(filter.fromBlock) ?? 0)
  const last = Math.min(end.number, heightOf(filter.toBlock) ?? end.number)
  const isNext = tip !== undefined && tip.hash === end.parentHash
  const toPoints = (blocks: LoggedBlock[]) => blocks.map((block): Point => ({ ...block, time: end.time }))
  const isOne = isNext && first === last && first === end.number
  const own = isOne ? await source.logsOf(filter, end) : undefined
  if (own) return { told: toPoints(own), sure: last }
  // The last block that was told of, if that is near, shows whether all below it is still there.
  const before = known.filter(({ logs }) => logs.length > 0)
  const anchor = before.at(-1)
  const base = anchor && first - anchor.number <= source.overlap ? Math.min(first, anchor.number) : first
  const found = first <= last ? await source.logs(filter, base, last) : []
  const has = ({ hash }: { hash: string }) => found.some((block) => block.hash === hash)
  const isAnchored = anchor !== undefined && has(anchor)
  if (tip && !isNext && !isAnchored && from <= end.number && !(await isCanonical(tip, source))) return undefined
  if (found.some(({ number, hash }) => number === end.number && hash !== end.hash)) return undefined
  // Of a node that lacks what others have, or on another branch than one before.
  if (anchor && !isAnchored && base <= anchor.number && first <= last)
    return (await isCanonical(anchor, source)) ? { told: [], sure: done } : anchor
  const proven = has(end) ? end.number : (found.at(-1)?.number ?? done)
  return {
    told: toPoints(found.filter(({ hash }) => !before.some((point) => point.hash === hash))),
    sure: Math.max(done, proven, Math.min(end.number, head.number - source.overlap)),
  }
}

/** The blocks of a stretch, each the child of the one before, up to one that fails even alone; `undefined` if off its tip. */
async function blocksOf({ from, end: top, tip, source }: Stretch) {
  if (from > top.number) return { told: [], sure: top.number }
  const near = new Map<string, Header>()
  let end = top
  let last: Header | undefined
  for (let first = from, size = 1; first < end.number; ) {
    const numbers = Array.from({ length: Math.min(size, top.number - first) }, (_, index) => first + index)
    let came = 0
    for (const one of await Promise.allSettled(numbers.map(source.block))) {
      if (one.status === 'rejected') {
        if (!last) throw one.reason
        if (numbers.length === 1) end = last
        break
      }
      came++
      // Before all the others are asked for, for nothing.
      if (one.value && !last && tip && one.value.parentHash !== tip.hash) return undefined
      last = one.value ?? last
      if (one.value) near.set(one.value.hash, one.value)
    }
    first += came
    size = came < numbers.length ? Math.max(1, came) : Math.min(came * 2, AT_A_TIME)
  }
  const path = [end]
  for (let block = end; block.number > from && block.parentHash !== tip?.hash; ) {
    const parent = near.get(block.parentHash) ?? (await source.blockOfHash(block.parentHash))
    if (!parent) return undefined
    if (parent.number < from) break
    path.push(parent)
    block = parent
  }
  if (tip && path.at(-1)?.parentHash !== tip.hash) return undefined
  return { told: path.reverse().map(pointAt), sure: end.number, end }
}
