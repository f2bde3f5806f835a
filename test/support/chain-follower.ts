// Tells what has changed on the chain since the last look, as a node with a given head sees it. Every stream and filter uses
// it.

import type { Chain } from './chain'
import type { ChainBlock, ChainLog, LogMatch } from './chain-block'
import { matchesLog } from './chain-block'

export type ChainChange = {
  /** Blocks that are not canonical any more, newest first. */
  readonly removed: readonly ChainBlock[]
  /** New blocks, oldest first. */
  readonly added: readonly ChainBlock[]
}

export type ChainFollower = {
  /** What has changed since the last call; nothing while the node's head is only lower than it was. */
  next(): ChainChange
}

/** Follows a chain from the present head on. @param headOf the height that the node shows now */
export function createFollower(chain: Chain, headOf: () => number): ChainFollower {
  let reorgs = chain.reorgs.length
  let height = headOf()

  return {
    next() {
      const removed: ChainBlock[] = []
      for (; reorgs < chain.reorgs.length; reorgs++) {
        const orphans = chain.reorgs[reorgs]?.filter((block) => block.number <= height) ?? []
        removed.push(...orphans)
        height -= orphans.length
      }
      const added: ChainBlock[] = []
      while (height < headOf()) added.push(chain.block(++height) as ChainBlock)
      return { removed, added }
    },
  }
}

/** The logs of a change, as nodes push them: first those that are taken back, newest first, then the new ones. */
export function logsOfChange({ removed, added }: ChainChange, match: LogMatch): { log: ChainLog; removed: boolean }[] {
  const wanted = (block: ChainBlock) => block.logs.filter((log) => matchesLog(match, log))
  return [
    ...removed.flatMap((block) => wanted(block).reverse()).map((log) => ({ log, removed: true })),
    ...added.flatMap(wanted).map((log) => ({ log, removed: false })),
  ]
}
