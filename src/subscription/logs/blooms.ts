// What the bloom of a block says about a filter, and whether it is to be believed: some chains give empty ones for every
// block, some are so full that they say yes to everything.

import { fullnessOf, isEmptyBloom } from '../../rpc/bloom'
import type { Block } from '../block'

/** Whether a block has logs of a filter: `'no'` it has none, `'yes'` it may have some, `'unknown'` the bloom does not tell. */
export type BloomAnswer = 'no' | 'yes' | 'unknown'

export type Blooms = {
  ask(block: Block, test: (bloom: string) => boolean): BloomAnswer
  /** A block had logs that its bloom denied. From then on no bloom of this chain is believed that says no. */
  noteLie(): void
}

const FORM = /^0x[\da-f]{512}$/i
/** The share of set bits above which a bloom says yes to nearly everything. */
const FULL = 0.9

export function createBlooms(): Blooms {
  const truthful = new Set<string>()
  let isLying = false
  /** The last bloom: it is judged once, though many filters ask about it. */
  let last: { readonly bloom: string; readonly isVague: boolean } | undefined

  function isVague(bloom: string) {
    if (last?.bloom !== bloom) last = { bloom, isVague: !FORM.test(bloom) || fullnessOf(bloom) > FULL }
    return last.isVague
  }

  return {
    ask({ raw, provider }, test) {
      const bloom = raw.logsBloom
      if (typeof bloom !== 'string' || isVague(bloom)) return 'unknown'
      if (!isEmptyBloom(bloom)) truthful.add(provider)
      else if (!truthful.has(provider)) return 'unknown'
      if (test(bloom)) return 'yes'
      return isLying ? 'unknown' : 'no'
    },
    noteLie() {
      isLying = true
    },
  }
}
