// The hash of a signed transaction, from its bytes alone. Pure.

import type { Hex } from 'viem'
import { concatHex, fromRlp, keccak256, toRlp } from 'viem'

/**
 * The transaction's hash: keccak of the signed payload (EIP-2718), for a blob transaction without its sidecar (EIP-4844).
 * `undefined` for types beyond 0x04 and for what cannot be parsed.
 */
export function hashOf(bytes: unknown): Hex | undefined {
  if (typeof bytes !== 'string' || !/^0x([\da-f]{2})+$/i.test(bytes)) return undefined
  const type = Number.parseInt(bytes.slice(2, 4), 16)
  if (type >= 0xc0) return keccak256(bytes as Hex)
  if (type > 0x04) return undefined
  return keccak256(type === 0x03 ? withoutSidecar(bytes as Hex) : (bytes as Hex))
}

/** In the network form the payload stands first in a list, before blobs, commitments and proofs. */
function withoutSidecar(bytes: Hex): Hex {
  try {
    const [payload] = fromRlp(`0x${bytes.slice(4)}`) as unknown[]
    return Array.isArray(payload) ? concatHex(['0x03', toRlp(payload as Hex[])]) : bytes
  } catch {
    return bytes
  }
}
