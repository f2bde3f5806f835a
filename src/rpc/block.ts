// Which block a request names and which one an answer shows. Pure; what follows from it is for others to say.

import type { BlockTraits } from './methods'

/** A block's height as a hex quantity says it; `undefined` for anything else. */
export function heightOf(block: unknown): number | undefined {
  return typeof block === 'string' && /^0x[\da-f]{1,13}$/i.test(block) ? Number(block) : undefined
}

/** The height by number, or as EIP-1898 has it. */
export function namedHeightOf(block: unknown): number | undefined {
  return heightOf((block as { blockNumber?: unknown } | null | undefined)?.blockNumber ?? block)
}

/** How far up the chain a request reads: the newest state, a block by its number; `undefined` for all else. */
export function reachOf(params: unknown, traits: BlockTraits): 'newest' | number | undefined {
  const { param, shows } = traits
  if (shows === 'head') return 'newest'
  if (param === undefined) return undefined
  const named: unknown = Array.isArray(params) ? params[param] : undefined
  if (shows !== 'logs') return named == null ? (traits.isNewestByDefault ? 'newest' : undefined) : reachOfBlock(named)
  const { blockHash, toBlock } = (named ?? {}) as { blockHash?: unknown; toBlock?: unknown }
  if (blockHash != null) return undefined
  return toBlock == null ? 'newest' : reachOfBlock(toBlock)
}

function reachOfBlock(block: unknown) {
  return block === 'latest' || block === 'pending' ? 'newest' : namedHeightOf(block)
}

/** The height of the block that an answer is, or belongs to. */
export function shownHeightOf(value: unknown): number | undefined {
  const { number, blockNumber } = (typeof value === 'object' && value !== null ? value : {}) as {
    number?: unknown
    blockNumber?: unknown
  }
  return heightOf(number ?? blockNumber)
}
