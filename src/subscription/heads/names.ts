// Finds the block that a pushed head stands for. Some nodes (go-opera, Cosmos chains) push heads under a hash that the block
// does not have: no later block names it as its parent, and no node finds it. Then the block is asked for by its number.

import type { Backfill } from '../backfill'
import type { Block } from '../block'

/**
 * Calls `give` with the block: at once if the provider's heads follow each other, else once the block was asked for. A block that
 * comes later than a higher one whose head was pushed after its own is dropped: it would look like a reorg, and whoever follows
 * the higher one asks for what is below it.
 */
export type Names = (pushed: Block, give: (block: Block) => void) => void

export function createNames({ byNumber }: Pick<Backfill, 'byNumber'>): Names {
  /** For each provider: the last head that it pushed, and whether the heads that it pushes follow each other. */
  const last = new Map<string, Block & { readonly follows: boolean }>()
  let turns = 0
  /** The turn and the number of the one that was pushed last of those given. */
  let lastTurn = 0
  let lastNumber = -1

  return (pushed, give) => {
    const { number, parentHash, provider } = pushed
    const turn = ++turns
    const before = last.get(provider)
    const follows = before?.number === number - 1 ? before.hash === parentHash : before?.follows !== false
    last.set(provider, { ...pushed, follows })

    function giveInTurn(block: Block) {
      if (turn < lastTurn && number < lastNumber) return
      if (turn > lastTurn) {
        lastTurn = turn
        lastNumber = number
      }
      give(block)
    }

    if (follows) return giveInTurn(pushed)
    // A reorg looks the same, but the block that is found then is the pushed one, or has another parent.
    void byNumber(number, provider)
      .catch(() => pushed)
      .then((found) => giveInTurn(found.parentHash === parentHash ? found : pushed))
  }
}
