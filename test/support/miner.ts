// Mines blocks of a model chain on a test's clock, more or less evenly.

import type { Chain } from './chain'

type MinerOptions = {
  readonly chain: Chain
  /** Calls `run` after `ms`. Returns a function that cancels that. */
  after(ms: number, run: () => void): () => void
  random(): number
  /** Average time between two blocks (in ms). */
  readonly blockTime: number
  /** By what share of the block time a pause may be longer or shorter (0 to 1). */
  readonly unevenness: number
  onMined(): void
}

/** Starts mining. Returns a function that stops it. */
export function startMiner({ chain, after, random, blockTime, unevenness, onMined }: MinerOptions): () => void {
  let stop = () => {}
  function next() {
    const pause = blockTime * (1 + unevenness * (2 * random() - 1))
    stop = after(Math.round(pause), () => {
      chain.mine()
      onMined()
      next()
    })
  }
  next()
  return () => stop()
}
