// What a filter has told of the chain, block by block, and what it has to tell after a change of the chain: what is taken back
// and what is new. Pure.

import type { Log } from '../../rpc/log'
import { keyOf } from '../../rpc/log'

/** A block that a filter knows of: one that was the newest when it was polled, or one whose logs it has told. */
export type Point = {
  readonly number: number
  readonly hash: string
  /** The timestamp of the block, or of a later one (in s). */
  readonly time: number
  /** The logs that were told of it, in order. */
  readonly logs: readonly Log[]
}

/** Never empty, the lowest first; the last one is the filter's tip: up to there everything was told. */
export type Trail = readonly [Point, ...Point[]]

/** Most points that are kept. */
const MOST_POINTS = 256
/** Most logs that are kept, beyond those of the tip. */
const MOST_LOGS = 20_000

/** A block of which no logs were told. */
export function pointAt({ number, hash, time }: Omit<Point, 'logs'>): Point {
  return { number, hash, time, logs: [] }
}

export function tipOf(trail: Trail): Point {
  return trail.at(-1) as Point
}

/** The points, the lowest first; of several with the same hash, the last one. */
export function merged(points: readonly Point[]): Point[] {
  return [...new Map(points.map((point) => [point.hash, point])).values()].sort((a, b) => a.number - b.number)
}

/** The newest points within the bounds: what is older cannot be taken back any more. */
export function trimmed(points: readonly Point[]): Trail {
  let first = points.length - 1
  let logs = 0
  while (first > 0 && points.length - first < MOST_POINTS) {
    logs += (points[first] as Point).logs.length
    if (logs + (points[first - 1] as Point).logs.length > MOST_LOGS) break
    first--
  }
  return points.slice(first) as unknown as Trail
}

/** As nodes tell it: the logs that are taken back, newest first, then the new ones. */
export function logChanges(orphans: readonly Point[], found: readonly Point[]): Log[] {
  const nameOf = (log: Log) => `${log.blockHash} ${keyOf(log)}`
  const before = new Set(logsOf(orphans).map(nameOf))
  const now = new Set(logsOf(found).map(nameOf))
  const removed = logsOf(orphans).filter((log) => !now.has(nameOf(log)))
  return [
    ...removed.reverse().map((log) => ({ ...log, removed: true })),
    ...logsOf(found).filter((log) => !before.has(nameOf(log))),
  ]
}

/** The hashes of the new blocks. */
export function hashChanges(orphans: readonly Point[], found: readonly Point[]): string[] {
  const before = new Set(orphans.map(({ hash }) => hash))
  return found.map(({ hash }) => hash).filter((hash) => !before.has(hash))
}

/**
 * The last of `count` indexes that passes, -1 if none does; none may pass after one that does not. The search begins at the
 * end, in steps that double.
 */
export async function lastThat(count: number, passes: (index: number) => boolean | Promise<boolean>): Promise<number> {
  let low = -1
  let high = count
  for (let step = 1; high - low > 1; step *= 2) {
    const index = low < 0 ? Math.max(0, count - step) : (low + high) >> 1
    if (await passes(index)) low = index
    else high = index
  }
  return low
}

function logsOf(points: readonly Point[]): Log[] {
  return points.flatMap(({ logs }) => logs)
}
