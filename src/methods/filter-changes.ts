// What has become of the chain since a filter of logs or blocks was last polled: which of the blocks it knows are still
// there, and what is new above them. Whether a head that is not higher is followed is decided here too.

import { heightOf } from '../rpc/block'
import type { Caller, Calls } from './calls'
import type { FilterAsking, Header, LogFilter, Source } from './filter-asking'
import { ChainMovedError } from './filter-asking'
import type { FilterLog, Point, Trail } from './filter-trail'
import { hashChanges, lastThat, logChanges, tipOf, trimmed } from './filter-trail'

/** What it follows the chain for. */
export type Wanted = { readonly type: 'logs'; readonly filter: LogFilter } | { readonly type: 'blocks' }

export type ChainFilter = {
  readonly wanted: Wanted
  trail: Trail
  /** Who gave the tip. */
  provider: string
  /** As many resets of the chain had been taken when the tip was asked for. */
  resets: number
  /** Blocks that were told, when the chain has only become shorter since: if it grows again, they are not told again. */
  cutOff: readonly Point[]
  /** Since when no head above the tip was given (in ms of the clock). */
  lowerSince: number | undefined
}

export type FilterChanges = {
  open(caller: Caller, wanted: Wanted): Promise<ChainFilter>
  /** What is new, as nodes tell it. Of two polls at once, one tells. */
  changes(caller: Caller, filter: ChainFilter): Promise<readonly (FilterLog | string)[]>
  /** A lower head was taken by decision. */
  noteReset(): void
}

/** The provider of the tip shows a lower head for this long (in ms): it is not merely behind. Another one may be. */
const LOWER_FOR = 1_000
const OTHER_LOWER_FOR = 60_000
/** Blocks that one poll tells of; the next one goes on. */
const MOST_BLOCKS = 1_000
/** Blocks asked for at a time. */
const AT_A_TIME = 16
/** A chain that changes while it is read is read again so often. */
const MOST_TRIES = 3
/** A new chain below all that is known is looked into so deep (in blocks). */
const DEEPEST = 256

export function createFilterChanges({ clock }: Pick<Calls, 'clock'>, asking: FilterAsking): FilterChanges {
  let resets = 0

  async function open(caller: Caller, wanted: Wanted): Promise<ChainFilter> {
    const seen = resets
    const { head, provider } = await asking.newest(caller)
    return { wanted, trail: [pointAt(head)], provider, resets: seen, cutOff: [], lowerSince: undefined }
  }

  async function changes(caller: Caller, filter: ChainFilter) {
    const { trail, wanted } = filter
    const seen = resets
    const found = await asking.atHead(caller, async (head, source) => {
      // The one that comes second starts where the first one ended.
      if (filter.trail !== trail || !isFollowed(filter, head, source.provider, seen)) return []
      const { known, told, end } = await stepTo(head, trail, wanted, source)
      if (filter.trail !== trail) return []
      const last = told.at(-1) ?? known.at(-1)
      const next = trimmed([...known, ...told, ...(last?.hash === end.hash ? [] : [pointAt(end)])])
      Object.assign(filter, { trail: next, provider: source.provider, resets: seen, lowerSince: undefined })
      const orphans = trail.slice(known.length)
      if (wanted.type === 'logs') return logChanges(orphans, told)
      const before = [...orphans, ...filter.cutOff]
      const hashes = hashChanges(before, told)
      filter.cutOff = hashes.length > 0 ? [] : before.slice(0, MOST_BLOCKS)
      return hashes
    })
    return found ?? []
  }

  /** A head above the tip is; one that is not may be of a provider that is behind, or on a branch that has lost. */
  function isFollowed(filter: ChainFilter, head: Header, provider: string, seen: number): boolean {
    const { trail } = filter
    const tip = tipOf(trail)
    if (head.hash === tip.hash) {
      Object.assign(filter, { resets: seen, lowerSince: undefined })
      return false
    }
    if (head.number > tip.number || resets > filter.resets) return true
    const isSame = provider === filter.provider
    const isOther = trail.some(({ number, hash }) => number === head.number && hash !== head.hash)
    if (isSame && isOther) return true
    filter.lowerSince ??= clock.now()
    return clock.now() - filter.lowerSince >= (isSame ? LOWER_FOR : OTHER_LOWER_FOR)
  }

  return {
    open,
    changes,
    noteReset() {
      resets++
    },
  }
}

type Step = {
  /** Those points that are left. */
  readonly known: readonly Point[]
  /** The blocks that are told of. */
  readonly told: readonly Point[]
  readonly end: Header
}

async function stepTo(head: Header, trail: Trail, wanted: Wanted, source: Source): Promise<Step> {
  let known = head.number > tipOf(trail).number ? trail : await knownOf(trail, head, source)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const tip = known.at(-1)
    const from = tip ? firstAfter(tip, head) : await firstNew(trail[0], head, source)
    const end = head.number - from < MOST_BLOCKS ? head : ((await source.block(from + MOST_BLOCKS - 1)) ?? head)
    const told = await (wanted.type === 'logs' ? loggedBlocks(wanted.filter) : blocksOf)({ from, end, tip, source })
    if (told) return { known, told, end }
    // The chain has changed, before or just now.
    known = await knownOf(trail, head, source)
  }
  const method = 'eth_getBlockByNumber'
  throw new ChainMovedError({ provider: source.provider, method, reason: 'it changes its branch again and again' })
}

/** The points that are on the chain of this head. */
async function knownOf(trail: Trail, head: Header, source: Source): Promise<readonly Point[]> {
  const isOnIt = (index: number) => {
    const point = trail[index] as Point
    if (point.number >= head.number) return point.hash === head.hash
    if (point.number === head.number - 1) return point.hash === head.parentHash
    return point.hash === head.parentHash || isCanonical(point, source)
  }
  return trail.slice(0, 1 + (await lastThat(trail.length, isOnIt)))
}

async function isCanonical({ number, hash }: Point, source: Source): Promise<boolean> {
  return (await source.block(number))?.hash === hash
}

/** Numbers may be skipped. */
function firstAfter(tip: Point, head: Header): number {
  return head.parentHash === tip.hash ? head.number : tip.number + 1
}

/** Nothing that is known is left: what is as high is new, and what was made later. */
async function firstNew(root: Point, head: Header, source: Source): Promise<number> {
  const top = Math.min(head.number, root.number - 1)
  const floor = Math.max(0, top - DEEPEST + 1)
  const isOld = async (number: number) => {
    const block = number === head.number ? head : await source.block(number)
    return (block?.time ?? 0) <= root.time
  }
  return floor + 1 + (await lastThat(top - floor + 1, (index) => isOld(floor + index)))
}

type Stretch = {
  readonly from: number
  readonly end: Header
  /** What the first block follows, if that is known. */
  readonly tip: Point | undefined
  readonly source: Source
}

/** The blocks of a stretch that have logs, with them; `undefined` if it does not follow its tip. */
function loggedBlocks(filter: LogFilter) {
  return async ({ from, end, tip, source }: Stretch): Promise<Point[] | undefined> => {
    if (from > end.number) return []
    const first = Math.max(from, heightOf(filter.fromBlock) ?? 0)
    const last = Math.min(end.number, heightOf(filter.toBlock) ?? end.number)
    const below = Math.min(last, end.number - 1)
    const found = await Promise.all([
      first <= below ? source.logs(filter, first, below) : [],
      first <= end.number && last === end.number ? source.logsOf(filter, end) : [],
    ])
    // Asked last: then all that was heard before is of one branch.
    const follows = !tip || tip.hash === end.parentHash || (await isCanonical(tip, source))
    return follows ? found.flat().map((block) => ({ ...block, time: end.time })) : undefined
  }
}

/** All blocks of a stretch, each the child of the one before; `undefined` if it does not follow its tip. */
async function blocksOf({ from, end, tip, source }: Stretch): Promise<Point[] | undefined> {
  if (from > end.number) return []
  const near = new Map<string, Header>()
  for (let first = from; first < end.number; first += AT_A_TIME) {
    const numbers = Array.from({ length: Math.min(AT_A_TIME, end.number - first) }, (_, index) => first + index)
    for (const block of await Promise.all(numbers.map(source.block))) if (block) near.set(block.hash, block)
  }
  const path = [end]
  for (let block = end; block.number > from && block.parentHash !== tip?.hash; ) {
    const parent = near.get(block.parentHash) ?? (await source.blockOfHash(block.parentHash))
    if (!parent) return undefined
    if (parent.number < from) break
    path.push(parent)
    block = parent
  }
  return !tip || path.at(-1)?.parentHash === tip.hash ? path.reverse().map(pointAt) : undefined
}

function pointAt({ number, hash, time }: Header): Point {
  return { number, hash, time, logs: [] }
}
