// Whether a stream of heads that has gone silent is stalled, or the chain just rests: the others are asked whether it moved.

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
  /** Between two blocks (in ms), if known. */
  readonly blockTime: () => number | undefined
  /** The highest number of the stream. */
  readonly height: () => number
  /** The chain has moved, and this provider's stream has not. */
  readonly onStall: () => void
}

/** All in ms. */
const BLOCKS = 3
const SHORTEST = 3_000
const WHILE_UNKNOWN = 35_000
export const LONGEST = 60_000
const LIMIT = 5_000

export function createStallWatch({ clock, ask, providers, blockTime, height, onStall }: StallOptions): StallWatch {
  /** Identity tells whether something was heard meanwhile. */
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

  /** The other providers, and the same one's other channel. */
  function isAnyHigher(provider: string): Promise<boolean> {
    const mine = height()
    const asked = providers().map(async (id) => {
      const channel = id === provider ? 'http' : undefined
      const options: AskOptions = { purpose: 'heads', provider: id, isPinned: true, timeout: LIMIT, channel }
      const { value } = await ask({ method: 'eth_blockNumber' }, options)
      if ((heightOf(value) ?? -1) <= mine) throw new Error('It has not moved.')
    })
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
