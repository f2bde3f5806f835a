// Block numbers as requests name them, and the range of blocks that a log filter asks for. Pure.

import { paramOf } from './params'

/** What an `eth_getLogs` asks for, where that can be told: then it may be asked in pieces. */
export type LogQuery = {
  /** The first and the last block; a tag that stands for a block not known from here. */
  readonly from: number | LogTag
  readonly to: number | LogTag
  /** As many as it names; 0 for all. */
  readonly addresses: readonly unknown[]
  /** What else it says. */
  readonly rest: object
}

export type LogTag = 'latest' | 'safe' | 'finalized'

/** The number of a block that is named by its number in hex or is the first; of tags, hashes and all else `undefined`. */
export function heightOf(block: unknown): number | undefined {
  if (block === 'earliest') return 0
  return typeof block === 'string' && /^0x[\da-f]{1,13}$/i.test(block) ? Number(block) : undefined
}

/** `undefined` for a filter by block hash, one that reaches into the pending block, and one that is none. */
export function logQueryOf(params: unknown): LogQuery | undefined {
  const filter = paramOf(params, 0)
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) return undefined
  const { fromBlock, toBlock, address, blockHash, ...rest } = filter as Record<string, unknown>
  const from = boundOf(fromBlock)
  const to = boundOf(toBlock)
  if (blockHash != null || from === undefined || to === undefined) return undefined
  const addresses = address == null ? [] : Array.isArray(address) ? address : [address]
  return { from, to, addresses: distinct(addresses), rest }
}

function boundOf(block: unknown): number | LogTag | undefined {
  if (block == null || block === 'latest') return 'latest'
  return block === 'safe' || block === 'finalized' ? block : heightOf(block)
}

/** One that is named twice would bring its logs twice, once the addresses are asked for apart. */
function distinct(addresses: readonly unknown[]): readonly unknown[] {
  const keyOf = (address: unknown) => (typeof address === 'string' ? address.toLowerCase() : address)
  return [...new Map(addresses.map((address) => [keyOf(address), address])).values()]
}
