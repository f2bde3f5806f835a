// What is wrong with one provider, and since when: several things may be at once, each until it is taken back.

import type { Trouble } from './faults'
import { fine } from './faults'

export type Troubles = {
  readonly now: Trouble
  /** Returns the function that takes it back. */
  add(trouble: Partial<Trouble>): () => void
  clear(): void
  /** Whether nothing was wrong at any moment of this time (in ms of the clock). */
  wereNone(from: number, to: number): boolean
}

export function createTroubles(clock: () => number, onChange: () => void): Troubles {
  const present = new Set<Partial<Trouble>>()
  const spans: { from: number; to: number }[] = []
  let now = fine

  function change() {
    const last = spans.at(-1)
    if (last?.to === Infinity) last.to = clock()
    if (present.size > 0) spans.push({ from: clock(), to: Infinity })
    now = Object.assign({}, fine, ...present)
    onChange()
  }

  return {
    get now() {
      return now
    },
    add(trouble) {
      const own = { ...trouble }
      present.add(own)
      change()
      return () => {
        if (present.delete(own)) change()
      }
    },
    clear() {
      present.clear()
      change()
    },
    wereNone: (from, to) => !spans.some((span) => span.from <= to && span.to >= from),
  }
}
