// The canonical chain for all who listen to it: starts with the first listener, stops with the last one. What happens in
// between is head-run.ts.

import type { Link } from './continuity'
import type { HeadRunOptions, HeadsListener } from './head-run'
import { startHeadRun } from './head-run'
import type { StreamState } from './stream'

export type Heads = {
  /** Returns the off-function. */
  listen(listener: HeadsListener): () => void
  isActive(): boolean
  /** Resolves once the newest block is known: nothing that comes after it is missed. */
  whenReady(): Promise<void>
  state(): StreamState
  tip(): Link | undefined
  /** The highest number that has come, whatever became of it; -1 before any. */
  highest(): number
  /** Whether the block is one of the last canonical ones. */
  has(hash: string): boolean
  /** Whether another block than this is canonical, as far as is remembered. */
  denies(number: number, hash: string): boolean
  close(): void
}

export function createHeads(options: HeadRunOptions): Heads {
  const listeners = new Set<HeadsListener>()
  let run: ReturnType<typeof startHeadRun> | undefined

  function stop() {
    listeners.clear()
    run?.stop()
    run = undefined
  }

  return {
    listen(listener) {
      listeners.add(listener)
      run ??= startHeadRun(options, (tell) => [...listeners].forEach(tell))
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) stop()
      }
    },
    isActive: () => run !== undefined,
    whenReady: () => run?.ready ?? Promise.resolve(),
    state: () => run?.state() ?? { name: 'closed' },
    tip: () => run?.chain.tip(),
    highest: () => run?.highest() ?? -1,
    has: (hash) => run?.chain.has(hash) ?? false,
    denies: (number, hash) => (run?.chain.at(number)?.hash ?? hash) !== hash,
    close: stop,
  }
}
