// The part of a signed transaction that its hash is computed from, read from its bytes alone. Pure.

import type { Hex } from 'viem'
import { concatHex, fromRlp, toRlp } from 'viem'

/**
 * The signed payload (EIP-2718), of a blob transaction without its sidecar (EIP-4844): its keccak is the transaction's hash.
 * `undefined` for types beyond 0x04 and for what cannot be parsed.
 */
export function payloadOf(bytes: unknown): Hex | undefined {
  if (typeof bytes !== 'string' || !/^0x[\da-fA-F]{2}/.test(bytes)) return undefined
  const type = Number.parseInt(bytes.slice(2, 4), 16)
  if (type > 0x04 && type < 0xc0) return undefined
  try {
    const fields = fromRlp(type >= 0xc0 ? (bytes as Hex) : `0x${bytes.slice(4)}`) as unknown
    if (!Array.isArray(fields) || fields.length === 0) return undefined
    // In the network form the payload stands first in a list, before blobs, commitments and proofs.
    return type === 0x03 && Array.isArray(fields[0]) ? concatHex(['0x03', toRlp(fields[0] as Hex[])]) : (bytes as Hex)
  } catch {
    return undefined // bytes that are no transaction: the provider will say so
  }
}
