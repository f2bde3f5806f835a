// A stream of logs of one filter: pushed by one place, with the turns of the heads; while nobody needs heads, with those of the
// logs themselves. What is not pushed, or not to be relied on, turns.ts asks for.

import type { Gate } from '../../base/gate'
import { createLatch } from '../../base/latch'
import { createPauses } from '../../base/pause'
import type { Parts } from '../../request/flight'
import { heightOf } from '../../rpc/block'
import { bloomTestOf } from '../../rpc/bloom'
import type { Backfill } from '../backfill'
import type { Block } from '../block'
import { toLog } from '../block'
import type { Heads } from '../heads/heads'
import type { SubscriptionKey } from '../key'
import type { Place } from '../source/place'
import { suspect } from '../source/place'
import type { Places } from '../source/places'
import { createUpstream } from '../source/upstream'
import type { Stream, StreamSink, StreamState } from '../stream'
import { isSameState } from '../stream'
import type { Blooms } from './blooms'
import { createCoverage } from './coverage'
import { createDelivery } from './delivery'
import { createLogCheck } from './log-check'
import { createLogOrder } from './log-order'
import { createLogReads } from './log-reads'
import { replayOf } from './log-replay'
import { createLogSilence } from './log-silence'
import { logStateOf } from './log-state'
import { createPushes } from './pushes'
import { createTurns } from './turns'

/** Which blocks are checked for lost logs: those that look suspicious, all, or none. */
export type VerifyMode = 'auto' | 'strict' | false

export type LogsOptions = {
  readonly parts: Parts
  readonly key: SubscriptionKey
  readonly backfill: Backfill
  readonly places: Places
  readonly heads: Heads
  readonly blooms: Blooms
  /** Of what the streams read. */
  readonly gate: Gate
  readonly verify: VerifyMode
  /** Most blocks of a gap that are filled in. */
  readonly mostFilled: number
  readonly sink: StreamSink
}

/** Blocks this far apart (in ms) make a heads subscription cheap. */
const SLOW = 2_000

export function createLogs({
  parts,
  key,
  backfill,
  places,
  heads,
  blooms,
  gate,
  verify,
  mostFilled,
  sink,
}: LogsOptions): Stream {
  const { clock } = parts
  const { filter } = key
  const test = bloomTestOf(filter)
  const pauses = createPauses(clock)
  // What is pushed ends no pause between two tries of a read.
  const retries = createPauses(clock)
  const reads = createLogReads(backfill, filter, retries, clock.now, gate)
  const delivery = createDelivery(sink)
  const pushes = createPushes()
  const coverage = createCoverage()
  let state: StreamState = { name: 'opening' }
  let isStopped = false
  /** Whether it is decided where it comes from. */
  let isSettled = false
  const ready = createLatch()
  const turns = createTurns({
    clock,
    pauses,
    reads,
    delivery,
    pushes,
    mostFilled,
    bloomOf: (block) => (block.raw ? blooms.ask(block as Block, test) : 'unknown'),
    mustCheck: (number) => verify === 'strict' || isSuspect(number),
    mayCheck: verify !== false,
    onLoss,
    onLie: blooms.noteLie,
    onGap: sink.onGap,
    newest: () => order.newest(),
    canonical: backfill.byNumber,
    stands: heads.has,
    isStopped: () => isStopped,
  })
  const check = createLogCheck({
    clock,
    reads,
    delivery,
    isOn: verify !== false,
    // Without heads, or before them, there is nothing to hold it against.
    isOver: ({ number, hash }) =>
      !turns.isWaiting(hash) &&
      !turns.isFilling() &&
      (!order.hasHeads() || number < heads.lowest() || delivery.has(hash) || heads.has(hash)),
    onLoss,
  })
  const order = createLogOrder({
    clock,
    heads,
    turns,
    delivery,
    coverage,
    pushes,
    known: parts.heads.best(clock.now()),
    wantsHeads: () => verify === 'strict' || heads.isActive() || (verify === 'auto' && (blockTime() ?? 0) >= SLOW),
    onBlock: (number) => isSuspect(number) && void check.run(),
    onState: show,
  })
  const { blockTime } = parts.heads
  const silence = createLogSilence({ clock, reads, delivery, order, blockTime, latest: backfill.latest, onLoss })
  const upstream = createUpstream({
    kind: 'logs',
    params: key.params,
    places,
    clock,
    sink: { onLive, onData, onDown, onRest, isLevel },
  })

  function onLive(place: Place) {
    // Of what waits, it may have been about to push a part.
    turns.uncover()
    pushes.clear()
    // On one socket frames keep their order: what it pushes of later blocks comes after this. Elsewhere only what follows
    // the next head is sure to.
    const isSameSocket = heads.state().source?.channel === 'ws' && heads.state().source?.provider === place.id
    const isOrdered = isSameSocket || !order.hasHeads()
    coverage.begin(place, isOrdered ? Math.max(turns.last()?.number ?? -1, heads.highest()) : undefined)
    isSettled = true
    order.choose()
    if (!order.hasHeads() && !delivery.cursor()) void begin(place)
    show()
  }

  function onDown(_: Place, why: string) {
    coverage.end()
    pushes.clear()
    turns.uncover()
    order.goByHeads()
    show(why)
  }

  function onRest() {
    isSettled = true
    order.goByHeads()
    show()
  }

  /** Without heads: what comes after the newest block of the place is pushed. */
  async function begin(place: Place) {
    const block = await backfill.latest(place.id)
    if (isStopped || order.hasHeads()) return
    if (block) order.begin(block)
    else order.goByHeads()
  }

  function onData(result: unknown, place: Place) {
    const log = toLog(result)
    if (!log) return
    const number = heightOf(log.blockNumber) as number
    const hash = log.blockHash
    if (log.removed) return order.removeByLog(hash)
    coverage.note(number)
    silence.hear(number)
    if (!order.hasHeads()) parts.heads.observe(place.state.provider, number, clock.now())
    if (pushes.add(log)) distrust(place, number)
    if (isOver(hash)) {
      // It should have come with the others of its block.
      distrust(place, number)
      delivery.add({ number, hash }, pushes.take(hash))
    } else order.addByLog({ number, hash, provider: place.id })
    turns.look()
  }

  /** Whether the turn of the block has come already. */
  function isOver(hash: string) {
    if (turns.isWaiting(hash) || turns.isFilling()) return false
    return delivery.has(hash) || heads.has(hash)
  }

  function onLoss(number: number) {
    const place = coverage.place()
    if (place) distrust(place, number)
  }

  function distrust(place: Place, number: number) {
    if (verify === false) return
    suspect(place, number)
    order.goByHeads()
    void check.run()
  }

  function isSuspect(number: number) {
    return verify !== false && number <= (coverage.place()?.suspectUntil ?? -1)
  }

  async function isLevel({ id }: Place) {
    const block = await backfill.latest(id)
    return block !== undefined && block.number >= (delivery.cursor()?.number ?? -1)
  }

  function show(why?: string) {
    const before = state
    state = logStateOf(coverage.place(), order.hasHeads() ? heads.state() : before, delivery.cursor() !== undefined)
    if (!isSameState(before, state)) sink.onState(state, why)
    if (isSettled && state.name !== 'opening') ready.open()
  }

  const read = replayOf(delivery, reads, backfill)
  return {
    start() {
      check.start()
      silence.start()
      order.choose()
      upstream.start()
    },
    whenReady: () => ready.opened,
    state: () => state,
    cursor: () => delivery.cursor()?.number,
    replay: (from) =>
      read(from).catch((error) => {
        // The last block that was delivered may have been replaced without a word.
        order.goByHeads()
        throw error
      }),
    turn: delivery.turn,
    stop() {
      isStopped = true
      check.stop()
      silence.stop()
      upstream.close()
      order.stop()
      pauses.end()
      retries.end()
      ready.open()
    },
  }
}
