// Signs that a source loses, doubles or swaps frames, read from the heads it pushes. Pure; what follows from one is not
// decided here.

import type { Block } from '../block'

export type Sign = 'lost' | 'doubled' | 'swapped'

export type Signs = {
  /**
   * A head was pushed.
   * @param known whether the block itself, and whether its parent, was known before.
   */
  read(block: Block, known: { readonly itself: boolean; readonly parent: boolean }): Sign | undefined
}

const REMEMBERED = 256

export function createSigns(): Signs {
  const pushed = new Set<string>()
  let highest = -1

  return {
    read({ hash, number }, known) {
      if (pushed.has(hash)) return 'doubled'
      pushed.add(hash)
      if (pushed.size > REMEMBERED) pushed.delete(pushed.values().next().value as string)
      const before = highest
      highest = Math.max(highest, number)
      if (before < 0) return undefined
      // A sibling at a lower height is a new branch; what was told already by a later head has been overtaken.
      if (number < before) return known.itself ? 'swapped' : undefined
      // Some chains skip numbers: only an unknown parent says that something is missing.
      return number > before + 1 && !known.parent ? 'lost' : undefined
    },
  }
}
