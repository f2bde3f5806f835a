// The newest block that callers know of when a stream starts: all that comes after it is theirs, however long it takes to
// find a place.

import type { Parts } from '../request/flight'
import type { Backfill } from './backfill'
import type { Places } from './source/places'

/** `undefined` if it was not heard yet. */
export type KnownHead = () => number | undefined

/** @returns what is to be called when a stream of a kind starts. */
export function createKnownHeads(
  { clock, heads }: Pick<Parts, 'clock' | 'heads'>,
  { latest }: Pick<Backfill, 'latest'>,
  places: Pick<Places, 'list'>,
): (kind: string) => KnownHead {
  let asked: Promise<number | undefined> | undefined

  /** Once for all that start meanwhile. */
  function ask() {
    asked ??= latest().then((block) => {
      asked = undefined
      return block?.number
    })
    return asked
  }

  return (kind) => {
    let known = heads.best(clock.now())
    // Without a place the stream asks by itself, at once.
    if (known === undefined && places.list(kind).length > 0)
      void ask().then((number) => {
        known = number
      })
    return () => known
  }
}
