// Heads that have come and wait to be followed, in the order in which they came; and who waits for a head by its hash.

import type { Patience } from '../../base/patience'
import type { Block } from '../block'

/** Where heads come from: one subscription, or one provider that is polled. */
export type Origin = {
  readonly isPolled?: boolean
  /** Since when none of its heads has been followed, as they are not above the stream (in ms of the clock). */
  lowerSince?: number | undefined
  /** Runs while none of its heads can be linked to the chain. Each origin has its own. */
  patience?: Patience | undefined
}

export type Arrival = { readonly block: Block; readonly origin: Origin }

export type Arrivals = {
  /**
   * Adds a head. At the bound the oldest is dropped: if it is needed it is fetched by its hash. A head of a polled origin also
   * drops those of that origin that are not higher: with answers slower than the chain the list would only grow.
   */
  add(arrival: Arrival): void
  take(): Arrival | undefined
  find(hash: string): Block | undefined
  /** Whether a head of this number or higher waits. */
  hasUpTo(number: number): boolean
  /** Resolves when a head with this hash comes; after `forget`, never. */
  expect(hash: string): Promise<Block>
  forget(hash: string): void
  clear(): void
}

/** Most heads that wait. */
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
