// One subscription at one place at a time: subscribes where it is confirmed first, goes to the next place when it is lost,
// and back to a better one once that has been well for a while. What is pushed goes to the sink; nothing is filled in here.

import type { Clock, Timer } from '../../base/clock'
import type { UpstreamSubscription } from '../../channel/channel'
import { read } from '../../channel/clean'
import { createKeptPlaces } from './kept'
import type { Place } from './place'
import type { Places } from './places'

export type UpstreamSink = {
  /** Confirmed there; what is pushed from now on comes from there, the frames that came early first. */
  onLive(place: Place): void
  /** The `result` of a notification. */
  onData(result: unknown, place: Place): void
  /** Nothing more comes from there; another place is sought. */
  onDown(place: Place, why: string): void
  /** No place could be had; it goes on by itself when one is back. @param refusal what the last one said, if all refuse the kind */
  onRest(refusal: unknown): void
  /** Whether the place is as far as the stream: only then is it returned to. */
  isLevel(place: Place): Promise<boolean>
}

export type UpstreamOptions = {
  readonly kind: string
  readonly params: readonly unknown[]
  readonly places: Places
  readonly clock: Clock
  readonly sink: UpstreamSink
}

export type Upstream = {
  start(): void
  /** Ends it, with `eth_unsubscribe`. Idempotent. */
  close(): void
}

type Attempt = {
  readonly place: Place
  readonly controller: AbortController
  /** Whether the present place is left for it only once it is confirmed. */
  readonly isReturn: boolean
  /** What came before it was confirmed. */
  early: unknown[]
  upstream: UpstreamSubscription | undefined
  since: number
  limit: Timer | undefined
  isOver: boolean
}

/** All in ms. A place that has not confirmed by then gets a second one beside it; */
const HEDGE = 500
/** by then it has failed. */
const LIMIT = 10_000
const MOST_EARLY = 1_000
const WELL_FOR = 60_000
const LOOK_AGAIN = 5_000
/** The time to be well doubles with each return that came to nothing, so often at most. */
const MOST_DOUBLED = 5

export function createUpstream({ kind, params, places, clock, sink }: UpstreamOptions): Upstream {
  let current: Attempt | undefined
  let timer: Timer | undefined
  let returning: Timer | undefined
  let tried = new Set<Place>()
  let refusal: unknown
  let isClosed = false
  const attempts = new Set<Attempt>()
  const kept = createKeptPlaces()
  const unlisten = places.listen({
    onBack: () => current || seekAnew(),
    onLeave: (place, why) => current?.place === place && leave(current, why),
  })

  function seekAnew() {
    if (isClosed) return
    tried = new Set([...attempts].map(({ place }) => place))
    refusal = undefined
    seek()
  }

  function seek() {
    timer?.cancel()
    if (isClosed || current) return
    const place = places.next(kind, tried)
    if (place) {
      tried.add(place)
      giveUpOldest()
      attempt(place, false)
      // Without another one this finds none, and waits on.
      timer = clock.after(HEDGE, seek)
    } else if (attempts.size === 0) rest()
  }

  /** At most two at a time: the one that has hung for longest makes room. */
  function giveUpOldest() {
    const [oldest, ...others] = attempts
    if (!oldest || others.length === 0) return
    end(oldest)
    places.fail(oldest.place, kind, new Error('It was not confirmed in time.'))
    kept.keep(oldest.place)
  }

  function rest() {
    for (const place of places.list(kind)) kept.keep(place)
    const at = places.retryAt(kind)
    if (at < Infinity) timer = clock.after(Math.max(0, at - clock.now()), seekAnew)
    sink.onRest(places.list(kind).length === 0 ? refusal : undefined)
  }

  function attempt(place: Place, isReturn: boolean) {
    const controller = new AbortController()
    const own: Attempt = {
      place,
      controller,
      isReturn,
      early: [],
      upstream: undefined,
      since: Infinity,
      limit: clock.after(LIMIT, () => fail(own, new Error('It was not confirmed in time.'))),
      isOver: false,
    }
    attempts.add(own)
    const frames = {
      onData: (data: unknown) => own.isOver || receive(own, read(data, 'result')),
      onError: (error: unknown) => own.isOver || (own === current ? leave(own, reasonOf(error)) : fail(own, error)),
    }
    places.open(place, params, frames, controller.signal).then(
      (upstream) => confirm(own, upstream),
      (error) => fail(own, error),
    )
  }

  function receive(own: Attempt, result: unknown) {
    if (own === current) sink.onData(result, own.place)
    else if (own.early.length < MOST_EARLY) own.early.push(result)
  }

  function confirm(own: Attempt, upstream: UpstreamSubscription) {
    own.limit?.cancel()
    if (own.isOver) return unsubscribe(upstream)
    own.upstream = upstream
    own.since = clock.now()
    attempts.delete(own)
    for (const other of [...attempts]) end(other)
    timer?.cancel()
    const last = current
    current = own
    if (own.isReturn) own.place.returns++
    if (last) end(last)
    kept.only(betterThan(own.place))
    sink.onLive(own.place)
    for (const result of own.early.splice(0)) if (own === current) sink.onData(result, own.place)
    lookForBetter()
  }

  function fail(own: Attempt, error: unknown) {
    if (own.isOver) return
    end(own)
    if (places.fail(own.place, kind, error)) refusal = error
    else kept.keep(own.place)
    if (!current) return seek()
    own.place.returns++
    lookForBetter()
  }

  /** It was lost, or is no good any more. */
  function leave(own: Attempt, why: string) {
    current = undefined
    returning?.cancel()
    places.lose(own.place, clock.now() - own.since)
    end(own)
    kept.keep(own.place)
    sink.onDown(own.place, why)
    if (attempts.size === 0) return seekAnew()
    // A return that was under way has nothing to return from: its attempt is the first one of the search.
    tried = new Set([...attempts].map(({ place }) => place))
    timer = clock.after(HEDGE, seek)
  }

  function end(own: Attempt) {
    own.isOver = true
    own.limit?.cancel()
    attempts.delete(own)
    if (own.upstream) unsubscribe(own.upstream)
    else own.controller.abort(new Error('It is not wanted any more.'))
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

  async function considerReturn(from: Attempt | undefined) {
    if (!from || attempts.size > 0) return
    const better = betterThan(from.place).find((place) => isWell(place) && place.state.breaker.isClosed())
    if (!better || !(await sink.isLevel(better)) || current !== from || attempts.size > 0) return
    attempt(better, true)
  }

  function isWell({ wellSince, retryAt, returns, channel }: Place) {
    const socket = channel.socket?.()
    if (socket !== undefined && socket !== 'open' && socket !== 'idle') return false
    const now = clock.now()
    return now >= retryAt && now - wellSince >= WELL_FOR * 2 ** Math.min(returns, MOST_DOUBLED)
  }

  return {
    start: seekAnew,
    close() {
      if (isClosed) return
      isClosed = true
      unlisten()
      timer?.cancel()
      returning?.cancel()
      for (const own of [...attempts, ...(current ? [current] : [])]) end(own)
      current = undefined
      kept.only([])
    },
  }
}

/** Whatever comes of it: the socket may be gone, or the provider know of no such thing. */
function unsubscribe(upstream: UpstreamSubscription) {
  upstream.unsubscribe().catch(() => {})
}

function reasonOf(error: unknown): string {
  const { shortMessage, message } = (error ?? {}) as { shortMessage?: string; message?: string }
  return shortMessage ?? message ?? 'it was lost'
}
