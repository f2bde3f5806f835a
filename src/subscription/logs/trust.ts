// How far a stream of logs believes its place and the blooms: which blocks have to be checked.

import type { LogMatch } from '../../rpc/bloom'
import { bloomTestOf } from '../../rpc/bloom'
import type { Block, BlockRef } from '../block'
import type { BloomAnswer, Blooms } from './blooms'
import type { Pushes } from './pushes'

/** Which blocks are checked for lost logs: those that look suspicious, all, or none. */
export type VerifyMode = 'auto' | 'strict' | false

export type Trust = {
  bloomOf(block: BlockRef): BloomAnswer
  /** The block has logs that its bloom denies. */
  noteLie(block: BlockRef): void
  /** Whether the present place has shown a sign of lost, doubled or swapped frames not long before this block. */
  isSuspect(number: number): boolean
  /** Whether this block is checked whatever was pushed for it. */
  mustCheck(number: number): boolean
  /** Whether blocks may be checked at all. */
  readonly mayCheck: boolean
}

export function createTrust(verify: VerifyMode, blooms: Blooms, filter: LogMatch, pushes: Pushes): Trust {
  const test = bloomTestOf(filter)
  const mayCheck = verify !== false
  const isSuspect = (number: number) => mayCheck && number <= (pushes.place()?.suspectUntil ?? -1)

  return {
    bloomOf: (block) => (block.raw ? blooms.ask(block as Block, test) : 'unknown'),
    noteLie: ({ provider }) => blooms.noteLie(provider),
    isSuspect,
    mustCheck: (number) => verify === 'strict' || isSuspect(number),
    mayCheck,
  }
}
