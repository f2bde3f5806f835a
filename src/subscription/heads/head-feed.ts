// The canonical chain for all who listen to it: starts with the first listener, stops with the last one. What happens in
// between is head-run.ts.

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
  /** The highest number that has come, whatever became of it; -1 before any. */
  highest(): number
  /** There is a block of this number: it is asked for, unless its head comes soon. */
  expect(number: number): void
  /** The lowest block that is remembered; `Infinity` before any is known. */
  lowest(): number
  /** Whether the block is one of the last canonical ones. */
  has(hash: string): boolean
  close(): void
}

/** In ms. */
const SOON = 1_000

export function createHeadFeed(options: HeadRunOptions): HeadFeed {
  const listeners = new Set<HeadsListener>()
  let run: ReturnType<typeof startHeadRun> | undefined
  let expected = -1
  let overdue: Timer | undefined

  /** Who leaves while others are told is told no more. */
  function tellAll(tell: (listener: HeadsListener) => void) {
    for (const listener of [...listeners]) if (listeners.has(listener)) tell(listener)
  }

  const highest = () => run?.highest() ?? -1

  function expect(number: number) {
    if (number <= highest()) return
    expected = number
    overdue ??= options.parts.clock.background(SOON, () => {
      overdue = undefined
      if (expected > highest()) void run?.refresh()
    })
  }

  function stop() {
    overdue = void overdue?.cancel()
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
