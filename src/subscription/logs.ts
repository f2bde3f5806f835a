// A stream of logs of one filter: pushed by one place, with the turns of the heads; while nobody needs heads, with those of the
// logs themselves. What is not pushed, or not to be relied on, turns.ts asks for.

import type { Timer } from '../base/clock'
import { createPauses } from '../base/pause'
import type { Parts } from '../request/flight'
import { bloomTestOf } from '../rpc/bloom'
import type { Backfill } from './backfill'
import type { Block } from './block'
import { toHeight, toLog } from './block'
import type { Blooms } from './blooms'
import { createDelivery } from './delivery'
import type { Heads } from './heads'
import type { SubscriptionKey } from './key'
import { createLogFetch } from './log-fetch'
import type { LogBlock } from './log-queue'
import type { Place } from './place'
import { suspect } from './place'
import type { Places } from './places'
import { createPushes } from './pushes'
import type { Item, Replay, Stream, StreamSink, StreamState } from './stream'
import { createTurns } from './turns'
import { createUpstream } from './upstream'

/** Which blocks are checked for lost logs: those that look suspicious, all, or none. */
export type VerifyMode = 'auto' | 'strict' | false

export type LogsOptions = {
  readonly parts: Parts
  readonly key: SubscriptionKey
  readonly backfill: Backfill
  readonly places: Places
  readonly heads: Heads
  readonly blooms: Blooms
  readonly verify: VerifyMode
  /** Most blocks of a gap that are filled in. */
  readonly mostFilled: number
  readonly sink: StreamSink
}

/** All in ms. */
const VERIFY_EVERY = 60_000
/** Blocks this far apart make a heads subscription cheap. */
const SLOW = 2_000
/** Blocks that are read again at a time. */
const REPLAYED = 1_000

export function createLogs({
  parts,
  key,
  backfill,
  places,
  heads,
  blooms,
  verify,
  mostFilled,
  sink,
}: LogsOptions): Stream {
  const { clock } = parts
  const { filter } = key
  const test = bloomTestOf(filter)
  const pauses = createPauses(clock)
  const fetch = createLogFetch(backfill, filter, pauses, clock.now)
  const delivery = createDelivery(sink)
  const pushes = createPushes()
  let live: Place | undefined
  /** Blocks above this are pushed by the present place. */
  let coveredAbove = Infinity
  let highestPushed = -1
  /** Set while the stream goes by heads. */
  let offHeads: (() => void) | undefined
  let isVerifying = false
  let timer: Timer | undefined
  let state: StreamState = { name: 'opening' }
  let isStopped = false
  let becomeReady = () => {}
  const ready = new Promise<void>((resolve) => {
    becomeReady = resolve
  })
  const turns = createTurns({
    clock,
    pauses,
    fetch,
    delivery,
    pushes,
    mostFilled,
    bloomOf: (block) => (block.raw ? blooms.ask(block as Block, test) : 'unknown'),
    mustCheck: (number) => verify === 'strict' || isSuspect(number),
    mayCheck: verify !== false,
    onLoss,
    onLie: blooms.noteLie,
    onGap: sink.onGap,
    newest,
    canonical: backfill.byNumber,
    isStopped: () => isStopped,
  })
  const upstream = createUpstream({
    kind: 'logs',
    params: key.params,
    places,
    clock,
    sink: { onLive, onData, onDown: (_, why) => goByHeads(why), onRest, isLevel },
  })

  function onLive(place: Place) {
    // Of what waits, it may have been about to push a part.
    turns.uncover()
    pushes.clear()
    live = place
    // On one socket frames keep their order: what it pushes of later blocks comes after this. Elsewhere only what follows
    // the next head is sure to.
    const isSameSocket = heads.state().source?.channel === 'ws' && heads.state().source?.provider === place.id
    coveredAbove = isSameSocket || !offHeads ? Math.max(turns.last()?.number ?? -1, heads.highest()) : Infinity
    if (!offHeads && wantsHeads()) goByHeads()
    if (!offHeads && !delivery.cursor()) void begin(place)
    settleIn()
    show()
  }

  function onRest() {
    goByHeads()
    settleIn()
  }

  /** Without heads: what comes after the newest block of the place is pushed. */
  async function begin(place: Place) {
    const block = await backfill.latest(place.id).catch(() => undefined) // then the first log says where it is
    if (!offHeads && block && !delivery.cursor()) delivery.begin(block)
    becomeReady()
    show()
  }

  function onData(result: unknown, place: Place) {
    const log = toLog(result)
    if (!log) return
    const number = toHeight(log.blockNumber) as number
    const hash = log.blockHash
    if (log.removed) return onRemoved(hash)
    highestPushed = Math.max(highestPushed, number)
    if (!offHeads) observe(place, number)
    if (pushes.add(log)) distrust(place, number)
    if (isOver(hash)) {
      // It should have come with the others of its block.
      distrust(place, number)
      delivery.add({ number, hash }, pushes.take(hash))
    } else if (!offHeads) addByLog(number, hash, place)
    turns.look()
  }

  /** Whether the turn of the block has come already. */
  function isOver(hash: string) {
    if (turns.isWaiting(hash) || turns.isFilling()) return false
    return delivery.has(hash) || heads.has(hash)
  }

  /** The heads tell of reorgs; without them, the node does. */
  function onRemoved(hash: string) {
    if (offHeads) return
    pushes.take(hash)
    const entry = delivery.blocks().find((block) => block.hash === hash)
    if (!turns.drop(hash) && entry) turns.add({ type: 'retract', block: { ...entry, provider: live?.id ?? '' } })
  }

  function addByLog(number: number, hash: string, { id: provider }: Place) {
    if (turns.isWaiting(hash)) return
    if (wantsHeads()) return goByHeads()
    const last = turns.last()
    // Out of order, or a new branch of which nobody tells: only the chain itself can say.
    if (last && number <= last.number && last.hash !== hash) return goByHeads()
    turns.add({ type: 'block', block: { number, hash, provider }, at: clock.now(), isCovered: true })
  }

  /** What was pushed so far may be cut off anywhere: from here on the heads say whose turn it is. */
  function goByHeads(why?: string) {
    if (why !== undefined) {
      live = undefined
      pushes.clear()
      turns.uncover()
    }
    if (!offHeads && !isStopped) {
      const tip = heads.tip()
      offHeads = heads.listen({ onBlock, onReorg, onGap, onState: (_, reason) => show(reason) })
      if (delivery.cursor()) {
        turns.clear()
        pushes.clear()
        coveredAbove = coveredAbove === Infinity ? Infinity : Math.max(coveredAbove, highestPushed)
        turns.add({ type: 'catch-up' })
      } else if (tip) delivery.begin({ provider: '', ...tip })
    }
    show(why)
  }

  /** Nothing that comes is missed, and where it comes from is decided. */
  function settleIn() {
    if (offHeads) void heads.whenReady().then(becomeReady)
  }

  function wantsHeads() {
    return verify === 'strict' || heads.isActive() || (verify === 'auto' && (parts.heads.blockTime() ?? 0) >= SLOW)
  }

  async function newest(): Promise<LogBlock | undefined> {
    await heads.whenReady()
    const tip = heads.tip()
    return tip && { provider: '', ...tip }
  }

  function onBlock(block: Block) {
    if (!delivery.cursor())
      delivery.begin({ number: block.number - 1, hash: block.parentHash, provider: block.provider })
    const isCovered = live !== undefined && block.isPushed === true && block.number > coveredAbove
    if (block.isPushed && coveredAbove === Infinity) coveredAbove = block.number
    turns.add({ type: 'block', block, at: clock.now(), isCovered })
    if (isSuspect(block.number)) void verifyRange()
  }

  function onReorg(removed: readonly Block[]) {
    for (const block of removed) if (!turns.drop(block.hash)) turns.add({ type: 'retract', block })
  }

  function onGap(from: number, to: number) {
    if (delivery.cursor()) turns.add({ type: 'range', from, to })
  }

  function onLoss(number: number) {
    if (live) distrust(live, number)
  }

  function distrust(place: Place, number: number) {
    if (verify === false) return
    suspect(place, number)
    if (!offHeads) goByHeads()
    void verifyRange()
  }

  function isSuspect(number: number) {
    return verify !== false && live !== undefined && number <= live.suspectUntil
  }

  /** Reads again what was delivered on trust. */
  async function verifyRange() {
    const range = delivery.uncertain()
    if (!range || isVerifying || isStopped || verify === false) return
    isVerifying = true
    const { from, to } = range
    const found = await fetch.ofRange(from, to.number, to.provider, 'verify').catch(() => undefined) // the next time
    isVerifying = false
    if (!found || isStopped) return
    delivery.confirm(to.number)
    let isLost = false
    for (const { number, hash, logs } of found)
      if (isCanonical(hash) && !turns.isWaiting(hash)) isLost = delivery.add({ number, hash }, logs) || isLost
    if (isLost) onLoss(to.number)
  }

  /** Without heads there is nothing to hold it against. */
  function isCanonical(hash: string) {
    return !offHeads || delivery.has(hash) || heads.has(hash)
  }

  function verifyLater() {
    timer = clock.background(VERIFY_EVERY, () => void verifyRange().finally(() => isStopped || verifyLater()))
  }

  async function isLevel(place: Place) {
    const block = await backfill.latest(place.id).catch(() => undefined) // then it is not well
    return block !== undefined && block.number >= (delivery.cursor()?.number ?? -1)
  }

  function observe({ state: { provider } }: Place, number: number) {
    parts.heads.observe(provider, number, clock.now())
  }

  function show(why?: string) {
    const before = state
    const base = offHeads ? heads.state() : state
    const polled = base.source && ({ provider: base.source.provider, channel: 'poll' } as const)
    state = live
      ? { name: base.name === 'filling' ? 'filling' : 'live', source: { provider: live.id, channel: 'ws' } }
      : { name: base.name === 'live' ? 'polling' : base.name, ...(polled && { source: polled }) }
    const [a, b] = [before.source, state.source]
    if (before.name !== state.name || a?.provider !== b?.provider || a?.channel !== b?.channel) sink.onState(state, why)
  }

  async function replay(from: number): Promise<Replay> {
    const cursor = delivery.cursor()
    if (!cursor) return { items: [], upTo: from - 1 }
    const remembered = delivery.since(from)
    if (remembered) return { items: remembered, upTo: cursor.number }
    const upTo = Math.min(cursor.number, from + REPLAYED - 1)
    const found = await fetch.ofRange(from, upTo, cursor.provider, 'backfill')
    const items = found.map(({ number, hash, logs }): Item => {
      return { type: 'logs', number, hash, results: logs, isRemoved: false, isLate: false, turn: Infinity }
    })
    return { items, upTo }
  }

  return {
    start() {
      verifyLater()
      if (wantsHeads()) goByHeads()
      upstream.start()
    },
    whenReady: () => ready,
    state: () => state,
    cursor: () => delivery.cursor()?.number,
    replay,
    turn: delivery.turn,
    stop() {
      isStopped = true
      timer?.cancel()
      upstream.close()
      offHeads?.()
      pauses.end()
      becomeReady()
    },
  }
}
