// Where heads come from: one place that pushes them, or polling while there is none. What they mean for the chain is decided in
// follower.ts.

import type { Timer } from '../../base/clock'
import type { Parts } from '../../request/flight'
import type { Asking } from '../asking'
import type { Backfill } from '../backfill'
import type { Block, BlockRef } from '../block'
import { toBlock } from '../block'
import type { KnownHead } from '../known-head'
import type { LagWatch } from '../source/lag'
import type { Place } from '../source/place'
import { suspect } from '../source/place'
import type { Places } from '../source/places'
import { createPoller } from '../source/poller'
import { createStallWatch } from '../source/stall'
import { openUpstream } from '../source/upstream'
import type { StreamState } from '../stream'
import type { Origin } from './arrivals'
import type { Continuity } from './continuity'
import type { Follower, FollowerSink } from './follower'
import { createFollower } from './follower'
import { createNames } from './names'
import type { Signs } from './signs'
import { createSigns } from './signs'

export type HeadsListener = Pick<FollowerSink, 'onBlock' | 'onReorg' | 'onGap'> & {
  /** The state may have changed. */
  onState(why?: string | undefined): void
}

export type HeadRunOptions = Pick<Asking, 'ask' | 'providers'> & {
  readonly parts: Parts
  readonly backfill: Backfill
  readonly places: Places
  readonly lag: LagWatch
  readonly knownHead: (kind: string) => KnownHead
  /** Most blocks of a gap that are filled in. */
  readonly mostFilled: { readonly heads: number }
  /** Time between two polls (in ms). */
  readonly interval: () => number
  /** Blocks were replaced. @param provider id of the source that showed it */
  readonly onReorg: (removed: readonly Block[], isReset: boolean, provider: string | undefined) => void
}

export type HeadRun = {
  readonly chain: Continuity
  /** The newest block, once it is known. */
  tip(): BlockRef | undefined
  state(): StreamState
  /** The highest number of a head that has come, whether it was followed or not; -1 before any. */
  highest(): number
  /** Asks the live place for its newest block. */
  refresh(): Promise<void>
  stop(): void
}

/** The place that pushes heads, and the highest one that it has pushed. */
type Live = Origin & { readonly place: Place; readonly isSign: Signs; highest: number }

const KIND = 'newHeads'
/** If the search for a place takes longer than this (in ms), polling begins; a place's newest block is waited for as long. */
const BRIDGED = 1_000

export function startHeadRun(
  options: HeadRunOptions,
  tellAll: (tell: (listener: HeadsListener) => void) => void,
): HeadRun {
  const { parts, ask, backfill, places, lag, providers } = options
  const { clock, heads } = parts
  const names = createNames(backfill)
  const polled = new Map<string, Origin>()
  /** Id of the provider that answered the last poll; `undefined` while a place is live and before the first answer after it. */
  let polledProvider: string | undefined
  let live: Live | undefined
  let isFilling = false
  let highest = -1
  let blockAt = -Infinity
  /** Ends the wait for a place; once one is live, the wait for its newest block. */
  let bridge: Timer | undefined
  /** The place has not told its newest block: the stream begins with the first block that is pushed. */
  let isUnbased = false
  const follower: Follower = createFollower({
    clock,
    backfill,
    providers,
    mostFilled: options.mostFilled.heads,
    known: options.knownHead(KIND),
    sink: {
      onBlock(block) {
        const isFirst = blockAt === -Infinity
        blockAt = clock.now()
        parts.truth?.show(block.number, blockAt)
        tellAll((listener) => listener.onBlock(block))
        if (isFirst) show()
      },
      onReorg(removed, isReset) {
        // A reset that requests have noticed since the last block was announced there already.
        const isTold = isReset && parts.truth !== undefined && parts.truth.resetAt >= blockAt
        if (isReset && !isTold) parts.truth ? parts.truth.forget(clock.now()) : heads.reset()
        if (live && isReset) live.highest = -1
        if (!isTold) options.onReorg(removed, isReset, state().source?.provider)
        tellAll((listener) => listener.onReorg(removed, isReset))
      },
      onGap: (...gap) => tellAll((listener) => listener.onGap(...gap)),
      onAstray: ({ provider }) => live?.place.id === provider && lag.leave(live.place, KIND, 'its heads lead nowhere'),
      onFilling(isFillingNow) {
        isFilling = isFillingNow
        show()
      },
    },
  })
  const { chain } = follower
  const poller = createPoller(clock, poll, options.interval)
  const stall = createStallWatch({
    clock,
    ask,
    providers,
    blockTime: heads.blockTime,
    height: chain.height,
    onStall() {
      if (!live) return
      live.place.state.breaker.recordFailure(clock.now(), 'timeout')
      places.leave(live.place, 'its stream is stalled')
    },
  })

  function tip() {
    const newest = chain.tip()
    return newest?.hash ? newest : undefined
  }

  function show(why?: string) {
    tellAll((listener) => listener.onState(why))
  }

  function state(): StreamState {
    if (!tip() && !isUnbased) return { name: 'opening' }
    if (live) return { name: isFilling ? 'filling' : 'live', source: { provider: live.place.id, channel: 'ws' } }
    if (!polledProvider) return { name: 'switching' }
    return { name: isFilling ? 'filling' : 'polling', source: { provider: polledProvider, channel: 'poll' } }
  }

  function onLive(place: Place) {
    poller.stop()
    polled.clear()
    polledProvider = undefined
    live = { place, isSign: createSigns(), highest: -1 }
    stall.hear(place.id)
    show()
    void refresh()
  }

  function onData(result: unknown) {
    const block = live && toBlock(result, live.place.id)
    if (!live || !block) return
    backfill.learnShape(block.raw)
    // A head that is not above all that the place has pushed before is no progress.
    if (block.number > live.highest) stall.hear(live.place.id)
    live.highest = Math.max(live.highest, block.number)
    if (live.isSign(block, chain.has)) suspect(live.place, block.number)
    // Before it is known which block is meant: a stream that goes live meanwhile is not pushed the logs of this one.
    observe(block)
    const own = live
    names(block, (meant) => live === own && follower.arrive({ ...meant, isPushed: true }, own))
    if (live) lag.hear(live.place, KIND)
  }

  function onDown(why: string) {
    live = undefined
    stall.stop()
    // Before listeners hear of it: one that leaves may stop the run, and `stop` must find the timer.
    bridgeBy(poller.start)
    show(why)
  }

  function bridgeBy(go: () => void) {
    bridge?.cancel()
    bridge = clock.after(BRIDGED, go)
  }

  /** A new place does not push its newest block again: it is asked for. No answer holds nothing back. */
  async function refresh() {
    if (!live) return
    const own = live
    const { id } = own.place
    const before = highest
    bridgeBy(() => begin(undefined, own))
    // On its own socket: an answer that overtook older heads of the place would be taken back by them, as by a reorg.
    const block = (await backfill.latest(id, 'ws')) ?? (await backfill.latest(id))
    if (live !== own) return
    bridge?.cancel()
    // Compared with the height before the question: heads that the place has pushed meanwhile do not make it lower.
    const isLower = block && block.number < Math.min(before, chain.height())
    const isBehind = isLower || lag.isBehind(own.place, KIND)
    if (!isBehind || !lag.leave(own.place, KIND, 'it is behind')) begin(block, own)
  }

  async function poll() {
    const block = await backfill.latest()
    if (!block || !poller.isRunning()) return
    polledProvider = block.provider
    const origin = polled.get(polledProvider) ?? { isPolled: true }
    polled.set(polledProvider, origin)
    begin(block, origin)
  }

  function begin(block: Block | undefined, origin: Origin) {
    follower.begin(block, origin)
    isUnbased ||= !block
    show()
    if (!block) return
    observe(block)
    follower.arrive(block, origin)
  }

  function observe(block: Block) {
    highest = Math.max(highest, block.number)
    const provider = parts.providers.find(({ id }) => id === block.provider)
    if (provider) heads.observe(provider, block.number, clock.now())
  }

  bridgeBy(poller.start)
  const closeUpstream = openUpstream({
    params: [KIND],
    places,
    clock,
    sink: {
      onLive,
      onData,
      onDown,
      onRest: poller.start,
      isLevel: ({ id }) => backfill.hasReached(chain.height, id),
    },
  })
  return {
    chain,
    tip,
    state,
    highest: () => highest,
    refresh,
    stop() {
      bridge?.cancel()
      poller.stop()
      stall.stop()
      closeUpstream()
      follower.stop()
    },
  }
}
