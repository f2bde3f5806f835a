// Whether a place that still pushes is behind the other providers: then its streams leave it for another place. Their heads are
// known from requests, and are asked for once a minute. Places that are silent are the business of stall.ts.

import type { Parts } from '../../request/flight'
import type { Asking } from '../asking'
import type { Place } from './place'
import { hasFailedOfLate, isReady } from './place'
import type { Places } from './places'

export type LagWatch = {
  /** The place has pushed a head or a log; its block has been observed as the head of its provider before. */
  hear(place: Place, kind: string): void
  /** Whether the place is known to be behind, and another one that could replace it is not. */
  isBehind(place: Place, kind: string): boolean
  /** Makes all streams leave the place, if there is another one to go to. Returns whether they did. */
  leave(place: Place, kind: string, why: string): boolean
}

export type LagOptions = Pick<Asking, 'ask' | 'providers'> & {
  readonly parts: Pick<Parts, 'clock' | 'heads'>
  readonly places: Pick<Places, 'list' | 'leave'>
}

/** A place that has been behind for this long (in ms), whatever it pushed meanwhile, is left. */
const FOR_LONG = 3_000
/** The other providers are asked for their heads this often (in ms). */
const EVERY = 60_000
/** The timeout of such a request (in ms). */
const LIMIT = 5_000

export function createLagWatch({ parts: { clock, heads }, places, ask, providers }: LagOptions): LagWatch {
  const behindSince = new Map<Place, number>()
  let lookedAt: number | undefined

  /** The answers need no reading here: the pipeline observes the heads in them. */
  function askOthers(place: Place) {
    for (const provider of providers())
      if (provider !== place.id)
        ask({ method: 'eth_blockNumber' }, { purpose: 'heads', provider, isPinned: true, timeout: LIMIT }).catch(
          () => {},
        )
  }

  /** Places that could replace this one now: not backups, ready, and without a recent failure. */
  function othersOf(place: Place, kind: string) {
    const now = clock.now()
    const isUsable = (other: Place) => !other.isBackup && isReady(other, now) && !hasFailedOfLate(other, now)
    return places.list(kind).filter((other) => other !== place && isUsable(other))
  }

  function isBehind(place: Place, kind: string) {
    const now = clock.now()
    // The best head may be known from a provider without a place: leaving helps only if another place is level with it.
    const isLevel = ({ state }: Place) => (heads.lagOf(state.provider, now) ?? Infinity) <= heads.maxLag()
    return heads.isBehind(place.state.provider, now) && othersOf(place, kind).some(isLevel)
  }

  function leave(place: Place, kind: string, why: string) {
    if (othersOf(place, kind).length === 0) return false
    places.leave(place, why)
    return true
  }

  return {
    isBehind,
    leave,
    hear(place, kind) {
      const now = clock.now()
      lookedAt ??= now
      if (now - lookedAt >= EVERY) {
        lookedAt = now
        if (places.list(kind).length > 1) askOthers(place)
      }
      let since = behindSince.get(place) ?? now
      // The place has failed since: when it came back it may have caught up.
      if (since <= place.failedAt) since = now
      behindSince.delete(place)
      if (!isBehind(place, kind)) return
      if (now - since < FOR_LONG || !leave(place, kind, 'it is behind')) behindSince.set(place, since)
    },
  }
}
