// Transactions of others that become pending during a storm. Each node hears of one in its own time, some never, and some once
// more later. They are never mined. There are none in a storm that nobody polls for them.

import type { Hash } from 'viem'
import { hashOf } from '../support/chain-block'
import { drawFrom } from './draw'
import type { StormProvider } from './provider'
import type { Storm } from './storm'

export type Pending = {
  readonly hash: Hash
  /** When the transaction was first pending at a node (in ms). */
  readonly from: number
  /** When the last node of the chain has heard of it (in ms); `Infinity` if some never do. */
  heardAt: number
}

export type Gossip = {
  /** A transaction is in the pool of a provider. */
  note(hash: Hash): void
  /** Lets transactions come up one after the other until `stop`. */
  start(providers: readonly StormProvider[]): void
  stop(): void
  find(hash: unknown): Pending | undefined
  /** All transactions, in the order in which they came up. */
  readonly all: readonly Pending[]
}

/** Longest average time between two transactions (in ms). */
const RARELY = 2_000
/** Longest time until a node hears of a transaction (in ms). */
const LONGEST_WAY = 1_500
/** A node that hears of a transaction twice does so at most this much later (in ms). */
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
