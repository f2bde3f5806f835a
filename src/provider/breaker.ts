// Circuit breaker of one channel. Knows time and outcomes, not sockets or errors. It has no timer: each call compares the time
// when a probe is due with the clock. A permit belongs to the state that gave it: once that is left, its result is ignored.

import type { Random } from '../base/random'
import { createRatioWindow } from '../base/window'
import { isUnreachable } from '../rpc/failure'
import type { BreakerStateName, FailureKind } from '../types'

export type BreakerOptions = {
  /** How many counted failures in a row open the breaker. @default 5 */
  failures?: number | undefined
  /** How many failures in a row, all `network` or `timeout`, open the breaker. @default 3; `failures` if only that is given */
  networkFailures?: number | undefined
  /** The share of counted failures among the attempts of `window` that opens the breaker (above 0, up to 1). @default 0.5 */
  ratio?: number | undefined
  /** With fewer attempts than this within `window`, `ratio` does not apply. @default 20 */
  minimumAttempts?: number | undefined
  /** Length of the sliding window for `ratio` (in ms). @default 10_000 */
  window?: number | undefined
  /** First wait before a probe (in ms). It doubles with each failed probe; up to 10 % are added at random. @default 2_000 */
  openFor?: number | undefined
  /** Longest wait before a probe (in ms); not less than `openFor`. @default 60_000, or `openFor` if that is more */
  maxOpenFor?: number | undefined
}

type Closed = { type: 'closed'; failures: number; networkFailures: number; successes: number }
/** `since`: when it opened, or the last probe failed (in ms of the clock). */
type Open = { type: 'open'; since: number; until: number; failures: number }
/** `probes`: those in flight. `overdueAt`: when one more may be sent beside the newest (in ms of the clock). */
type HalfOpen = Omit<Open, 'type'> & {
  type: 'half-open'
  isEarly: boolean
  overdueAt: number
  probes: Set<Permit>
}
type Probe = { readonly type: 'probe' }
type State = Closed | Open | HalfOpen

/** Leave for one attempt: the closed state itself, or a probe. */
export type Permit = Closed | Probe

/** How an attempt ended; a failure by its kind. `'neutral'` only gives the permit back: it says nothing about the channel. */
export type BreakerResult = 'success' | 'neutral' | FailureKind

/** @param why the failure that opened the breaker; none if it was opened by hand, closes, or a probe said nothing */
export type OnBreakerChange = (
  from: BreakerStateName,
  to: BreakerStateName,
  openUntil?: number | undefined,
  why?: FailureKind | undefined,
) => void

/** `failures`: counted failures in a row. `openUntil`: when a probe is or was due (in ms of the clock); none while closed. */
export type BreakerSnapshot = { state: BreakerStateName; failures: number; openUntil?: number }

export type Breaker = {
  snapshot(now: number): BreakerSnapshot
  isClosed(): boolean
  /** When the next probe may be sent (in ms of the clock): beside one in flight, once that is overdue. `-Infinity` while closed. */
  dueAt(): number
  /** Whether a probe is in flight; with `now`, whether one is that is not overdue. */
  isProbing(now?: number): boolean
  /** When it opened, or the last probe failed (in ms of the clock). `-Infinity` while closed. */
  openedAt(): number
  /** Leave for an ordinary attempt; `undefined` unless closed. */
  admit(): Permit | undefined
  /** Leave for a probe; `undefined` while closed, before one is due (unless `isEarly`), and beside one that is not overdue. */
  admitProbe(now: number, isEarly: boolean): Permit | undefined
  /** To be called once for each permit. Does nothing if the state that gave the permit has been left. */
  settle(permit: Permit, result: BreakerResult, now: number): void
  /** Counts a failure that is not of an admitted attempt (a failed upkeep call, a stalled stream), if closed. */
  recordFailure(now: number, kind: FailureKind): void
  /** All attempts in flight are lost at once. Counts one network failure; what these attempts are settled with is ignored. */
  loseAll(now: number): void
  /** Opens the breaker for `wait` (in ms), by default as long as after a failure. */
  open(now: number, wait?: number | undefined): void
  close(): void
}

/** After this many successes since the breaker closed, the wait starts at `openFor` again. */
const SUCCESSES_TO_FORGET = 5
/** Up to this share of the wait is added at random. */
const JITTER = 0.1
/** The default of `maxOpenFor` (in ms). */
const LONGEST_OPEN = 60_000
/** A probe that has no answer after this time (in ms) is overdue: another one may be sent beside it. */
export const PROBE_LIMIT = 2_000

export function createBreaker(options: BreakerOptions, parts: { random: Random; onChange: OnBreakerChange }): Breaker {
  const {
    failures: most = 5,
    ratio = 0.5,
    minimumAttempts = 20,
    window: length = 10_000,
    openFor = 2_000,
    maxOpenFor = Math.max(LONGEST_OPEN, openFor),
  } = options
  const mostNetwork = options.networkFailures ?? options.failures ?? 3
  const window = createRatioWindow(length)
  let state: State = closed()
  /** How often the wait has doubled: once for each failed probe, until `SUCCESSES_TO_FORGET` resets it. */
  let level = 0

  function turn(next: State, why?: FailureKind) {
    const from = state.type
    state = next
    if (from !== next.type) parts.onChange(from, next.type, next.type === 'open' ? next.until : undefined, why)
  }

  function open(
    now: number,
    why?: FailureKind,
    wait = Math.min(openFor * 2 ** level, maxOpenFor) * (1 + JITTER * parts.random()),
  ) {
    turn({ type: 'open', since: now, until: now + wait, failures: state.failures }, why)
  }

  function close() {
    window.reset()
    turn(closed())
  }

  function count(from: Closed, kind: FailureKind, now: number) {
    from.failures++
    from.networkFailures = isUnreachable({ kind }) ? from.networkFailures + 1 : 0
    window.record(true, now)
    if (from.failures >= most || from.networkFailures >= mostNetwork) return open(now, kind)
    const seen = window.read(now)
    if (seen.attempts >= minimumAttempts && seen.failures >= seen.attempts * ratio) open(now, kind)
  }

  function settleProbe(from: HalfOpen, result: BreakerResult, now: number) {
    if (result === 'success') return close()
    const { since, until, failures, probes } = from
    if (result === 'neutral') return probes.size > 0 ? undefined : turn({ type: 'open', since, until, failures })
    // A probe before its time, sent because no other channel was left, does not double the wait.
    if (!from.isEarly) level++
    from.failures++
    open(now, result)
  }

  function addProbe(to: HalfOpen, now: number): Permit {
    const probe: Probe = { type: 'probe' }
    to.probes.add(probe)
    to.overdueAt = now + PROBE_LIMIT
    return probe
  }

  return {
    snapshot(now) {
      if (state.type === 'closed') return { state: 'closed', failures: state.failures }
      const isDue = state.type === 'half-open' || now >= state.until
      return { state: isDue ? 'half-open' : 'open', failures: state.failures, openUntil: state.until }
    },
    isClosed: () => state.type === 'closed',
    dueAt() {
      if (state.type === 'closed') return -Infinity
      return state.type === 'open' ? state.until : state.overdueAt
    },
    isProbing: (now = -Infinity) => state.type === 'half-open' && now < state.overdueAt,
    openedAt: () => (state.type === 'closed' ? -Infinity : state.since),
    admit: () => (state.type === 'closed' ? state : undefined),
    admitProbe(now, isEarly) {
      // A probe that hangs, as a send may, does not keep the next request from probing.
      if (state.type === 'half-open' && now >= state.overdueAt) return addProbe(state, now)
      if (state.type !== 'open' || (now < state.until && !isEarly)) return undefined
      const next: HalfOpen = {
        ...state,
        type: 'half-open',
        isEarly: now < state.until,
        overdueAt: Infinity,
        probes: new Set(),
      }
      const probe = addProbe(next, now)
      turn(next)
      return probe
    },
    settle(permit, result, now) {
      if (state.type === 'half-open') return state.probes.delete(permit) ? settleProbe(state, result, now) : undefined
      if (permit !== state || result === 'neutral') return
      if (result !== 'success') return count(permit, result, now)
      permit.failures = 0
      permit.networkFailures = 0
      if (++permit.successes >= SUCCESSES_TO_FORGET) level = 0
      window.record(false, now)
    },
    recordFailure(now, kind) {
      if (state.type === 'closed') count(state, kind, now)
    },
    loseAll(now) {
      if (state.type === 'half-open') return settleProbe(state, 'network', now)
      if (state.type !== 'closed') return
      // In a new state object, so that the permits given out so far are void.
      state = { ...state }
      count(state, 'network', now)
    },
    open: (now, wait) => open(now, undefined, wait),
    close() {
      level = 0
      close()
    },
  }
}

function closed(): Closed {
  return { type: 'closed', failures: 0, networkFailures: 0, successes: 0 }
}
