// The step of a filter from the blocks that it knows to a head: which of them are still canonical, and what is new above them.
// Asks one provider; behind its address there may be several nodes that differ.

import { heightOf } from '../../rpc/block'
import type { LoggedBlock } from '../../rpc/log'
import type { LogFilter } from './filter'
import type { Header, Source } from './filter-asking'
import { ChainMovedError } from './filter-asking'
import type { Point, Trail } from './filter-trail'
import { lastThat, pointAt, tipOf } from './filter-trail'

/** `isPatient`: if it lacks a block, only the node that was met is taken to lack it. `most`: the most blocks of a step. */
type PolledSource = Source & { readonly isPatient: boolean; readonly most: number }

/** Most blocks that one poll tells of; the next one goes on. */
export const MOST_BLOCKS = 1_000
/** Most blocks asked for at a time: one at first, twice as many once all came, fewer after a failure, for slow providers. */
const AT_A_TIME = 16
/** A chain that changes while it is read is read this often. */
const MOST_TRIES = 3
/** How deep below all known points a new chain is looked into (in blocks). */
const DEEPEST = 256

type Followed = { readonly trail: Trail; readonly logs: LogFilter | undefined; readonly sure: number }

type Step = {
  /** If no known point is left: the block below the first one that is new. */
  readonly root: Header | undefined
  readonly known: readonly Point[]
  readonly told: readonly Point[]
  readonly end: Header
  readonly sure: number
}

export async function stepTo(head: Header, { trail, logs, sure }: Followed, source: PolledSource): Promise<Step> {
  let known = head.number > tipOf(trail).number ? trail : await knownOf(trail, head, source)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const tip = known.at(-1)
    // Some chains skip numbers.
    const next = head.parentHash === tip?.hash ? head.number : (tip?.number ?? 0) + 1
    const { from, root } = tip ? { from: next, root: undefined } : await firstNew(trail[0], head, source)
    const end = head.number - from < source.most ? head : ((await source.block(from + source.most - 1)) ?? head)
    const stretch = { from, end, head, known, tip, source }
    const found = logs ? await loggedBlocks(logs, stretch, sure) : await blocksOf(stretch)
    if (found && 'told' in found) return { root, known, end, ...found }
    // The chain has changed, before the poll or during it.
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

/** If no known point is left: the first block that was made later than the lowest one, or is as high. `root` is below it. */
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
  /** The point that the first block must follow, if one is known. */
  readonly tip: Point | undefined
  readonly source: PolledSource
}

/**
 * The blocks of a stretch with logs that were not told; `undefined` if it does not follow its tip, or the known point that is
 * no longer on the chain. Nodes answer without logs past their head, and behind one address each call may meet another node:
 * what is not proven to be whole is asked for again by the next poll.
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
  // The last block with told logs, if it is near, is read again: if it is there, all below it still stands.
  const before = known.filter(({ logs }) => logs.length > 0)
  const anchor = before.at(-1)
  const base = anchor && first - anchor.number <= source.overlap ? Math.min(first, anchor.number) : first
  const found = first <= last ? await source.logs(filter, base, last) : []
  const has = ({ hash }: { hash: string }) => found.some((block) => block.hash === hash)
  const isAnchored = anchor !== undefined && has(anchor)
  if (tip && !isNext && !isAnchored && from <= end.number && !(await isCanonical(tip, source))) return undefined
  if (found.some(({ number, hash }) => number === end.number && hash !== end.hash)) return undefined
  // The answer is of a node that lacks what others have, or of another branch than before.
  if (anchor && !isAnchored && base <= anchor.number && first <= last)
    return (await isCanonical(anchor, source)) ? { told: [], sure: done } : anchor
  const proven = has(end) ? end.number : (found.at(-1)?.number ?? done)
  return {
    told: toPoints(found.filter(({ hash }) => !before.some((point) => point.hash === hash))),
    sure: Math.max(done, proven, Math.min(end.number, head.number - source.overlap)),
  }
}

/** The blocks of a stretch, each the child of the one before, up to one that fails even alone; `undefined` off the tip. */
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
      // At the first block, before the others are asked for in vain.
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
