// Blocks whose logs are to be delivered, in order, and what is decided about the first of them. Pure.

import type { BlockRef } from '../block'
import type { BloomAnswer } from './blooms'

export type BlockItem = {
  readonly type: 'block'
  readonly block: BlockRef
  /** When its head was seen, or the last of its logs (in ms of the clock). */
  at: number
}

export type CatchUpItem = {
  /** Reads everything from the cursor to the newest block: the stream has begun to go by heads, or some heads are missing. */
  readonly type: 'catch-up'
  /** The chain has become shorter, and all blocks above this one are new, whatever was delivered. `undefined`: it has not. */
  readonly anewAbove?: number | undefined
}

export type QueueItem = BlockItem | CatchUpItem

/**
 * `settle`: deliver what was pushed for the block. `wait`: more may be pushed. `ask`: read its logs, as they are not pushed.
 * `check`: read them, as what was pushed is not to be relied on.
 */
export type Verdict = 'settle' | 'wait' | 'ask' | 'check'

export type Evidence = {
  /** Whether the place pushes all its logs, as far as is known. */
  readonly isCovered: boolean
  readonly bloom: BloomAnswer
  readonly hasPushes: boolean
  /** Whether no further logs of it are expected to be pushed. */
  readonly isSettled: boolean
  /** Whether what is pushed is not to be relied on. */
  readonly mustCheck: boolean
  /** Whether the block may be checked if nothing was pushed for it. */
  readonly mayCheck: boolean
}

export function verdictOf({ isCovered, bloom, hasPushes, isSettled, mustCheck, mayCheck }: Evidence): Verdict {
  if (bloom === 'no' && !hasPushes) return 'settle'
  if (!isCovered) return 'ask'
  if (mustCheck) return 'check'
  if (!isSettled) return 'wait'
  return bloom === 'yes' && !hasPushes && mayCheck ? 'check' : 'settle'
}

/** The first blocks of the queue, as long as their verdict is this one or `settle`: one read serves them all. */
export function frontOf(
  queue: readonly QueueItem[],
  most: number,
  verdict: Verdict,
  verdictFor: (item: BlockItem) => Verdict,
): BlockItem[] {
  const run: BlockItem[] = []
  for (const item of queue) {
    if (item.type !== 'block' || ![verdict, 'settle'].includes(verdictFor(item)) || run.length >= most) break
    run.push(item)
  }
  return run
}
