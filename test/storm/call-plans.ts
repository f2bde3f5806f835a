// The calls of a storm: what is asked when, with which timeout and options. Heights are relative to the head when it is asked.
// Pure.

import type { Draw } from './draw'
import { refusals } from './reverts'

export type CallPlan = {
  readonly at: number
  readonly ask: Ask
  /** Timeout of the call (in ms); `undefined` for the client's. */
  readonly timeout: number | undefined
  /** Time after which the caller aborts the call (in ms). */
  readonly abortsAfter: number | undefined
  /** Index of the provider that the call names. */
  readonly provider: number | undefined
  readonly allowFailover: boolean
  readonly exclude: number | undefined
}

/**
 * `back`: how many blocks below the head; below 0 for a block that is yet to come. `salt`: makes calls differ from each
 * other.
 */
export type Ask =
  | { readonly of: 'number' | 'chain' | 'gas' | 'unknown' }
  | { readonly of: 'balance' | 'call'; readonly at: Tag | number; readonly salt: number }
  | { readonly of: 'balance by hash' | 'block by hash'; readonly back: number }
  | { readonly of: 'block'; readonly at: Tag | number; readonly isFull: boolean }
  | { readonly of: 'receipt' | 'transaction'; readonly back: number }
  | { readonly of: 'logs'; readonly back: number; readonly width: number | 'latest'; readonly filter: number }
  | { readonly of: 'logs by hash'; readonly back: number }
  | { readonly of: 'send'; readonly salt: number }
  /** An `eth_call` or `eth_estimateGas` that a contract reverts. */
  | { readonly of: 'revert'; readonly refusal: number; readonly at: Tag | number | 'estimate'; readonly salt: number }
  /** The receipt of the transaction that was sent last. */
  | { readonly of: 'sent receipt' }

export type Tag = 'latest' | 'pending' | 'safe' | 'finalized'

export function drawCalls(draw: Draw, duration: number, providers: number): CallPlan[] {
  const { chance, between, pick, times } = draw
  const bursts = times(pick([2, 5, 10, 20]), () => ({ at: between(0, duration), count: pick([1, 1, 1, 2, 3, 8]) }))
  return bursts
    .flatMap(({ at, count }) => {
      const first = drawCall(draw, at, providers)
      const isSame = chance(0.3)
      return times(count, () =>
        isSame
          ? { ...first, at: at + between(0, 20) }
          : { ...drawCall(draw, at, providers), at: at + pick([0, 0, between(0, 300)]) },
      )
    })
    .sort((a, b) => a.at - b.at)
}

/** The calls of a caller that asks the same again and again, like a page that shows the head. */
export function drawReads({ between, pick }: Draw, duration: number): CallPlan[] {
  const ask = pick<Ask>([
    { of: 'number' },
    { of: 'block', at: 'safe', isFull: false },
    { of: 'block', at: 'finalized', isFull: false },
    { of: pick(['receipt', 'transaction'] as const), back: between(0, 2) },
  ])
  const every = pick([300, 1_000, 2_500])
  const more = {
    timeout: undefined,
    abortsAfter: undefined,
    provider: undefined,
    allowFailover: false,
    exclude: undefined,
  }
  return Array.from({ length: Math.floor(duration / every) }, (_, index) => ({ at: index * every, ask, ...more }))
}

/** The calls of a caller whose calls revert, now and then or many in a row. */
export function drawReverts(draw: Draw, duration: number, providers: number): CallPlan[] {
  const { chance, between, pick, times } = draw
  const every = pick([0, 20, 500])
  const from = between(0, duration)
  return times(pick([1, 3, 8, 20]), () => between(0, refusals.length - 1)).map((refusal, index) => {
    const at = pick(['estimate', 'latest', 'latest', 'pending', 0, 2, -1] as const)
    const plan = drawCall(draw, Math.min(duration, from + every * index), providers)
    return { ...plan, ask: { of: 'revert', refusal, at, salt: chance(0.3) ? 0 : index } }
  })
}

function drawCall(draw: Draw, at: number, providers: number): CallPlan {
  const { chance, between, pick } = draw
  return {
    at,
    ask: drawAsk(draw),
    timeout: chance(0.7) ? undefined : pick([20, 300, 2_000, 30_000]),
    abortsAfter: chance(0.12) ? between(0, 3_000) : undefined,
    provider: chance(0.08) ? between(0, providers - 1) : undefined,
    allowFailover: chance(0.5),
    exclude: chance(0.05) ? between(0, providers - 1) : undefined,
  }
}

function drawAsk({ between, pick }: Draw): Ask {
  const back = pick([0, 0, 1, 2, 5, 20, 90, 400, -1])
  const tag = () => pick(['latest', 'latest', 'latest', 'pending', 'safe', 'finalized'] as const)
  const salt = between(0, 1_000)
  const kinds: (() => Ask)[] = [
    () => ({ of: 'number' }),
    () => ({ of: 'number' }),
    () => ({ of: pick(['chain', 'gas', 'unknown'] as const) }),
    () => ({ of: 'balance', at: pick([tag(), back]), salt: salt % 3 }),
    () => ({ of: 'call', at: pick([tag(), back]), salt }),
    () => ({ of: pick(['balance by hash', 'block by hash'] as const), back: Math.max(0, back) }),
    () => ({ of: 'block', at: pick([tag(), back]), isFull: pick([true, false]) }),
    () => ({ of: 'block', at: back, isFull: false }),
    () => ({ of: pick(['receipt', 'transaction'] as const), back: Math.max(0, back) }),
    () => ({
      of: 'logs',
      back: pick([0, 3, 30, 150, 1_500]),
      width: pick(['latest', 'latest', 1, 20, 120, 1_400] as const),
      filter: between(0, 4),
    }),
    () => ({ of: 'logs by hash', back: Math.max(0, back) }),
    () => ({ of: 'send', salt }),
    () => ({ of: 'sent receipt' }),
  ]
  return pick(kinds)()
}
