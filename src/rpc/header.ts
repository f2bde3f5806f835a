// Reads block headers as nodes send them: their hashes link the chain. Pure; `undefined` for what is no header.

import type { Hex } from 'viem'
import { heightOf } from './block'

export type Header = { readonly number: number; readonly hash: Hex; readonly parentHash: Hex }

/** @param raw a header with its hash, or a whole block */
export function toHeader(raw: unknown): Header | undefined {
  const { number, hash, parentHash } = (raw ?? {}) as Record<string, unknown>
  const height = heightOf(number)
  return height === undefined || !isHash(hash) || !isHash(parentHash) ? undefined : { number: height, hash, parentHash }
}

export function isHash(value: unknown): value is Hex {
  return typeof value === 'string' && /^0x[\da-f]{64}$/i.test(value)
}
