// A stream of logs of one filter: pushed by one place, and delivered in the order of the heads or, while nobody needs heads, of
// the logs themselves. Logs that are not pushed, or not to be relied on, are read in turns.ts.

import { within } from '../../base/clock'
import type { Gate } from '../../base/gate'
import type { Parts } from '../../request/flight'
import { heightOf } from '../../rpc/block'
import { logTestOf, toLog } from '../../rpc/log'
import type { Backfill } from '../backfill'
import type { HeadFeed } from '../heads/head-feed'
import type { SubscriptionKey } from '../key'
import type { KnownHead } from '../known-head'
import type { LagWatch } from '../source/lag'
import type { Place } from '../source/place'
import { suspect } from '../source/place'
import type { Places } from '../source/places'
import { openUpstream } from '../source/upstream'
import type { Stream, StreamSink, StreamState } from '../stream'
import type { Blooms } from './blooms'
import { createDelivery } from './delivery'
import { createLogCheck } from './log-check'
import { createLogOrder } from './log-order'
import { createLogReads } from './log-reads'
import { replayOf } from './log-replay'
import { createLogSilence } from './log-silence'
import { createPushes } from './pushes'
import type { VerifyMode } from './trust'
import { createTrust } from './trust'
import { createTurns } from './turns'

/** What the streams of one list have in common. */
export type LogStreamParts = {
  readonly parts: Pick<Parts, 'clock' | 'heads'>
  readonly backfill: Backfill
  /** Ids of the providers that may be asked. */
  readonly providers: () => readonly string[]
  readonly places: Places
  readonly lag: LagWatch
  readonly knownHead: (kind: string) => KnownHead
  readonly heads: HeadFeed
  readonly blooms: Blooms
  /** Limits the reads of all these streams together. */
  readonly gate: Gate
  readonly verify: VerifyMode
  /** Most blocks of a gap that are filled in. */
  readonly mostFilled: { readonly logs: number }
}

/** If the search for the first place takes longer than this (in ms), logs are polled; its newest block is awaited as long. */
const BRIDGED = 1_000
/** If blocks are at least this far apart (in ms), a subscription to heads is cheap. */
const SLOW = 2_000

export function createLogStream(
  { parts, backfill, providers, places, lag, knownHead, heads, blooms, gate, verify, mostFilled }: LogStreamParts,
  { filter, params }: SubscriptionKey,
  sink: StreamSink,
): Stream {
  const { clock } = parts
  const { blockTime } = parts.heads
  const isAskedFor = logTestOf(filter)
  const reads = createLogReads(clock, gate, backfill, filter)
  const delivery = createDelivery(sink, (block) => trust.noteThere(block))
  const pushes = createPushes()
  const trust = createTrust(verify, blooms, filter, pushes)
  /** Whether it is decided if a place pushes the logs or they are polled. */
  let isSettled = false
  /** Whether the stream is live even without a cursor, as the place has not told its newest block. */
  let isUnbased = false
  const turns = createTurns({ clock, reads, delivery, pushes, trust, heads, backfill, providers, mostFilled, onLoss })
  const check = createLogCheck({
    clock,
    reads,
    delivery,
    hasHeads: () => order.hasHeads(),
    // Without heads, and below those that are remembered, there is nothing to compare a block with.
    isOver: ({ number, hash }) =>
      !turns.mayCome(hash) && (!order.hasHeads() || number < heads.lowest() || delivery.has(hash) || heads.has(hash)),
    isPushed: pushes.covers,
    onLoss,
  })
  const order = createLogOrder({
    clock,
    heads,
    turns,
    delivery,
    pushes,
    known: knownHead('logs'),
    wantsHeads: () => verify === 'strict' || heads.isActive() || (verify === 'auto' && (blockTime() ?? 0) >= SLOW),
    onBlock: (number) => trust.isSuspect(number) && void check.run(),
    onState: show,
  })
  const silence = createLogSilence({ clock, delivery, check, order, blockTime, latest: backfill.latest })

  function onLive(place: Place) {
    // The place may push only a part of the logs of blocks that are known already: they do not count as pushed.
    pushes.begin(place, Math.max(turns.last()?.number ?? -1, heads.highest()))
    turns.look()
    isSettled = true
    order.choose()
    if (!order.hasHeads() && !delivery.cursor()) void begin(place)
    show()
  }

  function onDown(why: string) {
    pushes.begin()
    turns.look()
    order.goByHeads()
    show(why)
  }

  /** No place pushes the logs now, or will soon. */
  function onRest() {
    isSettled = true
    order.goByHeads()
    show()
  }

  /** Without heads, the stream begins after the newest block of the place: the logs of later ones are pushed. */
  async function begin(place: Place) {
    const block = await within(clock, BRIDGED, backfill.latest(place.id))
    if (order.hasHeads() || delivery.cursor()) return
    if (block) return order.begin(block)
    // The place does not tell it: the stream begins with the first block of which the place pushes logs.
    isUnbased = true
    show()
  }

  function onData(result: unknown) {
    const log = toLog(result)
    const place = pushes.place()
    // Some load balancers push logs to the wrong subscription.
    if (!log || !place || !isAskedFor(log)) return
    const number = heightOf(log.blockNumber) as number
    const hash = log.blockHash
    // Without heads, that is how a node tells of a reorg: they say what was replaced.
    if (log.removed) return order.goByHeads()
    silence.hear(number)
    if (order.hasHeads()) heads.expect(number)
    else parts.heads.observe(place.state.provider, number, clock.now())
    if (pushes.add(log)) onLoss(number)
    if (!turns.mayCome(hash) && (delivery.has(hash) || heads.has(hash))) {
      // The turn of the block is over: the log should have come together with the others.
      if (!turns.isSlow(hash)) onLoss(number)
      delivery.add({ number, hash }, pushes.take(hash))
    } else {
      // While heads are not live, the head of this block may never come: the stream begins with the block.
      if (isUnbased && heads.state().name !== 'live') order.begin({ number: number - 1, hash: '', provider: place.id })
      order.addByLog({ number, hash, provider: place.id })
    }
    turns.look(hash)
    if (!order.hasHeads()) lag.hear(place, 'logs')
  }

  /** The place has lost, doubled or swapped a log: it is suspect from now on, and uncertain blocks are checked. */
  function onLoss(number: number) {
    const place = pushes.place()
    if (!place || !trust.mayCheck) return
    suspect(place, number)
    order.goByHeads()
    delivery.giveUp()
    void check.run()
  }

  function show(why?: string) {
    sink.onState(state(), why)
  }

  /** `live` while a place pushes the logs; else they are polled, as the heads come. */
  function state(): StreamState {
    const { name, source }: StreamState = order.hasHeads() ? heads.state() : { name: 'live' }
    isUnbased ||= isSettled && order.hasHeads() && name === 'live'
    if (!isSettled || !(delivery.cursor() || isUnbased)) return { name: 'opening' }
    const place = pushes.place()
    if (place) return { name: name === 'filling' ? name : 'live', source: { provider: place.id, channel: 'ws' } }
    return {
      name: name === 'live' ? 'polling' : name === 'opening' ? 'switching' : name,
      ...(source && { source: { provider: source.provider, channel: 'poll' } }),
    }
  }

  const read = replayOf(delivery, reads, backfill, heads)
  if (trust.mayCheck) check.start()
  silence.start()
  order.choose()
  const bridge = clock.after(BRIDGED, () => isSettled || onRest())
  const closeUpstream = openUpstream({
    params,
    places,
    clock,
    sink: {
      onLive,
      onData,
      onDown,
      onRest,
      isLevel: ({ id }) => backfill.hasReached(delivery.height, id),
    },
  })
  return {
    cursor: () => delivery.cursor() && delivery.reach(),
    replay: (from) =>
      read(from).catch((error) => {
        // The read may fail because the last delivered block was replaced unnoticed: heads find that out.
        order.goByHeads()
        throw error
      }),
    join(isToldProgress) {
      if (isToldProgress) order.goByHeads()
      return delivery.turn()
    },
    stop() {
      check.stop()
      silence.stop()
      bridge.cancel()
      closeUpstream()
      order.stop()
      reads.stop()
      turns.stop()
    },
  }
}
