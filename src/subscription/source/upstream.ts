// One subscription at one place at a time: subscribes where it is confirmed first, goes to the next place when it is lost,
// and back to a better one once that has been well for a while. What is pushed goes to the sink; nothing is filled in here.

import type { Clock, Timer } from '../../base/clock'
import type { UpstreamSubscription } from '../../channel/channel'
import { read } from '../../channel/clean'
import { createKeptPlaces } from './kept'
import type { Place } from './place'
import { isWell } from './place'
import type { Places } from './places'

export type UpstreamSink = {
  /** Confirmed there; what is pushed from now on comes from there, the frames that came early first. */
  onLive(place: Place): void
  /** The `result` of a notification. */
  onData(result: unknown, place: Place): void
  /** Nothing more comes from there; another place is sought. */
  onDown(place: Place, why: string): void
  /** No place could be had; it goes on by itself when one is back. @param refusal why, if nobody serves the kind */
  onRest(refusal: unknown): void
  /** Whether the place is as far as the stream: only then is it returned to. */
  isLevel(place: Place): Promise<boolean>
}

export type UpstreamOptions = {
  /** The kind, and what is wanted of it. */
  readonly params: readonly unknown[]
  readonly places: Places
  readonly clock: Clock
  readonly sink: UpstreamSink
}

/** A subscription at a place, from its being asked for on. */
type Claim = {
  readonly place: Place
  readonly controller: AbortController
  /** Whether the present place is left for it only once it is confirmed. */
  readonly isReturn: boolean
  /** What came before it was confirmed. */
  early: unknown[]
  upstream?: UpstreamSubscription
  /** When its turn came at the place, later when it was confirmed (in ms of the clock); before, it waits for its turn. */
  since?: number
  limit?: Timer
}

/** All in ms. A place that has not confirmed by then gets a second one beside it; later it has failed. */
const HEDGE = 500
const LIMIT = 10_000
const LOOK_AGAIN = 5_000
const MOST_EARLY = 1_000

/** Returns the off-function, which sends `eth_unsubscribe`; it may be called twice. */
export function openUpstream({ params, places, clock, sink }: UpstreamOptions): () => void {
  const kind = params[0] as string
  let current: Claim | undefined
  let timer: Timer | undefined
  let returning: Timer | undefined
  let tried = new Set<Place>()
  let refusal: unknown
  let isClosed = false
  const claims = new Set<Claim>()
  const kept = createKeptPlaces()
  const unlisten = places.listen({
    onBack: () => current || seekAnew(),
    onLeave: (place, why) => current?.place === place && leave(current, why),
  })

  /** Those under way have their time all the same. */
  function seekAnew() {
    tried = new Set(asked())
    refusal = undefined
    if (claims.size === 0) seek()
  }

  function seek() {
    timer?.cancel()
    if (isClosed || current) return
    const place = places.next(kind, tried)
    // A backup is for when all others have failed, not for when they are slow.
    if (place && (!place.isBackup || asked().every(({ isBackup }) => isBackup))) {
      tried.add(place)
      giveUpOldest()
      claim(place, false)
    } else if (claims.size === 0) rest()
  }

  function asked() {
    return [...claims].map(({ place }) => place)
  }

  /** At most two at a time: the one that has hung for longest makes room. */
  function giveUpOldest() {
    const [oldest, ...others] = claims
    if (!oldest || others.length === 0) return
    giveUp(oldest, late())
  }

  function rest() {
    kept.only(places.list(kind))
    const at = places.retryAt(kind)
    if (at < Infinity) timer = clock.after(Math.max(0, at - clock.now()), seekAnew)
    sink.onRest(places.list(kind).length === 0 ? (refusal ?? places.refusal()) : undefined)
  }

  function claim(place: Place, isReturn: boolean) {
    const controller = new AbortController()
    const own: Claim = {
      place,
      controller,
      isReturn,
      early: [],
    }
    claims.add(own)
    const frames = {
      onData: (data: unknown) => isOver(own) || receive(own, read(data, 'result')),
      onError: (error: unknown) => (own === current ? leave(own, reasonOf(error)) : fail(own, error)),
    }
    const onTurn = () => {
      own.since = clock.now()
    }
    places.open(place, params, frames, controller.signal, onTurn).then(
      (upstream) => confirm(own, upstream),
      (error) => fail(own, error),
    )
    watch(own)
  }

  /** The newest one gets another one beside it. */
  function watch(own: Claim) {
    // What waits for its turn waits while others have theirs: it is late only if they do not come on either.
    const age = () => clock.now() - (own.since ?? own.place.turnAt)
    own.limit = clock.after(HEDGE - (age() % HEDGE), () => {
      if (age() >= LIMIT) return fail(own, late())
      watch(own)
      if (age() >= HEDGE && own === [...claims].at(-1)) seek()
    })
  }

  function receive(own: Claim, result: unknown) {
    if (own === current) sink.onData(result, own.place)
    else if (own.early.length < MOST_EARLY) own.early.push(result)
  }

  function confirm(own: Claim, upstream: UpstreamSubscription) {
    own.limit?.cancel()
    if (isOver(own)) return unsubscribe(upstream)
    own.upstream = upstream
    own.since = clock.now()
    claims.delete(own)
    for (const other of [...claims]) {
      end(other)
      other.place.wellSince = clock.now()
    }
    const last = current
    current = own
    if (own.isReturn) own.place.returns++
    if (last) end(last)
    kept.only(betterThan(own.place).filter(({ isBackup }) => !isBackup))
    sink.onLive(own.place)
    for (const result of own.early.splice(0)) if (own === current) sink.onData(result, own.place)
    lookForBetter()
  }

  function fail(own: Claim, error: unknown) {
    if (isOver(own)) return
    giveUp(own, error)
    if (!current) return seek()
    own.place.returns++
    lookForBetter()
  }

  function giveUp(own: Claim, error: unknown) {
    end(own)
    if (places.fail(own.place, kind, error)) refusal = error
    else kept.keep(own.place)
  }

  /** It was lost, or is no good any more. */
  function leave(own: Claim, why: string) {
    current = undefined
    returning?.cancel()
    places.lose(own.place, clock.now() - (own.since as number))
    end(own)
    kept.keep(own.place)
    sink.onDown(own.place, why)
    // A return that was under way has nothing to return from: it is the first one of the search.
    seekAnew()
  }

  function end(own: Claim) {
    own.limit?.cancel()
    claims.delete(own)
    own.controller.abort()
    if (own.upstream) unsubscribe(own.upstream)
  }

  function betterThan(place: Place) {
    const all = places.list(kind)
    const index = all.indexOf(place)
    return index < 0 ? [] : all.slice(0, index)
  }

  function lookForBetter() {
    returning?.cancel()
    if (!current || betterThan(current.place).length === 0) return
    returning = clock.background(LOOK_AGAIN, () => void considerReturn(current).finally(lookForBetter))
  }

  async function considerReturn(from: Claim | undefined) {
    if (!from || claims.size > 0) return
    const better = betterThan(from.place).find((place) => isWell(place, clock.now()))
    if (!better || !(await sink.isLevel(better)) || current !== from || claims.size > 0) return
    claim(better, true)
  }

  seekAnew()
  return () => {
    if (isClosed) return
    isClosed = true
    unlisten()
    timer?.cancel()
    returning?.cancel()
    for (const own of [...claims, ...(current ? [current] : [])]) end(own)
    current = undefined
    kept.only([])
  }
}

function late() {
  return new Error('It was not confirmed in time.')
}

function isOver({ controller }: Claim) {
  return controller.signal.aborted
}

/** Whatever comes of it: the socket may be gone, or the provider know of no such thing. */
function unsubscribe(upstream: UpstreamSubscription) {
  upstream.unsubscribe().catch(() => {})
}

function reasonOf(error: unknown): string {
  const { shortMessage, message } = (error ?? {}) as { shortMessage?: string; message?: string }
  return shortMessage ?? message ?? 'it was lost'
}
