// Sockets of places that are kept up although nothing is subscribed there: one that was lost must be able to come back.

import type { Place } from './place'

export type KeptPlaces = {
  keep(place: Place): void
  /** Keeps these, and lets go of all others. */
  only(places: readonly Place[]): void
}

export function createKeptPlaces(): KeptPlaces {
  const kept = new Map<Place, () => void>()

  function keep(place: Place) {
    if (!kept.has(place) && place.channel.keep) kept.set(place, place.channel.keep())
  }

  return {
    keep,
    only(places) {
      places.forEach(keep)
      for (const [place, release] of kept) {
        if (places.includes(place)) continue
        kept.delete(place)
        release()
      }
    },
  }
}
