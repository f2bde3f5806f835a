// What a stream of logs has delivered, read again: from memory, else from the providers, a part at a time.

import type { LoggedBlock } from '../../rpc/log'
import type { Backfill } from '../backfill'
import type { BlockRef } from '../block'
import type { Item, Stream } from '../stream'
import type { Delivery } from './delivery'
import { MOST_BLOCKS } from './ledger'
import type { LogReads } from './log-reads'

/** Blocks that are read at a time. */
const MOST = 1_000
/** How far it is, is told this often (in blocks). */
const PROGRESS = 100

export function replayOf(delivery: Delivery, reads: LogReads, backfill: Backfill): Stream['replay'] {
  return async (from) => {
    const cursor = delivery.cursor()
    const reach = delivery.reach()
    if (!cursor || from > reach) return { items: [], upTo: from - 1 }
    const remembered = delivery.since(from)
    // Who waits for confirmations is told how far it is.
    if (remembered) return { items: cursor.hash ? [...remembered, passed(cursor)] : remembered, upTo: reach }
    // What was told as a gap there is found when its turn comes again.
    if (from > cursor.number) return { items: [], upTo: reach }
    const isLast = cursor.number < from + MOST
    // What a reorg may replace is read in one part, of the branch that is delivered.
    const upTo = isLast ? cursor.number : Math.min(from + MOST - 1, cursor.number - MOST_BLOCKS)
    const takenBack = delivery.takenBack()
    const hash = isLast && cursor.hash ? cursor.hash : undefined
    const blockOf = (number: number): BlockRef | Promise<BlockRef> =>
      hash && number === upTo ? cursor : backfill.byNumber(number, cursor.provider)
    const [found, end] = await Promise.all([
      reads.ofRange(from, upTo, cursor.provider, 'backfill', hash),
      blockOf(upTo),
    ])
    const blocks = await Promise.all(marksOf(from, upTo, found).map(blockOf))
    if (delivery.takenBack() !== takenBack) throw new Error('A reorg has come in between.')
    if (isLast) {
      delivery.noteBefore(from, found)
      // What nobody was given is given late: it cannot be found a second time.
      for (const block of found) delivery.add(block, block.logs)
    }
    const logs = found.map(({ number, hash, logs }): Item => {
      return { type: 'logs', number, hash, results: logs, isRemoved: false, isLate: false, turn: Infinity }
    })
    return { items: inTurn([...logs, ...[...blocks, end].map(passed)]), upTo }
  }
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
