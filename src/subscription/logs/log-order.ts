// Whose turn it is in a stream of logs: that of the blocks of the heads; or, while nobody needs heads, that of the blocks of
// which logs are pushed. Once it goes by heads it stays with them.

import type { Clock } from '../../base/clock'
import type { Block, BlockRef } from '../block'
import type { HeadFeed } from '../heads/head-feed'
import type { KnownHead } from '../known-head'
import type { Delivery, Orphan } from './delivery'
import type { Pushes } from './pushes'
import type { Turns } from './turns'

export type LogOrder = {
  hasHeads(): boolean
  /** Goes by heads if somebody needs them. */
  choose(): void
  goByHeads(): void
  /** Everything after this block is to be delivered, or after the one that callers knew of, unless that is decided already. */
  begin(block: BlockRef): void
  /** A log of this block was pushed, whose turn has not come: without heads, it comes now. */
  addByLog(block: BlockRef): void
  /** A log of this block was taken back by the node: without heads, that is how a reorg is told. */
  removeByLog(block: Orphan): void
  stop(): void
}

export type LogOrderOptions = {
  readonly clock: Clock
  readonly heads: HeadFeed
  readonly turns: Turns
  readonly delivery: Delivery
  readonly pushes: Pushes
  /** The newest block that callers had been shown when the stream started. */
  readonly known: KnownHead
  readonly wantsHeads: () => boolean
  readonly onBlock: (number: number) => void
  readonly onState: (why?: string | undefined) => void
}

export function createLogOrder(options: LogOrderOptions): LogOrder {
  const { clock, heads, turns, delivery, pushes, wantsHeads, onState } = options
  /** Of the heads, from when it goes by them; once it is over it goes by nothing else. */
  let off: (() => void) | undefined

  /** What was pushed so far may be cut off anywhere: from what was delivered on, the chain itself is asked. */
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
    // What came since the newest block that callers knew of was not pushed.
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
    turns.add({ type: 'block', block, at: clock.now() })
    options.onBlock(number)
  }

  function onReorg(removed: readonly Block[]) {
    removed.forEach(turns.retract)
    // Nothing is left of what heads remember, but more may have been given: the chain itself is asked what still stands.
    if (heads.tip()?.number === heads.lowest()) turns.add({ type: 'catch-up' })
  }

  /** What was given below it may have been replaced as well. */
  function onGap(from: number) {
    const cursor = delivery.cursor()
    if (cursor && from > cursor.number) turns.add({ type: 'catch-up' })
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
      // Out of order, or a new branch of which nobody tells: only the chain itself can say.
      const isOdd = last && block.number <= last.number && last.hash !== block.hash
      if (isOdd || wantsHeads()) return goByHeads()
      turns.add({ type: 'block', block: { ...block, isPushed: true }, at: clock.now() })
    },
    removeByLog(block) {
      if (off) return
      pushes.take(block.hash)
      if (turns.mayCome(block.hash) || delivery.has(block.hash)) turns.retract(block)
    },
    stop() {
      off?.()
      off = () => {}
    },
  }
}
