// How far up the chain a request reads, and which block an answer shows. Pure; what follows from that is decided elsewhere.

import { heightOf } from './block'
import type { BlockTraits } from './methods'
import { paramOf } from './params'

/** How far up the chain a request reads: the newest state, or up to a block number; `undefined` for all else. */
export type Reach = 'newest' | number | undefined

export function reachOf(params: unknown, traits: BlockTraits): Reach {
  const { param, shows } = traits
  if (shows === 'head') return 'newest'
  if (param === undefined) return undefined
  const named = paramOf(params, param)
  if (shows !== 'logs') return named == null ? (traits.isNewestByDefault ? 'newest' : undefined) : reachOfBlock(named)
  const { blockHash, toBlock } = (named ?? {}) as { blockHash?: unknown; toBlock?: unknown }
  if (blockHash != null) return undefined
  return toBlock == null ? 'newest' : reachOfBlock(toBlock)
}

function reachOfBlock(block: unknown) {
  if (block === 'latest' || block === 'pending') return 'newest'
  // The block is a number, or an object with `blockNumber` (EIP-1898).
  return heightOf((block as { blockNumber?: unknown }).blockNumber ?? block)
}

/** The number of the block that an answer is, or belongs to. */
export function shownHeightOf(value: unknown): number | undefined {
  const { number, blockNumber } = (value ?? {}) as { number?: unknown; blockNumber?: unknown }
  return heightOf(number ?? blockNumber)
}
