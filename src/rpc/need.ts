// The need of a request: what it asks of a provider. Pure. What depends on the method alone is worked out once, and kept by
// the caller.

import type { RpcRequest } from '../types'
import { heightOf } from './block'
import { isHash } from './header'
import type { MethodTraits, OldData } from './methods'
import { paramOf } from './params'

export type Need = {
  readonly method: string
  readonly traits: MethodTraits
  /** Whether the request may be sent twice. */
  readonly isRepeatable: boolean
  /** Whether a second candidate may be asked while the first has not answered yet. */
  readonly isHedgeable: boolean
  /** Whether the duration says nothing about the channel: of traces, wide logs, calls with overrides. */
  readonly isHeavy: boolean
  /** The old data that the request reads, if it does. */
  readonly old?: Old | undefined
}

/** Data of the block with this number; with `block: undefined` of what has the named hash (never the state). */
export type Old = { readonly what: OldData; readonly block: number | undefined }

/** Logs over more blocks than this are heavy. */
const WIDE_LOGS = 1_000

/** The need of a request whose params add nothing to that of its method. @param repeat overrides the method's `isRepeatable` */
export function needOfMethod(method: string, traits: MethodTraits, repeat: boolean | undefined): Need {
  const isRepeatable = repeat ?? traits.isRepeatable
  const isHeavy = traits.group === 'trace'
  return { method, traits, isRepeatable, isHeavy, isHedgeable: isRepeatable && !isHeavy && traits.kind === 'read' }
}

/**
 * The need of one request. It is `usual` itself unless the params make the request heavy, or name a block that may be old
 * (which is looked at only with `seesDepth`).
 */
export function needOf(request: RpcRequest, usual: Need, seesDepth: boolean): Need {
  const need = weighed(request, usual)
  const old = seesDepth ? oldOf(request, usual) : undefined
  return old ? { ...need, old } : need
}

/** The old data that a request reads: of a block that it names by number, or by a hash. */
export function oldOf({ params }: RpcRequest, { traits: { old } }: Need): Old | undefined {
  if (!old) return undefined
  const { what, param } = old
  const named = paramOf(params, param)
  const { blockNumber, blockHash } = (named ?? {}) as { blockNumber?: unknown; blockHash?: unknown }
  const block = heightOf(blockNumber ?? named)
  const isByHash = what !== 'state' && isHash(blockHash ?? named)
  return block !== undefined || isByHash ? { what, block } : undefined
}

function weighed({ params }: RpcRequest, usual: Need): Need {
  const { method, isHeavy, traits } = usual
  if (isHeavy) return usual
  if (traits.group === 'logs') return isWide(params) ? { ...usual, isHeavy: true, isHedgeable: false } : usual
  const hasOverrides = traits.group === 'state' && paramOf(params, 2) != null && /^eth_(call|estimateGas)/.test(method)
  return hasOverrides ? { ...usual, isHeavy: true } : usual
}

function isWide(params: unknown): boolean {
  const { fromBlock, toBlock } = (paramOf(params, 0) ?? {}) as { fromBlock?: unknown; toBlock?: unknown }
  if (fromBlock === 'earliest') return true
  const [from, to] = [heightOf(fromBlock), heightOf(toBlock)]
  return from !== undefined && to !== undefined && to - from >= WIDE_LOGS
}
