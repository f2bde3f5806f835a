// Mines blocks of a model chain on a scripted clock, more or less evenly.

import type { Chain } from './chain'

type MinerOptions = {
  readonly chain: Chain
  /** Runs it later (in ms); returns what takes that back. */
  after(ms: number, run: () => void): () => void
  random(): number
  /** Between two blocks (in ms). */
  readonly blockTime: number
  /** 0 to 1: by how much of that a pause may be longer or shorter. */
  readonly unevenness: number
  onMined(): void
}

/** Returns the function that stops it. */
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
