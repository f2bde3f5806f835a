// The stream behind `newHeads`: the blocks of the canonical chain, as they come.

import type { Backfill } from '../backfill'
import type { Block } from '../block'
import type { HeadItem, Replay, Stream, StreamSink } from '../stream'
import type { HeadFeed } from './head-feed'

/** Blocks that are read again at a time. */
const REPLAYED = 256

export function createHeadStream(heads: HeadFeed, backfill: Backfill, sink: StreamSink): Stream {
  const off = heads.listen({
    onBlock: (block) => sink.onItem(itemOf(block)),
    onReorg() {}, // the sibling blocks tell of it
    onGap: sink.onGap,
    onState,
  })
  // The head feed may be running already, for a stream of logs.
  onState()

  function onState(why?: string) {
    sink.onState(heads.state(), why)
  }

  async function replay(from: number): Promise<Replay> {
    const tip = heads.tip()
    if (!tip) return { items: [], upTo: from - 1 }
    const upTo = Math.min(tip.number, from + REPLAYED - 1)
    const blocks = await backfill.inRange(from, upTo, tip.provider)
    // The provider that answered may be on a branch that this stream has never given, or not yet.
    const isOurs = ({ number, hash }: Block) => number < heads.lowest() || heads.has(hash)
    if (blocks.length < upTo - from + 1 || !blocks.every(isOurs)) throw new Error('Not all blocks could be had.')
    return { items: blocks.map(itemOf), upTo }
  }

  return {
    cursor: () => heads.tip()?.number,
    replay,
    stop: off,
  }
}

function itemOf(block: Block): HeadItem {
  return { type: 'head', number: block.number, block, results: [block.raw] }
}
