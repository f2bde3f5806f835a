// Block numbers as requests name them, and the range of blocks that a log filter asks for. Pure.

import { paramOf } from './params'

/** What an `eth_getLogs` asks for, in a form that can be split into pieces. */
export type LogQuery = {
  /** The first block. A tag stays a tag: its number is not known here. */
  readonly from: number | LogTag
  /** The last block, which is part of the range. */
  readonly to: number | LogTag
  /** The addresses of the filter, each once; an empty list for all addresses. */
  readonly addresses: readonly unknown[]
  /** The other fields of the filter. */
  readonly rest: object
}

export type LogTag = 'latest' | 'safe' | 'finalized'

/** The number of a block that is named by a hex number or as `'earliest'`; `undefined` for other tags, hashes and all else. */
export function heightOf(block: unknown): number | undefined {
  if (block === 'earliest') return 0
  return typeof block === 'string' && /^0x[\da-f]{1,13}$/i.test(block) ? Number(block) : undefined
}

/** `undefined` for a filter by block hash, a bound that is another tag (`'pending'`) or malformed, and for what is no filter. */
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

/** Removes repeated addresses: when the addresses are asked for in pieces, a repeated one would bring its logs twice. */
function distinct(addresses: readonly unknown[]): readonly unknown[] {
  const keyOf = (address: unknown) => (typeof address === 'string' ? address.toLowerCase() : address)
  return [...new Map(addresses.map((address) => [keyOf(address), address])).values()]
}
