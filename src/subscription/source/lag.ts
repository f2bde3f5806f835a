// Whether a place that goes on pushing is behind the chain that others have: then another one takes its turn. How far those are
// is known from requests, and asked of them once a minute; what is silent is stall.ts.

import type { Parts } from '../../request/flight'
import type { Asking } from '../asking'
import type { Place } from './place'
import { hasFailedOfLate, isReady } from './place'
import type { Places } from './places'

export type LagWatch = {
  /** The place has pushed something of a block that was observed as the head of its provider. */
  hear(place: Place, kind: string): void
  /** Whether it is known to be behind one that could take its turn. */
  isBehind(place: Place, kind: string): boolean
  /** It is no good any more. Returns whether it was left: only while there is another one. */
  leave(place: Place, kind: string, why: string): boolean
}

export type LagOptions = Pick<Asking, 'ask' | 'providers'> & {
  readonly parts: Pick<Parts, 'clock' | 'heads'>
  readonly places: Pick<Places, 'list' | 'leave'>
}

/** All in ms. A place that has been behind for so long, whatever came meanwhile, does not catch up; */
const FOR_LONG = 3_000
/** the others are asked this often, */
const EVERY = 60_000
const LIMIT = 5_000

export function createLagWatch({ parts: { clock, heads }, places, ask, providers }: LagOptions): LagWatch {
  const behindSince = new Map<Place, number>()
  let lookedAt: number | undefined

  /** What they say is observed as it comes. */
  function look(place: Place) {
    for (const provider of providers())
      if (provider !== place.id)
        ask({ method: 'eth_blockNumber' }, { purpose: 'heads', provider, isPinned: true, timeout: LIMIT }).catch(
          () => {},
        )
  }

  /** Those that would be tried before this one. */
  function othersOf(place: Place, kind: string) {
    const now = clock.now()
    const isUsable = (other: Place) => !other.isBackup && isReady(other, now) && !hasFailedOfLate(other, now)
    return places.list(kind).filter((other) => other !== place && isUsable(other))
  }

  function isBehind(place: Place, kind: string) {
    const now = clock.now()
    // One provider alone that claims to be ahead does not make all others bad.
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
        if (places.list(kind).length > 1) look(place)
      }
      let since = behindSince.get(place) ?? now
      // It was lost in between: it may have caught up.
      if (since <= place.failedAt) since = now
      behindSince.delete(place)
      if (!isBehind(place, kind)) return
      if (now - since < FOR_LONG || !leave(place, kind, 'it is behind')) behindSince.set(place, since)
    },
  }
}
