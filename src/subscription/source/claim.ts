// One subscription at one place, from the request until it ends: it is confirmed or fails; later it is lost or given up. Which
// place comes next is decided in upstream.ts.

import type { Clock, Timer } from '../../base/clock'
import { field } from '../../base/fields'
import type { UpstreamSubscription } from '../../channel/channel'
import type { Place } from './place'
import type { Places } from './places'

export type Claim = {
  readonly place: Place
  /** Time since it was confirmed; before that, since its turn came; while it waits, since the place's last turn (in ms). */
  age(): number
  /** Ends it and sends `eth_unsubscribe`; from then on the sink is not called. Idempotent. */
  end(): void
}

export type ClaimSink = {
  onConfirm(claim: Claim): void
  /** The `result` of a notification; those that came before the confirmation follow right after it. */
  onData(result: unknown): void
  /** The claim is slow to be confirmed; called again and again until it is. */
  onSlow(claim: Claim): void
  /** The claim failed before it was confirmed. */
  onFail(claim: Claim, error: unknown): void
  /** The claim was confirmed, and has ended since. */
  onLost(claim: Claim, why: string): void
}

export type ClaimOptions = {
  /** Those of `eth_subscribe`: the kind, and a filter if it has one. */
  readonly params: readonly unknown[]
  readonly places: Pick<Places, 'open'>
  readonly clock: Clock
}

/** A place that has not confirmed after this time (in ms) is slow. */
const SLOW = 500
/** A place that has not confirmed after this time (in ms) has failed. */
const LIMIT = 10_000
/** Most notifications that are kept from before the confirmation; further ones are dropped. */
const MOST_EARLY = 1_000

export function openClaim(place: Place, { params, places, clock }: ClaimOptions, sink: ClaimSink): Claim {
  const controller = new AbortController()
  const { signal } = controller
  const early: unknown[] = []
  const own: Claim = { place, age, end }
  let upstream: UpstreamSubscription | undefined
  /** When its turn came at the place, later when it was confirmed (in ms of the clock). */
  let since: number | undefined
  let limit: Timer

  function age() {
    // A claim that waits for its turn is late only if the claims before it do not get on either.
    return clock.now() - (since ?? place.turnAt)
  }

  function watch() {
    limit = clock.after(SLOW - (age() % SLOW), () => {
      if (age() >= LIMIT) return fail(lateness())
      watch()
      if (age() >= SLOW) sink.onSlow(own)
    })
  }

  function onData(data: unknown) {
    const result = field(data, 'result')
    if (signal.aborted) return
    if (upstream) sink.onData(result)
    else if (early.length < MOST_EARLY) early.push(result)
  }

  function confirm(confirmed: UpstreamSubscription) {
    limit.cancel()
    if (signal.aborted) return unsubscribe(confirmed)
    upstream = confirmed
    since = clock.now()
    sink.onConfirm(own)
    for (const result of early.splice(0)) if (!signal.aborted) sink.onData(result)
  }

  function fail(error: unknown) {
    if (signal.aborted) return
    if (upstream) sink.onLost(own, reasonOf(error))
    else sink.onFail(own, error)
  }

  function end() {
    if (signal.aborted) return
    limit.cancel()
    controller.abort()
    if (upstream) unsubscribe(upstream)
  }

  const onTurn = () => {
    since = clock.now()
  }
  places.open(place, params, { onData, onError: fail }, signal, onTurn).then(confirm, fail)
  watch()
  return own
}

/** The error for a place that has not confirmed in time. */
export function lateness(): Error {
  return new Error('It was not confirmed in time.')
}

/** Best effort: the socket may be gone, or the provider may not know the subscription any more. */
function unsubscribe(upstream: UpstreamSubscription) {
  upstream.unsubscribe().catch(() => {})
}

function reasonOf(error: unknown): string {
  const { shortMessage, message } = (error ?? {}) as { shortMessage?: string; message?: string }
  return shortMessage ?? message ?? 'it was lost'
}
