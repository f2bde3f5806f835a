// The chain as one node sees it: the common chain, until the node is moved to another branch. To its followers that looks
// like a reorg. Has no blocks of its own.

import type { Chain } from './chain'
import type { ChainBlock } from './chain-block'

export type ChainStandpoint = Chain & {
  /**
   * Follows another chain from now on. It must share blocks with the present one (a fork of it, or what that was forked
   * from).
   */
  moveTo(chain: Chain): void
  /** Stops to follow a chain. */
  leave(): void
}

export function createStandpoint(start: Chain): ChainStandpoint {
  const listeners = new Set<() => void>()
  const reorgs: (readonly ChainBlock[])[] = [...start.reorgs]
  let chain = start
  let known = chain.reorgs.length
  let unfollow = chain.onChange(tell)

  function tell() {
    reorgs.push(...chain.reorgs.slice(known))
    known = chain.reorgs.length
    for (const listener of [...listeners]) listener()
  }

  return {
    get head() {
      return chain.head
    },
    blockTime: start.blockTime,
    block: (id) => chain.block(id),
    isCanonical: (block) => chain.isCanonical(block),
    blockOf: (transaction) => chain.blockOf(transaction),
    getLogs: (range) => chain.getLogs(range),
    mine: (count, options) => chain.mine(count, options),
    reorg: (depth, options) => chain.reorg(depth, options),
    fork: () => chain.fork(),
    submit: (transaction) => chain.submit(transaction),
    get sent() {
      return chain.sent
    },
    reorgs,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    moveTo(next) {
      unfollow()
      reorgs.push(orphansOf(chain, next))
      chain = next
      known = chain.reorgs.length
      unfollow = chain.onChange(tell)
      tell()
    },
    leave: () => unfollow(),
  }
}

/** The blocks that are not canonical any more after a move, newest first. */
function orphansOf(from: Chain, to: Chain): ChainBlock[] {
  const orphans: ChainBlock[] = []
  for (let block: ChainBlock | undefined = from.head; block && !to.isCanonical(block); ) {
    orphans.push(block)
    block = from.block(block.number - 1)
  }
  return orphans
}
