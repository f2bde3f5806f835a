// Heads as nodes send them -> what streams go by. Pure; what is no head is `undefined`.

import type { Hex } from 'viem'
import { toHeader } from '../rpc/header'

/** A head as nodes push it: the header with its hash. Other fields are as the node sends them. */
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
  /** Whether it was pushed, not asked for. */
  readonly isPushed?: boolean | undefined
}

/** A block of which no more may be known: the parent of a head, or one of which a log was pushed. */
export type BlockRef = Pick<Block, 'number' | 'hash' | 'provider'> & Partial<Block>

/** What a whole block has beside its header. */
const BODY = ['transactions', 'uncles', 'withdrawals', 'size', 'totalDifficulty']

/**
 * @param raw a head, or a whole block: that becomes a head.
 * @param shape the fields of a pushed head, where one has been seen.
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
