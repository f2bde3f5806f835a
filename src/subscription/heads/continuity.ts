// The last blocks of the canonical chain, linked by their hashes, and what a new branch does to them. Pure: asks nobody,
// knows no time. Whose chain is canonical is not decided here (follower.ts).

import type { Block, BlockRef } from '../block'

export type Continuity = {
  /** The newest block; `undefined` before anything is known. */
  tip(): BlockRef | undefined
  /** The number of the newest block; -1 before anything is known. */
  height(): number
  /** The lowest block that is remembered. */
  root(): BlockRef | undefined
  has(hash: string): boolean
  /**
   * Goes on with these blocks, each the child of the one before; the parent of the first must be remembered.
   * Returns the blocks that they replace, newest first.
   */
  extend(path: readonly Block[]): Block[]
  /** Starts anew with this block. Returns the blocks that were remembered, newest first. */
  restart(block: BlockRef): Block[]
}

/** The last blocks that are always remembered; up to twice as many may be. */
const REMEMBERED = 256

export function createContinuity(): Continuity {
  /** The lowest first. That one may be a parent of which only number and hash are known. */
  const blocks: BlockRef[] = []
  const hashes = new Set<string>()

  function push(block: BlockRef) {
    blocks.push(block)
    hashes.add(block.hash)
    // Cut in bulk: one cut a block would copy the list each time.
    if (blocks.length < 2 * REMEMBERED) return
    for (const { hash } of blocks.splice(0, blocks.length - REMEMBERED)) hashes.delete(hash)
  }

  /** Removes blocks until the tip is the one with this hash. Returns those that are more than a reference, newest first. */
  function cutTo(hash: string | undefined): Block[] {
    const removed: Block[] = []
    for (let tip = blocks.at(-1); tip && tip.hash !== hash; tip = blocks.at(-1)) {
      blocks.pop()
      hashes.delete(tip.hash)
      if (tip.raw) removed.push(tip as Block)
    }
    return removed
  }

  return {
    tip: () => blocks.at(-1),
    height: () => blocks.at(-1)?.number ?? -1,
    root: () => blocks[0],
    has: (hash) => hashes.has(hash),
    extend(path) {
      const removed = cutTo(path[0]?.parentHash)
      for (const block of path) push(block)
      return removed
    },
    restart(block) {
      const removed = cutTo(undefined)
      push(block)
      return removed
    },
  }
}
