// Blocks whose logs are to be delivered, in order, and what is decided about the first of them. Pure.

import type { BlockRef } from '../block'
import type { BloomAnswer } from './blooms'

export type BlockItem = {
  readonly type: 'block'
  readonly block: BlockRef
  /** When its head was seen, or the last of its logs (in ms of the clock). */
  at: number
}

export type QueueItem =
  | BlockItem
  /** From what was delivered to the newest block: the stream goes by heads from here on, or some of them are missing. */
  | { readonly type: 'catch-up' }

/** `settle`: with what was pushed for it, if anything was. `ask` for what is not pushed, `check` what is. */
export type Verdict = 'settle' | 'wait' | 'ask' | 'check'

export type Evidence = {
  /** Whether its logs are pushed, as far as is known. */
  readonly isCovered: boolean
  readonly bloom: BloomAnswer
  readonly hasPushes: boolean
  /** Whether no more logs of it are expected. */
  readonly isSettled: boolean
  /** Whether what is pushed is not to be relied on. */
  readonly mustCheck: boolean
  /** Whether a block that brought nothing may be checked. */
  readonly mayCheck: boolean
}

export function verdictOf({ isCovered, bloom, hasPushes, isSettled, mustCheck, mayCheck }: Evidence): Verdict {
  if (bloom === 'no' && !hasPushes) return 'settle'
  if (!isCovered) return 'ask'
  if (mustCheck) return 'check'
  if (!isSettled) return 'wait'
  return bloom === 'yes' && !hasPushes && mayCheck ? 'check' : 'settle'
}

/** The blocks at the front of which those that are not settled have the same verdict: one answer will do for all. */
export function frontOf(
  queue: readonly QueueItem[],
  most: number,
  verdict: Verdict,
  of: (item: BlockItem) => Verdict,
): BlockItem[] {
  const run: BlockItem[] = []
  for (const item of queue) {
    if (item.type !== 'block' || ![verdict, 'settle'].includes(of(item)) || run.length >= most) break
    run.push(item)
  }
  return run
}
