// What goes wrong in a storm, and when. Plain data. Pure.

import type { ProviderErrorRow } from '../support/provider-error'
import { providerErrors } from '../support/provider-error'
import type { Draw } from './draw'

/** What is wrong with a provider at the moment. */
export type Trouble = {
  /** What happens to HTTP requests. */
  readonly http: 'fine' | 'refused' | 'hanging' | 'failing'
  /** What happens to handshakes of sockets. */
  readonly handshakes: 'fine' | 'refused' | 'hanging'
  /** What an open socket does not bring any more. */
  readonly silence: 'none' | 'pushes' | 'all'
  /** What happens to `eth_subscribe`. `'early'`: pushed frames come before the confirmation. */
  readonly subscribe: 'fine' | 'refused' | 'unconfirmed' | 'early'
  /** Share of the pushed frames that are lost (0 to 1). */
  readonly dropped: number
  /** Share of the pushed frames that come twice (0 to 1). */
  readonly doubled: number
  /** Share of the pushed frames that a later one overtakes (0 to 1). */
  readonly swapped: number
  /** How many blocks the provider's head is behind that of the chain. */
  readonly lag: number
  /** What the provider says in place of an answer. */
  readonly says: 'the answer' | 'too many requests' | 'no JSON' | 'another id' | 'half of it' | 'an error'
  /** For `'an error'`: the index of its row in `errorRows`. */
  readonly row: number
  /** Share of the requests that `says` applies to (0 to 1). */
  readonly share: number
  /** Additional latency (in ms, one way). */
  readonly slow: number
}

export const fine: Trouble = {
  http: 'fine',
  handshakes: 'fine',
  silence: 'none',
  subscribe: 'fine',
  dropped: 0,
  doubled: 0,
  swapped: 0,
  lag: 0,
  says: 'the answer',
  row: -1,
  share: 0,
  slow: 0,
}

/** A fault. `at`: when it begins (in ms from the start). `lasts`: how long it goes on (in ms). */
export type Fault = { readonly at: number } & (
  | { readonly type: 'ill'; readonly provider: number; readonly lasts: number; readonly trouble: Partial<Trouble> }
  /** The sockets of the provider end. */
  | { readonly type: 'cut'; readonly provider: number }
  /** The sockets of the provider end, and its filters are gone. */
  | { readonly type: 'restart'; readonly provider: number }
  | { readonly type: 'reorg'; readonly depth: number; readonly blocks: number }
  /** Many blocks come, `every` ms one. */
  | { readonly type: 'burst'; readonly blocks: number; readonly every: number }
  /** The provider is on a branch of its own, which grows at half the pace. */
  | { readonly type: 'stale'; readonly provider: number; readonly lasts: number; readonly depth: number }
)

/** Kinds of errors that a provider may give for any method. */
const GENERAL = ['rate-limit', 'quota', 'server-error', 'auth', 'unsupported-method', 'parse-error']
const OF_LOGS = ['range-too-large', 'result-too-large']

const all = providerErrors()

/**
 * Rows of provider-errors.json for any method or for logs. They are errors of the provider, never an answer about the
 * request.
 */
export const errorRows: readonly ProviderErrorRow[] = all.filter(
  ({ method, error, bodyText, expected: { kind, failover } }) =>
    failover &&
    method !== '<batch>' &&
    (bodyText !== null || typeof error?.code === 'number') &&
    [...GENERAL, ...OF_LOGS].includes(kind),
)

export function isSaidOf(row: ProviderErrorRow, method: string): boolean {
  return GENERAL.includes(row.expected.kind) || method === 'eth_getLogs'
}

export function drawFaults(draw: Draw, duration: number, providers: number, blockTime: number): Fault[] {
  const { chance, between, pick } = draw
  const at = between(0, duration)
  const provider = chance(0.5) ? 0 : between(0, providers - 1)
  const lasts = between(100, pick([1_000, 6_000, 20_000]))
  const everyone = Array.from({ length: providers }, (_, index) => index)
  const ill = (trouble: Partial<Trouble>, who = [provider]): Fault[] =>
    who.map((one) => ({ at, type: 'ill', provider: one, lasts, trouble }))
  const cut = (who = [provider]): Fault[] => who.map((one) => ({ at, type: 'cut', provider: one }))
  const says = (words: Trouble['says']) =>
    ill(
      { says: words, share: pick([0.3, 1]), row: between(0, errorRows.length - 1) },
      chance(0.15) ? everyone : [provider],
    )
  const down = { http: pick(['refused', 'hanging'] as const), handshakes: 'refused' } as const
  const frames = () => ({ dropped: pick([0, 0.15]), doubled: pick([0, 0.15]), swapped: pick([0, 0.15]) })
  const kinds: (() => Fault[])[] = [
    () => cut(),
    () => [{ at, type: 'restart', provider }],
    () => [{ at, type: 'reorg', ...reorgOf(draw) }],
    () => [...ill({ handshakes: pick(['refused', 'hanging'] as const) }), ...cut()],
    () => ill({ silence: pick(['pushes', 'all'] as const) }),
    () => ill(frames()),
    () => ill({ http: pick(['refused', 'hanging', 'failing'] as const) }),
    () => ill({ lag: between(1, 8) }, chance(0.2) ? everyone : [provider]),
    () => ill({ slow: pick([100, 1_000, 5_000]) }, chance(0.2) ? everyone : [provider]),
    () => [{ at, type: 'stale', provider, lasts: Math.max(lasts, blockTime), depth: between(1, 3) }],
    () => [...ill({ subscribe: pick(['refused', 'unconfirmed'] as const) }), ...cut()],
    () => [...ill(down), ...cut()],
    () => [...ill({ ...down, silence: 'all' }, everyone), ...cut(everyone)],
    () => says('too many requests'),
    () => says(pick(['no JSON', 'another id', 'half of it'] as const)),
    () => says('an error'),
    () => says('an error'),
  ]
  return pick(kinds)()
}

export function reorgOf({ between }: Draw) {
  const depth = between(1, 5)
  return { depth, blocks: depth + between(0, 1) }
}
