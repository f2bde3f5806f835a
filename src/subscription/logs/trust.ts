// How far a stream of logs believes what it is pushed, and what blooms say of it: which blocks are to be checked.

import type { LogMatch } from '../../rpc/bloom'
import { bloomTestOf } from '../../rpc/bloom'
import type { Block, BlockRef } from '../block'
import type { BloomAnswer, Blooms } from './blooms'
import type { Pushes } from './pushes'

/** Which blocks are checked for lost logs: those that look suspicious, all, or none. */
export type VerifyMode = 'auto' | 'strict' | false

export type Trust = {
  bloomOf(block: BlockRef): BloomAnswer
  /** Logs of it are there: its bloom may have denied them. */
  noteThere(block: BlockRef): void
  /** Whether the present place has shown, of late, that it is not to be relied on. */
  isSuspect(number: number): boolean
  mustCheck(number: number): boolean
  /** Whether a block that brought nothing may be checked. */
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
