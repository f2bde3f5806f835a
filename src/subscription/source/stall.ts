// Tells a stalled stream of heads from a chain at rest: when no head comes, all providers are asked whether the chain moved. The
// one that should push is asked too: a subscription may be dead on a socket that still answers.

import type { Clock, Timer } from '../../base/clock'
import { heightOf } from '../../rpc/block'
import type { Ask, AskOptions } from '../asking'

export type StallWatch = {
  /** A head has come; the watch starts anew. */
  hear(): void
  stop(): void
}

export type StallOptions = {
  readonly clock: Clock
  readonly ask: Ask
  /** Ids of the providers that may be asked. */
  readonly providers: () => readonly string[]
  /** Time between two blocks (in ms), if known. */
  readonly blockTime: () => number | undefined
  /** The number of the stream's newest block. */
  readonly height: () => number
  /** The chain has moved, and the stream has not. */
  readonly onStall: () => void
}

/** A source that is silent for this many block times is looked into. */
const BLOCKS = 3
/** A shorter silence (in ms) is never looked into. */
const SHORTEST = 3_000
/** A silence of this length (in ms) is looked into while the block time is unknown. */
const WHILE_UNKNOWN = 35_000
/** The longest time between two looks while the chain does not move (in ms). */
export const LONGEST = 60_000
/** The timeout of one look at a provider (in ms). */
const LIMIT = 5_000

export function createStallWatch({ clock, ask, providers, blockTime, height, onStall }: StallOptions): StallWatch {
  /** The present watch. Another identity, or none, tells that a head has come meanwhile or the watch was stopped. */
  let watch: { timer?: Timer } | undefined

  function arm(ms: number) {
    const own: { timer?: Timer } = {}
    watch = own
    own.timer = clock.background(ms, async () => {
      const hasMoved = await isAnyHigher()
      if (watch !== own) return
      if (hasMoved) onStall()
      else arm(Math.min(LONGEST, ms * 2))
    })
  }

  /** Whether a provider has a higher block than the stream. */
  function isAnyHigher(): Promise<boolean> {
    const mine = height()
    const asked = providers().map(async (provider) => {
      const options: AskOptions = { purpose: 'heads', provider, isPinned: true, timeout: LIMIT }
      const { value } = await ask({ method: 'eth_blockNumber' }, options)
      if ((heightOf(value) ?? -1) <= mine) throw new Error('It has not moved.')
    })
    return Promise.any(asked).then(
      () => true,
      () => false,
    )
  }

  return {
    hear() {
      watch?.timer?.cancel()
      arm(patienceOf(blockTime()))
    },
    stop() {
      watch?.timer?.cancel()
      watch = undefined
    },
  }
}

/** How long a source may be silent (in ms). @param blockTime between two blocks (in ms), if known */
export function patienceOf(blockTime: number | undefined): number {
  return blockTime === undefined ? WHILE_UNKNOWN : Math.max(SHORTEST, BLOCKS * blockTime)
}
