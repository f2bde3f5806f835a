// Signs that a source loses, doubles or swaps frames, read from the heads that it pushes. What follows from a sign is decided
// elsewhere.

import { createNovelty } from '../../base/novelty'
import type { Block } from '../block'

/** Whether a pushed head is such a sign. @param isKnown whether a hash is in the chain, before this head is added to it */
export type Signs = (block: Block, isKnown: (hash: string) => boolean) => boolean

/** Heads that are remembered to recognise doubled ones. */
const REMEMBERED = 256

export function createSigns(): Signs {
  const isNew = createNovelty(REMEMBERED)
  let highest = -1

  return ({ hash, parentHash, number }, isKnown) => {
    if (!isNew(hash)) return true
    const before = highest
    highest = Math.max(highest, number)
    if (before < 0) return false
    // A lower head that the chain does not have begins a new branch; one that it has was overtaken by a later head.
    if (number < before) return isKnown(hash)
    // Some chains skip numbers: only an unknown parent says that something is missing.
    return number > before + 1 && !isKnown(parentHash)
  }
}
