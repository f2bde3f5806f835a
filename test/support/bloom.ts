// The logs bloom of a block, as nodes compute it from its logs.

import type { Hex } from 'viem'
import { bytesToHex, hexToBytes, keccak256 } from 'viem'

const size = 256 // bytes

/** The bits of each address or topic, kept as the same few come again and again. */
const bitsByItem = new Map<Hex, readonly number[]>()

export const emptyBloom: Hex = bytesToHex(new Uint8Array(size))

export function bloomOf(logs: readonly { address: Hex; topics: readonly Hex[] }[]): Hex {
  if (logs.length === 0) return emptyBloom
  const bloom = new Uint8Array(size)
  for (const { address, topics } of logs) {
    for (const item of [address, ...topics]) for (const bit of bitsOf(item)) setBit(bloom, bit)
  }
  return bytesToHex(bloom)
}

/** The three bits of 2,048 for an item: the low 11 bits of each of the first three pairs of bytes of its hash. */
function bitsOf(item: Hex): readonly number[] {
  const known = bitsByItem.get(item)
  if (known) return known
  const hash = keccak256(hexToBytes(item), 'bytes')
  const bits = [0, 2, 4].map((i) => (((hash[i] as number) << 8) | (hash[i + 1] as number)) & 2_047)
  if (bitsByItem.size < 100_000) bitsByItem.set(item, bits)
  return bits
}

function setBit(bloom: Uint8Array, bit: number) {
  const index = size - 1 - (bit >> 3)
  bloom[index] = (bloom[index] as number) | (1 << (bit & 7))
}
