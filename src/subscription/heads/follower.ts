// Follows the canonical chain through whatever heads arrive: each block once, in order, with what a reorg replaced. Canonical
// is the chain of the source with the higher head; at equal height that of the present source. Knows no sockets.

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
import type { Path } from './path'
import { ASTRAY, findPath, GIVEN_UP } from './path'
import { createResetCheck } from './reset'

export type FollowerSink = {
  /** The next block. */
  onBlock(block: Block): void
  /** These are canonical no more, newest first. @param isReset whether the chain became shorter, by decision */
  onReorg(removed: readonly Block[], isReset: boolean): void
  /** These blocks were to be given, and could not be had or are too many. */
  onGap(from: number, to: number, why: string): void
  /** Nothing links this block to the chain. Returns whether whoever gave it is left for that, and the block is dropped. */
  onAstray(block: Block): boolean | undefined
  /** Blocks in between are being fetched, or not any more. */
  onFilling(isFilling: boolean): void
}

export type Follower = {
  readonly chain: Continuity
  /** A head. Those that come before `begin` wait for it. */
  arrive(block: Block, origin: Origin): void
  /** The chain is known from `block` on; without one, from the first head. Only the first call counts. */
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
  /** The newest block that callers had been shown when it started: they know of nothing later. */
  readonly known: KnownHead
  readonly sink: FollowerSink
}

/** Blocks looked for at a time. */
const AT_A_TIME = 16
/** A source that has only been lower for this long (in ms), while no other was level, is followed. */
const LOWER_FOR = 60_000

export function createFollower(options: FollowerOptions): Follower {
  const { clock, backfill, sink } = options
  const known = () => options.known() ?? Infinity
  const pauses = createPauses(clock)
  const { isOver } = pauses
  const chain = createContinuity()
  const arrivals = createArrivals()
  const reset = createResetCheck(clock, backfill, pauses, options.providers)
  /** The last one that was level: its reorgs are followed at once. */
  let present: Origin | undefined
  /** Blocks above this one were given. */
  let start = -1
  /** When a source was last as high as the stream (in ms of the clock). */
  let levelAt = -Infinity
  /** While nothing can be linked. */
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

  /** With its parent, as it may be replaced itself; with the known block, if that is lower: nobody has told its hash. */
  function startFrom({ number, parentHash, provider }: Block) {
    start = Math.min(known(), number - 1)
    chain.restart({ number: start, hash: start < number - 1 ? '' : parentHash, provider })
  }

  /** From below all that is remembered: late, or of a branch that shows itself when it is higher. */
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
    if (path.type === 'loose') await cut(path, isReset)
    if (isOver()) return
    go(path.blocks, origin, isReset && path.type === 'linked')
  }

  /** What lies below the path is not known: the chain begins anew with it. */
  async function cut({ blocks, why }: Path & { type: 'loose' }, isReset: boolean) {
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

  /** The highest block from `lowest` on that is still there: the chain may have changed in the gap above it. */
  async function lastStanding(lowest: number, provider: string): Promise<number> {
    const height = chain.height()
    for (let to = height, size = 1; to >= lowest; to -= size, size = AT_A_TIME) {
      const found = await backfill.inRange(Math.max(lowest, to - size + 1), to, provider)
      const last = found.filter(({ hash }) => chain.has(hash)).at(-1)
      if (last) return last.number
      // Where it cannot be asked for it is taken to be.
      if (found.length === 0) return height
    }
    return lowest - 1
  }

  function go(blocks: readonly Block[], origin: Origin, isReset: boolean) {
    const removed = chain.extend(blocks)
    patience = undefined
    reset.forget()
    join(origin)
    if (removed.length > 0 || isReset) sink.onReorg(removed, isReset)
    for (const block of blocks) if (!isOver()) sink.onBlock(block)
  }

  /** It is below the stream, or as high on another branch: it is behind, or the chain has become shorter. */
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
