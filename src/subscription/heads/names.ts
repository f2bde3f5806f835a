// What is meant by a head that was pushed: some nodes give it another hash than its block has (go-opera, Cosmos chains), which
// no other block follows and nobody finds. Then the block itself is asked for.

import type { Backfill } from '../backfill'
import type { Block } from '../block'

/**
 * Gives the block that is meant, at once unless its place is not believed. One that comes so late that a higher one, pushed
 * after it, was given before is dropped: it would look like a reorg, and whoever follows the higher one asks for what is below.
 */
export type Names = (pushed: Block, give: (block: Block) => void) => void

export function createNames({ byNumber }: Pick<Backfill, 'byNumber'>): Names {
  /** Of each provider: what it pushed last, and whether that followed what it had pushed before. */
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
    // After a reorg too: then it is what was pushed, or of another branch.
    void byNumber(number, provider)
      .catch(() => pushed)
      .then((found) => giveInTurn(found.parentHash === parentHash ? found : pushed))
  }
}
