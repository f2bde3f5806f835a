// Tells a stalled stream of heads from a chain at rest: when no head comes, all providers are asked whether the chain moved. The
// one that should push is asked over each of its channels: a subscription may be dead on a socket that still answers, and the node
// behind the socket may stand still while others of the provider go on.

import type { Clock, Timer } from '../../base/clock'
import { heightOf } from '../../rpc/block'
import type { Ask, AskOptions } from '../asking'

export type StallWatch = {
  /** A head has come from this provider; the watch starts anew. */
  hear(provider: string): void
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

  function arm(provider: string, ms: number) {
    const own: { timer?: Timer } = {}
    watch = own
    own.timer = clock.background(ms, async () => {
      const hasMoved = await isAnyHigher(provider)
      if (watch !== own) return
      if (hasMoved) onStall()
      else arm(provider, Math.min(LONGEST, ms * 2))
    })
  }

  /** Whether a provider has a higher block than the stream. */
  function isAnyHigher(live: string): Promise<boolean> {
    const mine = height()
    const look = async (provider: string, channel?: AskOptions['channel']) => {
      const options: AskOptions = { purpose: 'heads', provider, isPinned: true, timeout: LIMIT, channel }
      const { value } = await ask({ method: 'eth_blockNumber' }, options)
      if ((heightOf(value) ?? -1) <= mine) throw new Error('It has not moved.')
    }
    const asked = providers().flatMap((id) => (id === live ? [look(id, 'http'), look(id, 'ws')] : look(id)))
    return Promise.any(asked).then(
      () => true,
      () => false,
    )
  }

  return {
    hear(provider) {
      watch?.timer?.cancel()
      arm(provider, patienceOf(blockTime()))
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
