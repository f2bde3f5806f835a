// Heads as nodes send them -> the blocks that streams work with. Pure; what is no head becomes `undefined`.

import type { Hex } from 'viem'
import { toHeader } from '../rpc/header'

/** A head as nodes push it: the header with its hash. All other fields are as the node sends them. */
export type RpcHead = {
  readonly number: Hex
  readonly hash: Hex
  readonly parentHash: Hex
  readonly logsBloom?: Hex | undefined
  readonly [field: string]: unknown
}

/** A block of the chain, known by its head. */
export type Block = {
  readonly number: number
  readonly hash: string
  readonly parentHash: string
  readonly raw: RpcHead
  /** Id of the provider that has it. */
  readonly provider: string
  /** Whether it was pushed; if not, it was asked for. */
  readonly isPushed?: boolean | undefined
}

/** A block of which only number and hash may be known: the parent of a head, or the block of a pushed log. */
export type BlockRef = Pick<Block, 'number' | 'hash' | 'provider'> & Partial<Block>

/** The fields that a whole block has beside those of a head. */
const BODY = ['transactions', 'uncles', 'withdrawals', 'size', 'totalDifficulty']

/**
 * @param raw a head, or a whole block, which is reduced to a head.
 * @param shape the fields of a pushed head, once one has been seen.
 */
export function toBlock(raw: unknown, provider: string, shape?: ReadonlySet<string> | undefined): Block | undefined {
  const header = toHeader(raw)
  return header && { ...header, raw: toHead(raw as RpcHead, shape), provider }
}

function toHead(raw: RpcHead, shape: ReadonlySet<string> | undefined): RpcHead {
  if (!('transactions' in raw)) return raw
  const isKept = (field: string) => (shape ? shape.has(field) : !BODY.includes(field))
  return Object.fromEntries(Object.entries(raw).filter(([field]) => isKept(field))) as RpcHead
}
