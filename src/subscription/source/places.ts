// All places of one list, in the user's order: which one is tried next, and who hears that one is back or must be left.

import { throwIfAborted } from '../../base/abort'
import type { SubscriptionSink, UpstreamSubscription } from '../../channel/channel'
import { NoProviderError } from '../../errors'
import { classify } from '../../provider/classify'
import { cool, tell } from '../../request/answer/learn'
import type { Parts } from '../../request/flight'
import type { ClientChannels, Plan } from '../../request/route/plan'
import { exclusionsOf, isAllowed } from '../../request/route/route'
import { assertChain, checkChain, needsCheck } from '../../request/upkeep/verify-chain'
import type { SocketState } from '../../types'
import type { Place, SubscribingChannel } from './place'
import { createPlace, hasFailedOfLate, isReady, noteFailure } from './place'

export type PlaceListener = {
  /** A place may be worth another try. */
  onBack(): void
  /** A stream that is at this place must leave it. */
  onLeave(place: Place, why: string): void
}

export type Places = {
  /** The places that may be asked for this kind, the preferred one first. */
  list(kind: string): Place[]
  /** The next place that may be tried now: those without a recent failure first, backups last. */
  next(kind: string, tried: ReadonlySet<Place>): Place | undefined
  /** When a place can be tried again whose link will not report that (in ms of the clock); `Infinity` if there is none. */
  retryAt(kind: string): number
  /** Subscribes when the turn comes, if the provider is on the right chain. @param onTurn called when the turn has come */
  open(
    place: Place,
    params: readonly unknown[],
    sink: SubscriptionSink,
    signal: AbortSignal,
    onTurn: () => void,
  ): Promise<UpstreamSubscription>
  /** The error that says for each provider why nobody can subscribe there. */
  refusal(): NoProviderError
  /** Notes that a subscription failed at the place, and why. Returns whether the provider refuses the kind for good. */
  fail(place: Place, kind: string, error: unknown): boolean
  /** Notes that a subscription was lost at the place. @param upFor how long it had been up (in ms) */
  lose(place: Place, upFor: number): void
  /** Makes every stream leave the place. */
  leave(place: Place, why: string): void
  onSocket(provider: string, to: SocketState): void
  /** The provider has turned out to be on another chain: what it pushes is not of this one. */
  onWrongChain(provider: string): void
  listen(listener: PlaceListener): () => void
}

/** A subscription that was lost sooner (in ms) continues the outage of its place; one that lasted longer begins a new one. */
const STAYED_UP = 5_000
/** A return that lasted at least this long (in ms) was a good one. */
const GOOD_RETURN = 5 * 60_000

export function createPlaces(parts: Parts, channels: ClientChannels, plan: Plan): Places {
  const { clock, random } = parts
  const places = parts.channels.flatMap((state) => {
    const channel = channels[state.slot]
    return channel?.subscribe ? [createPlace(state, channel as SubscribingChannel)] : []
  })
  places.sort((a, b) => rankOf(a, plan) - rankOf(b, plan))
  const listeners = new Set<PlaceListener>()

  function list(kind: string) {
    const allowed = places.filter(({ state }) => isAllowed(state, plan))
    return allowed.filter(({ state }) => state.provider.capability.servesSubscription(kind, clock.now()))
  }

  function leave(place: Place, why: string) {
    for (const listener of [...listeners]) listener.onLeave(place, why)
  }

  return {
    list,
    next(kind, tried) {
      const now = clock.now()
      const ready = list(kind).filter((place) => !tried.has(place) && isReady(place, now))
      const [first] = ready
      return ready.find((place) => place.isBackup === first?.isBackup && !hasFailedOfLate(place, now)) ?? first
    },
    retryAt(kind) {
      const timed = list(kind).filter(({ channel }) => channel.socket?.() !== 'waiting')
      return Math.min(...timed.map(({ retryAt }) => retryAt))
    },
    open(place, params, sink, signal, onTurn) {
      const { state, channel, gate } = place
      const { provider } = state
      return gate.run(async () => {
        place.turnAt = clock.now()
        onTurn()
        if (needsCheck(provider, plan.need, parts, clock.now())) await checkChain(state, channels, parts)
        // Events that were pushed cannot be taken back: the chain must be known before the first one.
        assertChain(provider)
        throwIfAborted(signal)
        const upstream = await channel.subscribe(params, sink, { signal })
        // Another check may have ended meanwhile.
        if (provider.chain.state === 'wrong') upstream.unsubscribe().catch(() => {})
        assertChain(provider)
        // The provider has answered: that is as good as a probe of the breaker.
        if (!state.breaker.isClosed()) state.breaker.close()
        place.room.accept(clock.now())
        return upstream
      })
    },
    refusal() {
      const without = 'has no socket (without one there are newHeads, logs and newPendingTransactions)'
      return new NoProviderError({ method: 'eth_subscribe', reasons: exclusionsOf(plan, parts.channels, without) })
    },
    fail(place, kind, error) {
      const now = clock.now()
      const { provider } = place.state
      const { capability } = provider
      const failure = classify(provider, { method: 'eth_subscribe' }, error)
      if (failure.kind === 'unsupported-method' || failure.kind === 'invalid-params') {
        if (capability.learnSubscription(kind, now))
          tell(parts, provider, 'subscription', kind, 'unsupported', failure.kind)
        return true
      }
      noteFailure(place, false, now, random)
      if (failure.kind !== 'rate-limit' && failure.kind !== 'quota') return false
      const pause = /subscri/i.test(failure.message)
        ? place.room.refuse(failure.kind, failure.retryAfter, now)
        : cool(failure, failure.kind, provider, parts, now)
      place.retryAt = now + pause
      return false
    },
    lose(place, upFor) {
      if (upFor >= GOOD_RETURN) place.returns = 0
      noteFailure(place, upFor >= STAYED_UP, clock.now(), random)
    },
    leave,
    onSocket(provider, to) {
      const place = places.find(({ id }) => id === provider)
      // A socket that nobody needs any more goes idle: that is no failure.
      if (!place || to === 'idle') return
      place.wellSince = clock.now()
      if (to === 'open') for (const listener of [...listeners]) listener.onBack()
    },
    onWrongChain(provider) {
      for (const place of places) if (place.id === provider) leave(place, 'its provider is on another chain')
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** The user's order: the provider asked for, then those that the method is limited to (`wall`) in their order, backups last. */
function rankOf({ id, isBackup }: Place, { provider, wall }: Plan): number {
  if (id === provider) return -1
  const position = wall ? wall.indexOf(id) : 0
  return position + (isBackup ? 1e6 : 0)
}
