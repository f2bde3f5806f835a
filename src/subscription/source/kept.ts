// Sockets of places that are kept up although nothing is subscribed there: one that was lost must be able to come back.

import type { Place } from './place'

export type KeptPlaces = {
  keep(place: Place): void
  /** Keeps these, and lets go of all others. */
  only(places: readonly Place[]): void
  /** Lets go of all; nothing is kept any more. */
  end(): void
}

export function createKeptPlaces(): KeptPlaces {
  const kept = new Map<Place, () => void>()

  let isOver = false

  function keep(place: Place) {
    if (isOver || kept.has(place)) return
    const release = place.channel.keep?.()
    if (!release) return
    kept.set(place, release)
    // The socket tells of itself, and whoever hears it may have had enough.
    if (isOver) only([])
  }

  function only(places: readonly Place[]) {
    places.forEach(keep)
    for (const [place, release] of kept) {
      if (places.includes(place)) continue
      kept.delete(place)
      release()
    }
  }

  return {
    keep,
    only,
    end() {
      isOver = true
      only([])
    },
  }
}
