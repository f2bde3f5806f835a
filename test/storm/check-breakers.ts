// The rule of breakers: while one is open nobody asks its channel. What was asked before, and the probe that makes it half open,
// may answer.

import type { Facts } from './facts'

/** In ms. */
const ROUNDING = 0.001

export function breakerProblems({ world: { attempts, breakers } }: Facts): string[] {
  return attempts.flatMap((attempt) => {
    // A failure may be told of some time after its end.
    if (attempt.outcome === 'failure') return []
    const startedAt = attempt.at - attempt.duration
    const own = breakers.filter(({ provider, channel }) => provider === attempt.provider && channel === attempt.channel)
    const before = own.filter(({ at }) => at < startedAt).at(-1)
    const isAtOnce = own.some(({ at }) => Math.abs(at - startedAt) < ROUNDING)
    return before?.to === 'open' && !isAtOnce
      ? [`breakers: ${attempt.method} was asked of ${attempt.provider} at ${startedAt}, open since ${before.at}`]
      : []
  })
}
