// Transactions of others that become pending while a storm lasts: heard of by each node in its own time, by some not at all, and
// by some again later. No block ever has them. Nothing comes up where nobody polls for them.

import type { Hash } from 'viem'
import { hashOf } from '../support/chain-block'
import { drawFrom } from './draw'
import type { StormProvider } from './provider'
import type { Storm } from './storm'

export type Pending = {
  readonly hash: Hash
  /** When it was first pending anywhere (in ms), */
  readonly from: number
  /** and when all nodes of the chain had last heard of it; `Infinity`: some never do. */
  heardAt: number
}

export type Gossip = {
  /** A provider has a transaction in its pool. */
  note(hash: Hash): void
  /** Those that come up in the world without an end, until it is stopped. */
  start(providers: readonly StormProvider[]): void
  stop(): void
  find(hash: unknown): Pending | undefined
  /** In the order in which they came up. */
  readonly all: readonly Pending[]
}

/** All in ms. */
const RARELY = 2_000
const LONGEST_WAY = 1_500
const LATER = 8_000

export function createGossip(storm: Storm, now: () => number, after: (ms: number, run: () => void) => void): Gossip {
  const { chance, between, pick } = drawFrom(storm.seed * 769 + 11)
  const every = pick([400, 1_000, RARELY])
  const known = new Map<string, Pending>()
  let count = 0
  let isOver = false

  function note(hash: Hash): Pending {
    const pending = known.get(hash) ?? { hash, from: now(), heardAt: Infinity }
    known.set(hash, pending)
    return pending
  }

  function comeUp(providers: readonly StormProvider[]) {
    if (isOver) return
    const hash = hashOf(`gossip ${storm.seed} ${count++}`)
    const hearers = chance(0.2) ? providers.filter(() => chance(0.5)) : providers
    let last = 0
    for (const { hear } of hearers) {
      const way = between(0, LONGEST_WAY)
      for (const time of chance(0.2) ? [way, way + between(0, LATER)] : [way]) {
        after(time, () => hear(hash))
        last = Math.max(last, time)
      }
    }
    if (hearers.length === providers.length) after(last, () => Object.assign(note(hash), { heardAt: now() }))
    after(between(0, 2 * every), () => comeUp(providers))
  }

  return {
    note,
    start: (providers) => comeUp(providers.filter(({ plan }) => !plan.isForeign)),
    stop() {
      isOver = true
    },
    find: (hash) => known.get(hash as string),
    get all() {
      return [...known.values()]
    },
  }
}
