// Blocks and logs for the tests of streams. A block is known by its height and branch, so that a failing test reads well.

import type { Hex } from 'viem'
import { numberToHex } from 'viem'
import type { Log } from '../../src/rpc/log'
import type { Block } from '../../src/subscription/block'

const word = (value: number | bigint): Hex => numberToHex(value, { size: 32 })

/** The hash of the block at a height of a branch; branch 0 is the main chain. */
export function hashOf(number: number, branch = 0): Hex {
  return word((BigInt(branch + 1) << 64n) + BigInt(number))
}

export type BlockOptions = {
  branch?: number
  /** The branch of the parent. @default `branch` */
  parentBranch?: number
  parentHash?: Hex
  provider?: string
  logsBloom?: Hex
  isPushed?: boolean
}

export function blockOf(number: number, options: BlockOptions = {}): Block {
  const { branch = 0, parentBranch = branch, provider = 'p1', logsBloom, isPushed } = options
  const hash = hashOf(number, branch)
  const parentHash = options.parentHash ?? hashOf(number - 1, parentBranch)
  const raw = { number: numberToHex(number), hash, parentHash, ...(logsBloom && { logsBloom }) }
  return { number, hash, parentHash, raw, provider, ...(isPushed !== undefined && { isPushed }) }
}

/** Consecutive blocks of one branch. The parent of the first one is on `parentBranch`. */
export function blocksOf(from: number, to: number, { parentBranch, ...options }: BlockOptions = {}): Block[] {
  return Array.from({ length: to - from + 1 }, (_, index) =>
    blockOf(from + index, index === 0 && parentBranch !== undefined ? { ...options, parentBranch } : options),
  )
}

/** A log of a block. @param index its log index */
export function logOf(number: number, index: number, branch = 0): Log {
  return {
    address: '0x00000000000000000000000000000000000000aa',
    topics: [],
    data: '0x',
    blockNumber: numberToHex(number),
    blockHash: hashOf(number, branch),
    logIndex: numberToHex(index),
    transactionHash: word(number),
    transactionIndex: '0x0',
    removed: false,
  }
}

/** The name of a block in assertions: `100`, or `100/2` for one of branch 2. */
export function nameOf({ number, hash }: { number: number; hash: string }): string {
  const branch = Number(BigInt(hash) >> 64n) - 1
  return branch === 0 ? `${number}` : `${number}/${branch}`
}
