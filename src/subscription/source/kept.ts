// Keeps up the sockets of places where nothing is subscribed: a lost place can come back only if its socket reconnects.

import type { Place } from './place'

export type KeptPlaces = {
  keep(place: Place): void
  /** Keeps these, and lets go of all others. */
  only(places: readonly Place[]): void
  /** Lets go of all, and keeps nothing from then on. */
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
    // `channel.keep` may dial, which calls listeners: one of them may have ended all this.
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
