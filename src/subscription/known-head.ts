// The newest block that callers know of when a stream starts: they are given everything after it, however long it takes to find
// a place.

import type { Parts } from '../request/flight'
import type { Backfill } from './backfill'

/** The number of that block; `undefined` while no provider has told it. */
export type KnownHead = () => number | undefined

/** @returns a function that is called once when a stream starts. */
export function createKnownHeads(
  { clock, heads }: Pick<Parts, 'clock' | 'heads'>,
  { latest }: Pick<Backfill, 'latest'>,
): () => KnownHead {
  let asked: Promise<number | undefined> | undefined

  /** One request serves all streams that start before it is answered. */
  function ask() {
    asked ??= latest().then((block) => {
      asked = undefined
      return block?.number
    })
    return asked
  }

  return () => {
    let known = heads.best(clock.now())
    // Not at once: a request calls listeners, which must find the stream complete.
    if (known === undefined)
      void Promise.resolve()
        .then(ask)
        .then((number) => {
          known = number
        })
    return () => known
  }
}
