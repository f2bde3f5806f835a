// How far a stream of logs believes its place and the blooms: which blocks have to be checked.

import type { LogMatch } from '../../rpc/bloom'
import { bloomTestOf } from '../../rpc/bloom'
import type { Block, BlockRef } from '../block'
import type { BloomAnswer, Blooms } from './blooms'
import type { Pushes } from './pushes'

/** Which blocks are checked for logs that were not pushed: suspicious ones (`'auto'`), all (`'strict'`) or none (`false`). */
export type VerifyMode = 'auto' | 'strict' | false

export type Trust = {
  bloomOf(block: BlockRef): BloomAnswer
  /** The block has logs of the filter. If its bloom denies that, blooms that say no are not believed any more. */
  noteThere(block: BlockRef): void
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
  const bloomOf = (block: BlockRef) => (block.raw ? blooms.ask(block as Block, test) : 'unknown')
  const isSuspect = (number: number) => mayCheck && number <= (pushes.place()?.suspectUntil ?? -1)

  return {
    bloomOf,
    noteThere(block) {
      if (bloomOf(block) === 'no') blooms.noteLie()
    },
    isSuspect,
    mustCheck: (number) => verify === 'strict' || isSuspect(number),
    mayCheck,
  }
}
