// Reads again what a stream of logs has delivered: from memory, else from the providers, a part at a time.

import type { LoggedBlock } from '../../rpc/log'
import type { Backfill } from '../backfill'
import { isAnswer } from '../backfill'
import type { Block, BlockRef } from '../block'
import type { HeadFeed } from '../heads/head-feed'
import type { Item, Stream } from '../stream'
import type { Delivery } from './delivery'
import { MOST_BLOCKS } from './ledger'
import type { LogReads } from './log-reads'

/** Blocks that are read at a time; only the last part may be larger. */
const MOST = 1_000
/** Some chains leave out numbers: a block is looked for down to this many below the number that is asked for. */
const LEFT_OUT = 8
/** Where there are no logs, a `passed` item comes this often (in blocks). */
const PROGRESS = 100

export function replayOf(
  delivery: Delivery,
  reads: LogReads,
  backfill: Pick<Backfill, 'byNumber'>,
  heads: Pick<HeadFeed, 'tip' | 'has' | 'lowest'>,
): Stream['replay'] {
  /**
   * The block of this number, or the next lower one if the number is left out. It is asked of the provider of the newest head;
   * without heads, of that of the cursor.
   */
  function blockAt(number: number, below = 0): Promise<Block> {
    return backfill.byNumber(number - below, (heads.tip() ?? delivery.cursor())?.provider).catch((error) => {
      if (below >= LEFT_OUT || !isAnswer(error)) throw error
      return blockAt(number, below + 1)
    })
  }

  return async (from) => {
    const cursor = delivery.cursor()
    const reach = delivery.reach()
    if (!cursor || from > reach) return { items: [], upTo: from - 1 }
    const remembered = delivery.since(from)
    // A subscriber that waits for confirmations needs to know how far the stream is.
    if (remembered) return { items: cursor.hash ? [...remembered, passed(cursor)] : remembered, upTo: reach }
    // Above the cursor the blocks have their turn again: what was reported as a gap there is delivered then.
    if (from > cursor.number) return { items: [], upTo: reach }
    // The newest blocks, which a reorg may replace, are read in one part, of the branch that is delivered. This part reaches
    // further down than those: else blocks that come during the reads would put it off for ever.
    const isLast = cursor.number < from + MOST + MOST_BLOCKS
    const upTo = isLast ? cursor.number : from + MOST - 1
    const takenBack = delivery.takenBack()
    const asked = isLast && cursor.hash ? cursor : blockAt(upTo)
    const last = isLast ? await asked : undefined
    const read = reads.ofRange(from, upTo, (last ?? cursor).provider, 'backfill', last?.hash)
    const [found, end] = await Promise.all([read, asked])
    const tip = heads.tip()
    if (last && tip && !heads.has(last.hash)) {
      // The cursor went back, to a block of the heads, and whoever was asked for it is on another branch: asked again, it would
      // say the same.
      if (!cursor.hash && last.number >= heads.lowest() && last.number <= tip.number) refuse()
      // Heads may be on another branch by now: blocks that were not delivered before would never be taken back.
      if ((await blockAt(upTo)).hash !== last.hash) refuse()
    }
    const marks = await Promise.all(marksOf(from, upTo, found).map((mark) => blockAt(mark)))
    if (delivery.takenBack() !== takenBack) refuse()
    if (isLast) {
      delivery.noteBefore(from, found)
      // Logs that the stream has missed are delivered late, and noted: a check does not find them a second time.
      for (const block of found) delivery.add(block, block.logs)
    }
    const logs = found.map(({ number, hash, logs }): Item => {
      return { type: 'logs', number, hash, results: logs, isRemoved: false, isLate: false, turn: Infinity }
    })
    return { items: inTurn([...logs, ...[...marks, end].map(passed)]), upTo }
  }
}

/** The caller reads again. */
function refuse(): never {
  throw new Error('A reorg has come in between.')
}

/** The numbers of the blocks that get a `passed` item, as no logs are near. */
function marksOf(from: number, upTo: number, found: readonly LoggedBlock[]): number[] {
  const marks: number[] = []
  let last = from - 1
  for (const number of [...found.map((block) => block.number), upTo]) {
    for (let mark = last + PROGRESS; mark < number; mark += PROGRESS) marks.push(mark)
    last = number
  }
  return marks
}

function passed({ number, hash }: BlockRef): Item {
  return { type: 'passed', number, hash, results: [] }
}

/** In the order of the chain; of one block, the logs before its `passed` item. */
function inTurn(items: readonly Item[]): Item[] {
  const numberOf = (item: Item) => ('number' in item ? item.number : 0)
  return [...items].sort((a, b) => numberOf(a) - numberOf(b))
}
