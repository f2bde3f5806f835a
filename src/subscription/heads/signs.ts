// Signs that a source loses, doubles or swaps frames, read from the heads it pushes. What follows from one is not decided
// here.

import { createNovelty } from '../../base/novelty'
import type { Block } from '../block'

/** Whether the head that was pushed is such a sign. @param isKnown of a hash, before this head is looked at */
export type Signs = (block: Block, isKnown: (hash: string) => boolean) => boolean

const REMEMBERED = 256

export function createSigns(): Signs {
  const isNew = createNovelty(REMEMBERED)
  let highest = -1

  return ({ hash, parentHash, number }, isKnown) => {
    if (!isNew(hash)) return true
    const before = highest
    highest = Math.max(highest, number)
    if (before < 0) return false
    // A sibling at a lower height is a new branch; what was told already by a later head has been overtaken.
    if (number < before) return isKnown(hash)
    // Some chains skip numbers: only an unknown parent says that something is missing.
    return number > before + 1 && !isKnown(parentHash)
  }
}
