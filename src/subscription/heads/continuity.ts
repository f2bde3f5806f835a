// The last blocks of the canonical chain, linked by their hashes, and what a new branch does to them. Pure: asks nobody,
// knows no time. Whose chain is canonical is not decided here (follower.ts).

import type { Block } from '../block'

/** A block, or the parent of the first one, of which no more is known. */
export type Link = Pick<Block, 'number' | 'hash'> & Partial<Block>

export type Continuity = {
  /** The newest block; `undefined` before anything is known. */
  tip(): Link | undefined
  /** The lowest block that is remembered. */
  root(): Link | undefined
  has(hash: string): boolean
  at(number: number): Link | undefined
  /**
   * Goes on with these blocks, each the child of the one before; the first one's parent is remembered.
   * Returns the blocks they replace, newest first.
   */
  extend(path: readonly Block[]): Block[]
  /** Starts anew from here. Returns what was remembered, newest first. */
  restart(link: Link): Block[]
}

/** @param most blocks that are remembered. */
export function createContinuity(most = 256): Continuity {
  let links: Link[] = []
  const byHash = new Map<string, Link>()

  function push(link: Link) {
    links.push(link)
    byHash.set(link.hash, link)
    // Cut in bulk: one cut a block would copy the list each time.
    if (links.length < 2 * most) return
    for (const { hash } of links.splice(0, links.length - most)) byHash.delete(hash)
  }

  /** Takes blocks away until the tip is the one with this hash. */
  function cutTo(hash: string | undefined): Block[] {
    const removed: Block[] = []
    for (let tip = links.at(-1); tip && tip.hash !== hash; tip = links.at(-1)) {
      links.pop()
      byHash.delete(tip.hash)
      if (tip.raw) removed.push(tip as Block)
    }
    return removed
  }

  return {
    tip: () => links.at(-1),
    root: () => links[0],
    has: (hash) => byHash.has(hash),
    at(number) {
      // Numbers may be skipped: the place is at most as far from the end as they differ.
      for (let index = links.length - 1; index >= 0; index--) {
        const link = links[index] as Link
        if (link.number <= number) return link.number === number ? link : undefined
      }
      return undefined
    },
    extend(path) {
      const removed = cutTo(path[0]?.parentHash)
      for (const block of path) push(block)
      return removed
    },
    restart(link) {
      const removed = cutTo(undefined)
      links = []
      push(link)
      return removed
    },
  }
}
