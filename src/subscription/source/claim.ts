// One subscription at one place, from its being asked for until it has ended: confirmed, failed, lost or given up. Which place
// comes next is upstream.ts.

import type { Clock, Timer } from '../../base/clock'
import { field } from '../../base/fields'
import type { UpstreamSubscription } from '../../channel/channel'
import type { Place } from './place'
import type { Places } from './places'

export type Claim = {
  readonly place: Place
  /** How long it has been up, or asked for since its turn came (in ms). */
  age(): number
  /** Ends it, with `eth_unsubscribe`; from then on it tells nothing. Idempotent. */
  end(): void
}

export type ClaimSink = {
  onConfirm(claim: Claim): void
  /** The `result` of a notification; those that came before it was confirmed come right after that. */
  onData(result: unknown): void
  /** It is not confirmed yet: told again and again. */
  onSlow(claim: Claim): void
  /** It could not be had. */
  onFail(claim: Claim, error: unknown): void
  /** It was confirmed, and is over. */
  onLost(claim: Claim, why: string): void
}

export type ClaimOptions = {
  /** The kind, and what is wanted of it. */
  readonly params: readonly unknown[]
  readonly places: Pick<Places, 'open'>
  readonly clock: Clock
}

/** All in ms. A place that has not confirmed by then is slow; later it has failed. */
const SLOW = 500
const LIMIT = 10_000
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
    // What waits for its turn waits while others have theirs: it is late only if they do not come on either.
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

/** What is said of a place that has hung for too long. */
export function lateness(): Error {
  return new Error('It was not confirmed in time.')
}

/** Whatever comes of it: the socket may be gone, or the provider know of no such thing. */
function unsubscribe(upstream: UpstreamSubscription) {
  upstream.unsubscribe().catch(() => {})
}

function reasonOf(error: unknown): string {
  const { shortMessage, message } = (error ?? {}) as { shortMessage?: string; message?: string }
  return shortMessage ?? message ?? 'it was lost'
}
