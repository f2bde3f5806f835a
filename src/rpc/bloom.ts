// What a block's logs bloom says: whether logs of a filter can be in the block. Pure. A bloom has false positives, and some
// chains send empty blooms for all blocks; whether a bloom is to be believed is not decided here.
// (Yellow paper, 4.3.1: three of 2048 bits for the address and for each topic of each log.)

import type { Hex } from 'viem'
import { keccak256 } from 'viem'

/** The values of which one must match, each as its three bits. */
type Alternatives = readonly (readonly number[])[]

/** A filter of logs: `address` and `topics` as in `eth_getLogs`. */
export type LogMatch = {
  readonly address?: Hex | readonly Hex[] | undefined
  readonly topics?: readonly (Hex | readonly Hex[] | null)[] | undefined
}

/** A test for blooms (256 bytes as hex): `false` if no log of the filter can be in the block. */
export function bloomTestOf({ address, topics = [] }: LogMatch): (bloom: string) => boolean {
  const parts = [address ?? null, ...topics].flatMap((part): Alternatives[] => {
    const values = part === null ? [] : typeof part === 'string' ? [part] : part
    return values.length > 0 ? [values.map(bitsOf)] : []
  })
  return (bloom) => parts.every((alternatives) => alternatives.some((bits) => bits.every((bit) => hasBit(bloom, bit))))
}

/** Whether no bit of the bloom is set. */
export function isEmptyBloom(bloom: string): boolean {
  return /^0x0*$/.test(bloom)
}

/** Share of the bits of the bloom that are set (0 to 1). */
export function fullnessOf(bloom: string): number {
  let bits = 0
  for (let index = 2; index < bloom.length; index++)
    for (let nibble = Number.parseInt(bloom[index] as string, 16); nibble; nibble &= nibble - 1) bits++
  return bits / ((bloom.length - 2) * 4)
}

function bitsOf(value: Hex): number[] {
  const hash = keccak256(value, 'bytes')
  return [0, 2, 4].map((index) => (((hash[index] as number) << 8) | (hash[index + 1] as number)) & 2_047)
}

function hasBit(bloom: string, bit: number): boolean {
  const nibble = Number.parseInt(bloom[bloom.length - 1 - (bit >> 2)] ?? '0', 16)
  return (nibble >> (bit & 3)) % 2 === 1
}
