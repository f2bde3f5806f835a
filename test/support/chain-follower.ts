// What changed on the chain since one last looked, as a node with a given head sees it: behind every stream and filter.

import type { Chain } from './chain'
import type { ChainBlock, ChainLog, LogMatch } from './chain-block'
import { matchesLog } from './chain-block'

export type ChainChange = {
  /** Blocks that are canonical no more, newest first. */
  readonly removed: readonly ChainBlock[]
  /** New blocks, oldest first. */
  readonly added: readonly ChainBlock[]
}

export type ChainFollower = {
  /** What changed since the last call; nothing while the node's head is merely lower than it was. */
  next(): ChainChange
}

/** @param headOf the height the node shows now; starts there, telling nothing of what was before */
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

/** The logs of a change as nodes tell it: those taken back, newest first, then the new ones. */
export function logsOfChange({ removed, added }: ChainChange, match: LogMatch): { log: ChainLog; removed: boolean }[] {
  const wanted = (block: ChainBlock) => block.logs.filter((log) => matchesLog(match, log))
  return [
    ...removed.flatMap((block) => wanted(block).reverse()).map((log) => ({ log, removed: true })),
    ...added.flatMap(wanted).map((log) => ({ log, removed: false })),
  ]
}
