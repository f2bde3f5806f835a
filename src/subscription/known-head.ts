// The newest block that callers know of when a stream starts: they are given everything after it, however long it takes to find
// a place.

import type { Parts } from '../request/flight'
import type { Backfill } from './backfill'
import type { Places } from './source/places'

/** The number of that block; `undefined` while no provider has told it. */
export type KnownHead = () => number | undefined

/** @returns a function that is called once when a stream of a kind starts. */
export function createKnownHeads(
  { clock, heads }: Pick<Parts, 'clock' | 'heads'>,
  { latest }: Pick<Backfill, 'latest'>,
  places: Pick<Places, 'list'>,
): (kind: string) => KnownHead {
  let asked: Promise<number | undefined> | undefined

  /** One request serves all streams that start before it is answered. */
  function ask() {
    asked ??= latest().then((block) => {
      asked = undefined
      return block?.number
    })
    return asked
  }

  return (kind) => {
    let known = heads.best(clock.now())
    // Without a place the stream polls at once, and so asks itself. With one, the request does not leave at once: it calls
    // listeners, which must find the stream complete.
    if (known === undefined && places.list(kind).length > 0)
      void Promise.resolve()
        .then(ask)
        .then((number) => {
          known = number
        })
    return () => known
  }
}
