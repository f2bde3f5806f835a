// What is wrong with one provider, and when it was. Several troubles may overlap; each lasts until it is taken back.

import type { Overlay } from '../support/overlay'
import { createOverlay } from '../support/overlay'
import type { Trouble } from './faults'
import { fine } from './faults'

export type Troubles = Overlay<Trouble> & {
  /** Whether the provider had no trouble at any moment from `from` to `to` (in ms of the clock). */
  wereNone(from: number, to: number): boolean
}

export function createTroubles(clock: () => number, onChange: () => void): Troubles {
  const spans: { from: number; to: number }[] = []
  const present = createOverlay(fine, (isAny) => {
    const last = spans.at(-1)
    if (last?.to === Infinity) last.to = clock()
    if (isAny) spans.push({ from: clock(), to: Infinity })
    onChange()
  })
  return Object.assign(present, {
    wereNone: (from: number, to: number) => !spans.some((span) => span.from <= to && span.to >= from),
  })
}
