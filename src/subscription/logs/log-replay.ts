// What a stream of logs has delivered, read again: from memory, else from the providers, a part at a time.

import type { LoggedBlock } from '../../rpc/log'
import type { Backfill } from '../backfill'
import type { Block, BlockRef } from '../block'
import type { HeadFeed } from '../heads/head-feed'
import type { Item, Stream } from '../stream'
import type { Delivery } from './delivery'
import { MOST_BLOCKS } from './ledger'
import type { LogReads } from './log-reads'

/** Blocks that are read at a time, but the last ones. */
const MOST = 1_000
/** Some chains leave numbers out, so many in a row: then it is the block below them. */
const LEFT_OUT = 8
/** How far it is, is told this often (in blocks). */
const PROGRESS = 100

export function replayOf(
  delivery: Delivery,
  reads: LogReads,
  backfill: Pick<Backfill, 'byNumber'>,
  heads: Pick<HeadFeed, 'tip' | 'has'>,
): Stream['replay'] {
  /** Of the branch that the heads are on; without heads, that of what is delivered. */
  function blockAt(number: number, below = 0): Promise<Block> {
    return backfill.byNumber(number - below, (heads.tip() ?? delivery.cursor())?.provider).catch((error) => {
      if (below >= LEFT_OUT) throw error
      return blockAt(number, below + 1)
    })
  }

  return async (from) => {
    const cursor = delivery.cursor()
    const reach = delivery.reach()
    if (!cursor || from > reach) return { items: [], upTo: from - 1 }
    const remembered = delivery.since(from)
    // Who waits for confirmations is told how far it is.
    if (remembered) return { items: cursor.hash ? [...remembered, passed(cursor)] : remembered, upTo: reach }
    // What was told as a gap there is found when its turn comes again.
    if (from > cursor.number) return { items: [], upTo: reach }
    // What a reorg may replace is read in one part, of the branch that is delivered: with what lies below it, or blocks that come
    // while that is read would put it off without end.
    const isLast = cursor.number < from + MOST + MOST_BLOCKS
    const upTo = isLast ? cursor.number : Math.min(from + MOST - 1, cursor.number - MOST_BLOCKS)
    const takenBack = delivery.takenBack()
    const asked = isLast && cursor.hash ? cursor : blockAt(upTo)
    const last = isLast ? await asked : undefined
    const read = reads.ofRange(from, upTo, (last ?? cursor).provider, 'backfill', last?.hash)
    const [found, end] = await Promise.all([read, asked])
    // The heads may be on another branch: as long as nothing of this was given, nobody tells that it is replaced.
    if (last && heads.tip() && !heads.has(last.hash) && (await blockAt(upTo)).hash !== last.hash) refuse()
    const marks = await Promise.all(marksOf(from, upTo, found).map((mark) => blockAt(mark)))
    if (delivery.takenBack() !== takenBack) refuse()
    if (isLast) {
      delivery.noteBefore(from, found)
      // What nobody was given is given late: it cannot be found a second time.
      for (const block of found) delivery.add(block, block.logs)
    }
    const logs = found.map(({ number, hash, logs }): Item => {
      return { type: 'logs', number, hash, results: logs, isRemoved: false, isLate: false, turn: Infinity }
    })
    return { items: inTurn([...logs, ...[...marks, end].map(passed)]), upTo }
  }
}

/** It is read again. */
function refuse(): never {
  throw new Error('A reorg has come in between.')
}

/** Blocks that tell how far it is, where no logs do. */
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

/** Of one block its logs come first. */
function inTurn(items: readonly Item[]): Item[] {
  const numberOf = (item: Item) => ('number' in item ? item.number : 0)
  return [...items].sort((a, b) => numberOf(a) - numberOf(b))
}
