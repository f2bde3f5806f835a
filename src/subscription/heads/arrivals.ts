// Heads that have come but were not yet looked at, in the order in which they came; and whoever waits for one by its hash.

import type { Patience } from '../../base/patience'
import type { Block } from '../block'

/** Where heads come from: one subscription, or one provider that is polled. */
export type Origin = {
  readonly isPolled?: boolean
  /** Since when it has only been lower (in ms of the clock). */
  lowerSince?: number | undefined
  /** Since nothing of it could be linked: another one has its own. */
  patience?: Patience | undefined
}

export type Arrival = { readonly block: Block; readonly origin: Origin }

export type Arrivals = {
  /**
   * At the bound the oldest goes: whoever needs it asks for it by its hash. So does what a poll has overtaken: answers that are
   * slower than the chain would fall behind without end.
   */
  add(arrival: Arrival): void
  take(): Arrival | undefined
  find(hash: string): Block | undefined
  /** Whether one is as high as this or higher. */
  hasUpTo(number: number): boolean
  /** Resolves when this block comes, until `forget`. */
  expect(hash: string): Promise<Block>
  forget(hash: string): void
  clear(): void
}

const MOST = 1_024

export function createArrivals(): Arrivals {
  let list: Arrival[] = []
  const expected = new Map<string, (block: Block) => void>()

  return {
    add(arrival) {
      const { block, origin } = arrival
      if (origin.isPolled) list = list.filter((one) => one.origin !== origin || one.block.number > block.number)
      if (list.length >= MOST) list.shift()
      list.push(arrival)
      expected.get(block.hash)?.(block)
    },
    take: () => list.shift(),
    find: (hash) => list.find(({ block }) => block.hash === hash)?.block,
    hasUpTo: (number) => list.some(({ block }) => block.number >= number),
    expect: (hash) => new Promise((resolve) => expected.set(hash, resolve)),
    forget: (hash) => void expected.delete(hash),
    clear() {
      list = []
      expected.clear()
    },
  }
}
