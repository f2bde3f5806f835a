// What the bloom of a block says about a filter, and whether it is to be believed: some chains give empty ones for every
// block, some are so full that they say yes to everything.

import { fullnessOf, isEmptyBloom } from '../../rpc/bloom'
import type { Block } from '../block'

/** `no`: none of its logs can match. `yes`: some may. `unknown`: the bloom says nothing. */
export type BloomAnswer = 'no' | 'yes' | 'unknown'

export type Blooms = {
  ask(block: Block, test: (bloom: string) => boolean): BloomAnswer
  /** A block of this provider had logs that its bloom denied. */
  noteLie(provider: string): void
}

const FULL = 0.9

export function createBlooms(): Blooms {
  const truthful = new Set<string>()
  const lying = new Set<string>()
  /** Asked by many filters, worked out once. */
  let last: { readonly bloom: string; readonly isFull: boolean } | undefined

  function isFull(bloom: string) {
    if (last?.bloom !== bloom) last = { bloom, isFull: fullnessOf(bloom) > FULL }
    return last.isFull
  }

  return {
    ask({ raw, provider }, test) {
      const bloom = raw.logsBloom
      if (typeof bloom !== 'string' || lying.has(provider)) return 'unknown'
      if (!isEmptyBloom(bloom)) truthful.add(provider)
      else if (!truthful.has(provider)) return 'unknown'
      return isFull(bloom) ? 'unknown' : test(bloom) ? 'yes' : 'no'
    },
    noteLie: (provider) => void lying.add(provider),
  }
}
