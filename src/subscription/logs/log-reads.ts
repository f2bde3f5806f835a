// Fetches the logs of blocks whose turn has come: of one by its hash, of more as a range that is held against the
// hashes. Knows one filter; what is done with the logs is not its business.

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
   * By block hash. Those that are missing had no logs, but whoever said so may be on another branch. Rejects if any of the
   * blocks could not be had. @param isExpected whether their blooms say that each may have some
   */
  ofBlocks(blocks: readonly BlockRef[], purpose: Purpose, isExpected?: boolean): Promise<Map<string, Log[]>>
  /** Of a range, by block, the lowest first. @param hash of the last block: an answer from another branch is none */
  ofRange(from: number, to: number, provider: string, purpose: Purpose, hash?: string): Promise<LoggedBlock[]>
  /**
   * When it is its turn among all streams: tries again, with pauses, until it works. `undefined` if nobody wants it any more
   * (`isLeft`, `stop`), or it was tried for `limit` (in ms): what a sleep of ours has cut short is tried again.
   */
  untilDone<value>(
    run: () => Promise<value | undefined>,
    limit: number,
    isLeft?: (() => boolean) | undefined,
  ): Promise<value | undefined>
  stop(): void
}

/** After so many answers without the logs that were to be expected somebody else is asked as well; */
const FEW = 3
/** twice as many each time it has none either, as blooms say so of some blocks that have none. */
const MANY = 96
/** It is waited for no longer (in ms): who is healthy is not to be held up by who is not. */
const LATEST = 1_000

/** @param gate of all streams */
export function createLogReads(clock: Clock, gate: Gate, backfill: Backfill, filter: LogMatch): LogReads {
  const pauses = createPauses(clock)
  /** Of each provider: how often in a row it had no logs where some were to be expected. */
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

  /** @param givers whoever answers is noted there */
  async function ofBlocks(blocks: readonly BlockRef[], purpose: Purpose, givers: string[]) {
    const [first] = blocks
    const last = blocks.at(-1)
    if (!first || !last || first === last) return oneByOne(blocks, purpose, givers)
    const range = { from: first.number, to: last.number, provider: last.provider }
    const found = byBlock(await backfill.logsIn(range, filter, purpose, givers))
    const hashes = new Set(blocks.map(({ hash }) => hash))
    // Whoever answered is on another branch.
    const isOther = found.some(
      ({ number, hash }) => !hashes.has(hash) && blocks.some((block) => block.number === number),
    )
    if (isOther) return oneByOne(blocks, purpose, givers)
    const own = new Map(found.map(({ hash, logs }) => [hash, logs]))
    // One log of ours shows that all below is of our branch.
    const proven = found.filter(({ hash }) => hashes.has(hash)).at(-1)?.number ?? -1
    for (const { number, hash } of blocks) if (number <= proven && !own.has(hash)) own.set(hash, [])
    return own
  }

  /** Whether the provider has no logs of this block, though others have some. */
  async function isBlind(provider: string, block: BlockRef, purpose: Purpose): Promise<boolean> {
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
      const found = await ofBlocks(blocks, purpose, givers)
      const last = blocks.at(-1)
      const giver = givers.at(-1)
      if (!isExpected || !last || !giver) return found
      const isEmpty = [...found.values()].every((logs) => logs.length === 0)
      if (!isEmpty) denials.delete(giver)
      else if (await isBlind(giver, last, purpose)) {
        backfill.noteBlind(giver)
        return ofBlocks(blocks, purpose, [])
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
