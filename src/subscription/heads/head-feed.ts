// The canonical chain for all listeners: starts with the first of them, stops with the last. What happens in between is in
// head-run.ts.

import type { Timer } from '../../base/clock'
import type { BlockRef } from '../block'
import type { StreamState } from '../stream'
import type { HeadRunOptions, HeadsListener } from './head-run'
import { startHeadRun } from './head-run'

export type HeadFeed = {
  /** Returns the off-function. */
  listen(listener: HeadsListener): () => void
  isActive(): boolean
  state(): StreamState
  /** The newest block, once it is known. */
  tip(): BlockRef | undefined
  /** The highest number of a head that has come, whether it was followed or not; -1 before any. */
  highest(): number
  /** A block of this number is known to exist: unless its head comes soon, the newest head is asked for. */
  expect(number: number): void
  /** The lowest block that is remembered; `Infinity` before any is known. */
  lowest(): number
  /** Whether the block is one of the remembered canonical ones. */
  has(hash: string): boolean
  close(): void
}

/** How long a head that is expected is waited for (in ms). */
const SOON = 1_000

export function createHeadFeed(options: HeadRunOptions): HeadFeed {
  const listeners = new Set<HeadsListener>()
  let run: ReturnType<typeof startHeadRun> | undefined
  let expected = -1
  let overdue: Timer | undefined

  /** A listener that leaves while others are being told is not told any more. */
  function tellAll(tell: (listener: HeadsListener) => void) {
    for (const listener of [...listeners]) if (listeners.has(listener)) tell(listener)
  }

  const highest = () => run?.highest() ?? -1

  function expect(number: number) {
    if (number <= highest()) return
    expected = Math.max(expected, number)
    overdue ??= options.parts.clock.background(SOON, () => {
      overdue = undefined
      const number = expected
      // A place that has made the number up would else make us ask after every log.
      expected = -1
      if (number > highest()) void run?.refresh()
    })
  }

  function stop() {
    overdue = void overdue?.cancel()
    expected = -1
    listeners.clear()
    run?.stop()
    run = undefined
  }

  return {
    listen(listener) {
      listeners.add(listener)
      run ??= startHeadRun(options, tellAll)
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) stop()
      }
    },
    isActive: () => run !== undefined,
    state: () => run?.state() ?? { name: 'closed' },
    tip: () => run?.tip(),
    highest,
    expect,
    lowest: () => run?.chain.root()?.number ?? Infinity,
    has: (hash) => run?.chain.has(hash) ?? false,
    close: stop,
  }
}
