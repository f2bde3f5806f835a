// Fetches the logs of blocks whose turn has come: of one by its hash, of several as a range that is compared with their hashes.
// Knows one filter; what is done with the logs is decided elsewhere.

import { pauseAfter } from '../../base/backoff'
import type { Clock } from '../../base/clock'
import { within } from '../../base/clock'
import type { Gate } from '../../base/gate'
import { createPatience } from '../../base/patience'
import { createPauses } from '../../base/pause'
import type { LogMatch } from '../../rpc/bloom'
import type { Log, LoggedBlock } from '../../rpc/log'
import { byBlock } from '../../rpc/log'
import type { Purpose } from '../asking'
import type { Backfill } from '../backfill'
import type { BlockRef } from '../block'

export type LogReads = {
  /**
   * The logs by block hash. A block that is missing has none according to a provider that may be on another branch. Rejects if
   * any of the blocks could not be had. @param isExpected whether the blooms say that each block may have some
   */
  ofBlocks(blocks: readonly BlockRef[], purpose: Purpose, isExpected?: boolean): Promise<Map<string, Log[]>>
  /** The logs of a range, by block, the lowest first. @param hash of the last block: answers of other branches are refused */
  ofRange(from: number, to: number, provider: string, purpose: Purpose, hash?: string): Promise<LoggedBlock[]>
  /**
   * Waits for a turn among all streams, then runs again, with pauses, until there is a value. `undefined` if nobody wants it
   * any more (`isLeft`, `stop`), or after `limit` (in ms): one try costs half of it at most, however long the process slept.
   */
  untilDone<value>(
    run: () => Promise<value | undefined>,
    limit: number,
    isLeft?: (() => boolean) | undefined,
  ): Promise<value | undefined>
  stop(): void
}

/** After this many empty answers in a row, where blooms promised logs, another provider is asked for the last block too. */
const FEW = 3
/** The number doubles each time another one is asked, up to this many: blooms also promise logs that are not there. */
const MANY = 96
/** The other provider is waited for this long (in ms): a slow one must not hold up a stream that is healthy. */
const LATEST = 1_000

/** @param gate of all streams */
export function createLogReads(clock: Clock, gate: Gate, backfill: Backfill, filter: LogMatch): LogReads {
  const pauses = createPauses(clock)
  /** By provider: its empty answers in a row where blooms promised logs, and the number at which another one is asked. */
  const denials = new Map<string, { count: number; due: number }>()

  async function ofRange(from: number, to: number, provider: string, purpose: Purpose, hash?: string) {
    return byBlock(await backfill.logsIn({ from, to, provider, hash }, filter, purpose))
  }

  async function oneByOne(blocks: readonly BlockRef[], purpose: Purpose, givers: string[]) {
    const found = await Promise.all(
      blocks.map(async (block) => [block.hash, await backfill.logsOf(block, filter, purpose, givers)] as const),
    )
    return new Map(found)
  }

  /** @param givers gets the id of each provider that answers */
  async function readBlocks(blocks: readonly BlockRef[], purpose: Purpose, givers: string[]) {
    const [first] = blocks
    const last = blocks.at(-1)
    if (!first || !last || first === last) return oneByOne(blocks, purpose, givers)
    const range = { from: first.number, to: last.number, provider: last.provider }
    const found = byBlock(await backfill.logsIn(range, filter, purpose, givers))
    const hashes = new Set(blocks.map(({ hash }) => hash))
    // The answer has another block of the same number: it is of another branch.
    const isOther = found.some(
      ({ number, hash }) => !hashes.has(hash) && blocks.some((block) => block.number === number),
    )
    if (isOther) return oneByOne(blocks, purpose, givers)
    const own = new Map(found.map(({ hash, logs }) => [hash, logs]))
    // A log of one of our blocks proves that the answer is of our branch up to that block.
    const proven = found.filter(({ hash }) => hashes.has(hash)).at(-1)?.number ?? -1
    for (const { number, hash } of blocks) if (number <= proven && !own.has(hash)) own.set(hash, [])
    return own
  }

  /** Notes an empty answer. When it is time, asks another provider, and returns whether that one has logs of the block. */
  async function noteDenial(provider: string, block: BlockRef, purpose: Purpose): Promise<boolean> {
    const own = denials.get(provider) ?? { count: 0, due: FEW }
    denials.set(provider, own)
    if (++own.count < own.due) return false
    own.count = 0
    own.due = Math.min(MANY, 2 * own.due)
    const other = backfill.logsOf(block, filter, purpose, undefined, [provider]).catch(() => [])
    const found = await within(clock, LATEST, other)
    return found !== undefined && found.length > 0
  }

  return {
    async ofBlocks(blocks, purpose, isExpected) {
      const givers: string[] = []
      const found = await readBlocks(blocks, purpose, givers)
      const last = blocks.at(-1)
      const giver = givers.at(-1)
      if (!isExpected || !last || !giver) return found
      const isEmpty = [...found.values()].every((logs) => logs.length === 0)
      if (!isEmpty) denials.delete(giver)
      else if (await noteDenial(giver, last, purpose)) {
        backfill.noteBlind(giver)
        return readBlocks(blocks, purpose, [])
      }
      return found
    },
    ofRange,
    untilDone: (run, limit, isLeft = () => false) =>
      gate.run(async () => {
        const patience = createPatience(clock, limit)
        for (let failures = 0; !pauses.isOver() && !isLeft(); failures++) {
          try {
            const found = await run()
            if (pauses.isOver()) return undefined
            if (found !== undefined) return found
          } catch {
            // Nobody has it yet, or nobody can be reached.
          }
          const pause = pauseAfter(failures)
          if (isLeft() || pause > patience.left()) break
          await pauses.wait(pause)
        }
        return undefined
      }),
    stop: pauses.end,
  }
}
