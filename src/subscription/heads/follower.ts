// Follows the canonical chain through whatever heads arrive: gives each block once, in order, and tells what a reorg replaced.
// Canonical is the chain of the source with the higher head; at equal height that of the present source. Knows no sockets.

import { pauseAfter } from '../../base/backoff'
import type { Clock } from '../../base/clock'
import type { Patience } from '../../base/patience'
import { createPatience } from '../../base/patience'
import { createPauses } from '../../base/pause'
import type { Backfill } from '../backfill'
import type { Block } from '../block'
import type { KnownHead } from '../known-head'
import type { Arrival, Origin } from './arrivals'
import { createArrivals } from './arrivals'
import type { Continuity } from './continuity'
import { createContinuity } from './continuity'
import type { Path, PathOptions } from './path'
import { ASTRAY, findPath, GIVEN_UP } from './path'
import { createResetCheck } from './reset'

export type FollowerSink = PathOptions['sink'] & {
  /** The next block. */
  onBlock(block: Block): void
  /** These blocks are no longer canonical, newest first. @param isReset whether the chain was judged to have become shorter */
  onReorg(removed: readonly Block[], isReset: boolean): void
  /** These blocks should have been given, but could not be had or are too many. */
  onGap(from: number, to: number, why: string): void
  /** The fetching of missing blocks begins or ends. */
  onFilling(isFilling: boolean): void
}

export type Follower = {
  readonly chain: Continuity
  /** Takes a head. Heads that come before `begin` wait for it. */
  arrive(block: Block, origin: Origin): void
  /** Begins the chain at `block`; without one, at the first head. Only the first call counts. */
  begin(block: Block | undefined, origin: Origin): void
  stop(): void
}

export type FollowerOptions = {
  readonly clock: Clock
  readonly backfill: Backfill
  /** Ids of the providers that may be asked. */
  readonly providers: () => readonly string[]
  /** Most blocks of a gap that are filled in. */
  readonly mostFilled: number
  /** The newest block that callers knew of when the stream started: all later blocks are given. */
  readonly known: KnownHead
  readonly sink: FollowerSink
}

/** Blocks fetched at a time in the search for the last one that still stands. */
const AT_A_TIME = 16
/** A source below the stream is followed once this time (in ms) has passed without any source that was level. */
const LOWER_FOR = 60_000

export function createFollower(options: FollowerOptions): Follower {
  const { clock, backfill, sink } = options
  const known = () => options.known() ?? Infinity
  const pauses = createPauses(clock)
  const { isOver } = pauses
  const chain = createContinuity()
  const arrivals = createArrivals()
  const reset = createResetCheck(clock, backfill, pauses, options.providers)
  /** The present source: the last one that was level. Its reorgs are followed at once. */
  let present: Origin | undefined
  /** The stream gives the blocks above this one. */
  let start = -1
  /** When a source was last as high as the stream (in ms of the clock). */
  let levelAt = -Infinity
  /** Runs while no head can be linked to the chain. */
  let patience: Patience | undefined
  let hasBegun = false
  let isWorking = false

  async function work() {
    if (isWorking || !hasBegun) return
    isWorking = true
    for (let arrival = arrivals.take(); arrival && !isOver(); arrival = arrivals.take()) await take(arrival)
    isWorking = false
  }

  async function take({ block, origin }: Arrival) {
    if (!chain.tip()) startFrom(block)
    const height = chain.height()
    if (chain.has(block.hash)) {
      if (block.number >= height) join(origin)
    } else if (block.number > height || (origin === present && !isOld(block))) await follow(block, origin, false)
    else await considerLower(block, origin)
  }

  /** Starts at the head's parent, as the head may be replaced; or at the known block if that is lower: its hash is unknown. */
  function startFrom({ number, parentHash, provider }: Block) {
    start = Math.min(known(), number - 1)
    chain.restart({ number: start, hash: start < number - 1 ? '' : parentHash, provider })
  }

  /** Whether a head is not above the lowest remembered block: it is late, or its branch will show when it is higher. */
  function isOld({ number }: Block) {
    return number <= (chain.root()?.number ?? -1)
  }

  async function follow(block: Block, origin: Origin, isReset: boolean) {
    patience ??= createPatience(clock, GIVEN_UP)
    origin.patience ??= createPatience(clock, ASTRAY)
    const isDirect = chain.has(block.parentHash)
    if (!isDirect) sink.onFilling(true)
    const path = await findPath(block, { ...options, pauses, chain, arrivals, patience, origin })
    if (!isDirect) sink.onFilling(false)
    if (isOver() || path.type === 'left') return
    if (path.type === 'loose') await beginAnew(path, isReset)
    if (isOver()) return
    extend(path.blocks, origin, isReset && path.type === 'linked')
  }

  /** Nothing links the path to the chain, which begins anew below the path. */
  async function beginAnew({ blocks, why }: Path & { type: 'loose' }, isReset: boolean) {
    const first = blocks[0] as Block
    const last = first.number - 1
    const isGap = last > chain.height()
    const root = chain.root()?.number ?? 0
    const standing = isGap ? await lastStanding(Math.max(root, start + 1), first.provider) : root - 1
    if (isOver()) return
    const remembered = chain.restart({ number: last, hash: first.parentHash, provider: first.provider })
    const removed = isGap ? remembered.filter(({ number }) => number > standing) : remembered
    if (!isGap || removed.length > 0) sink.onReorg(removed, isReset)
    if (isGap || last > start) sink.onGap(Math.min(standing + 1, last), last, why)
  }

  /** The highest block from `lowest` on that is still canonical, else `lowest - 1`: a reorg may be hidden below the gap. */
  async function lastStanding(lowest: number, provider: string): Promise<number> {
    for (let to = chain.height(), size = 1, failures = 0; to >= lowest && !isOver(); ) {
      const found = await backfill.inRange(Math.max(lowest, to - size + 1), to, provider)
      const last = found.filter(({ hash }) => chain.has(hash)).at(-1)
      if (last) return last.number
      if (found.length > 0) {
        to -= size
        size = AT_A_TIME
        // If for long the blocks cannot be had, nothing shows a reorg: they count as canonical.
      } else if ((patience as Patience).left() < 0) return to
      else await pauses.wait(pauseAfter(failures++))
    }
    return lowest - 1
  }

  function extend(blocks: readonly Block[], origin: Origin, isReset: boolean) {
    const removed = chain.extend(blocks)
    patience = undefined
    reset.forget()
    join(origin)
    if (removed.length > 0 || isReset) sink.onReorg(removed, isReset)
    for (const block of blocks) if (!isOver()) sink.onBlock(block)
  }

  /** A head that is not above the stream: its source is behind or on another branch, or the chain has become shorter. */
  async function considerLower(block: Block, origin: Origin) {
    origin.lowerSince ??= clock.now()
    const isAlone = clock.now() - Math.max(origin.lowerSince, levelAt) >= LOWER_FOR
    if (isAlone) {
      join(origin)
      return follow(block, origin, false)
    }
    if (block.number < chain.height() && (await reset.isReset(chain.height())) && !isOver())
      await follow(block, origin, true)
  }

  /** The source is level, or taken to be: it is the present one from now on. */
  function join(origin: Origin) {
    origin.lowerSince = origin.patience = undefined
    levelAt = clock.now()
    present = origin
  }

  return {
    chain,
    arrive(block, origin) {
      arrivals.add({ block, origin })
      void work()
    },
    begin(block, origin) {
      if (hasBegun) return
      hasBegun = true
      if (block) {
        startFrom(block)
        if (known() >= block.number) {
          start = block.number
          chain.extend([block])
          join(origin)
        }
      }
      void work()
    },
    stop() {
      arrivals.clear()
      pauses.end()
    },
  }
}
