// Which blocks of a stream of logs get a turn: those of the heads; or, while nobody needs heads, those of the logs that are
// pushed. Once the stream goes by heads it stays with them.

import type { Clock } from '../../base/clock'
import type { Block, BlockRef } from '../block'
import type { HeadFeed } from '../heads/head-feed'
import type { KnownHead } from '../known-head'
import type { Delivery } from './delivery'
import type { CatchUpItem } from './log-queue'
import type { Pushes } from './pushes'
import type { Turns } from './turns'

export type LogOrder = {
  hasHeads(): boolean
  /** Goes by heads if somebody needs them. */
  choose(): void
  goByHeads(): void
  /** The stream begins after this block, or after the one that callers knew of if that is lower. Only the first call counts. */
  begin(block: BlockRef): void
  /** A log was pushed of a block whose turn has not come: without heads, the block gets its turn now. */
  addByLog(block: BlockRef): void
  stop(): void
}

export type LogOrderOptions = {
  readonly clock: Clock
  readonly heads: HeadFeed
  readonly turns: Turns
  readonly delivery: Delivery
  readonly pushes: Pushes
  /** The newest block that callers knew of when the stream started. */
  readonly known: KnownHead
  readonly wantsHeads: () => boolean
  readonly onBlock: (number: number) => void
  readonly onState: (why?: string | undefined) => void
}

export function createLogOrder(options: LogOrderOptions): LogOrder {
  const { clock, heads, turns, delivery, pushes, wantsHeads, onState } = options
  /** Stops listening to heads. Set while the stream goes by them, and at its end, so that it never begins to. */
  let off: (() => void) | undefined
  /** Heads have begun anew: with the next block, which comes in the same turn of the event loop, this catch-up is due. */
  let due: CatchUpItem | undefined

  /** What was pushed so far may be incomplete: everything after the cursor is read by a catch-up. */
  function goByHeads() {
    if (off) return
    off = heads.listen({
      onBlock,
      onReorg,
      onGap,
      onState(why) {
        beginAtTip()
        turns.look()
        onState(why)
      },
    })
    if (delivery.cursor()) catchUp()
    else beginAtTip()
  }

  function beginAtTip() {
    const tip = heads.tip()
    if (tip) begin(tip)
  }

  function begin(block: BlockRef) {
    if (delivery.cursor()) return
    // The logs between the block that callers knew of and this one were not pushed: a catch-up reads them.
    const known = options.known()
    const isLater = known !== undefined && known < block.number
    const first = isLater ? { number: known, hash: '', provider: block.provider } : block
    delivery.begin(first)
    if (off && !first.hash) catchUp()
    else if (isLater) goByHeads()
    onState()
  }

  function catchUp() {
    turns.clear()
    pushes.restart()
    turns.add({ type: 'catch-up' })
  }

  function onBlock(block: Block) {
    const { number, parentHash, provider } = block
    begin({ number: number - 1, hash: parentHash, provider })
    pushes.hear(block)
    if (due) turns.add(due)
    due = undefined
    turns.add({ type: 'block', block, at: clock.now() })
    options.onBlock(number)
  }

  function onReorg(removed: readonly Block[], isReset: boolean) {
    removed.forEach(turns.retract)
    const lowest = heads.lowest()
    // The reorg goes below all that heads remember. Older blocks may be delivered: a catch-up checks which of them still stand.
    if (heads.tip()?.number === lowest) due = { type: 'catch-up', anewAbove: isReset ? lowest : due?.anewAbove }
  }

  /** Heads have a gap: a catch-up reads it, and checks whether what was delivered below still stands. */
  function onGap() {
    due ??= { type: 'catch-up' }
  }

  function choose() {
    if (wantsHeads()) goByHeads()
  }

  return {
    hasHeads: () => off !== undefined,
    choose,
    goByHeads,
    begin,
    addByLog(block) {
      if (off || turns.mayCome(block.hash)) return
      begin({ ...block, number: block.number - 1, hash: '' })
      const last = turns.last()
      // The frames are out of order, or of a new branch that nobody has told of: only heads can say which.
      const isOdd = last && block.number <= last.number && last.hash !== block.hash
      if (isOdd || wantsHeads()) return goByHeads()
      turns.add({ type: 'block', block: { ...block, isPushed: true }, at: clock.now() })
    },
    stop() {
      off?.()
      off = () => {}
    },
  }
}
