// Circuit breaker of one channel. Knows time and outcomes, not sockets or errors. It has no timer: "open" is compared
// with the clock at the next call. A permit is the state that let the attempt in; results of a state that has been left are ignored.

import type { Random } from '../base/random'
import { createRatioWindow } from '../base/window'
import { isUnreachable } from '../rpc/failure'
import type { BreakerStateName, FailureKind } from '../types'

export type BreakerOptions = {
  /** Counted failures in a row that open it. @default 5 */
  failures?: number | undefined
  /** Failures in a row, each network or timeout, that open it. @default 3; `failures` if only that is given */
  networkFailures?: number | undefined
  /** Share of counted attempts in the window that opens it. @default 0.5 */
  ratio?: number | undefined
  /** Attempts in the window below which `ratio` says nothing. @default 20 */
  minimumAttempts?: number | undefined
  /** Length of the window for `ratio` (in ms). @default 10_000 */
  window?: number | undefined
  /** First wait before a probe (in ms); doubles with each failed probe. @default 2_000 */
  openFor?: number | undefined
  /** Longest wait before a probe (in ms). @default 60_000, or `openFor` if that is more */
  maxOpenFor?: number | undefined
}

type Closed = { type: 'closed'; failures: number; networkFailures: number; successes: number }
type Open = { type: 'open'; until: number; failures: number }
/** `probes`: those on their way; `overdueAt`: when the newest is late enough for one more beside it (in ms of the clock). */
type HalfOpen = {
  type: 'half-open'
  isEarly: boolean
  until: number
  failures: number
  overdueAt: number
  probes: Set<Permit>
}
type Probe = { readonly type: 'probe' }
type State = Closed | Open | HalfOpen

/** Leave for one attempt: the closed state that gave it, or a probe. */
export type Permit = Closed | Probe

/** How an attempt ended, a failure by its kind; `neutral` gives the permit back and says nothing. */
export type BreakerResult = 'success' | 'neutral' | FailureKind

/** @param why the failure that opened it; none if that was done by hand */
export type OnBreakerChange = (
  from: BreakerStateName,
  to: BreakerStateName,
  openUntil?: number | undefined,
  why?: FailureKind | undefined,
) => void

/** `failures`: counted failures in a row; `openUntil`: when a probe is due (in ms of the clock). */
export type BreakerSnapshot = { state: BreakerStateName; failures: number; openUntil?: number }

export type Breaker = {
  snapshot(now: number): BreakerSnapshot
  isClosed(): boolean
  /** When the next probe is due, while one is on its way when that one is overdue (in ms of the clock); `-Infinity` while closed. */
  dueAt(): number
  /** Whether a probe is on its way. */
  isProbing(): boolean
  /** Leave for an ordinary attempt; `undefined` unless closed. */
  admit(): Permit | undefined
  /** Leave for a probe; `undefined` while closed, before it is due unless `isEarly`, and beside one that is not overdue. */
  admitProbe(now: number, isEarly: boolean): Permit | undefined
  settle(permit: Permit, result: BreakerResult, now: number): void
  /** A sign of ill health from outside an attempt: a failed upkeep call, a stalled stream. */
  recordFailure(now: number, kind: FailureKind): void
  /** Everything on its way is lost at once: one network failure, whatever its attempts say afterwards. */
  loseAll(now: number): void
  /** Opens it, for `wait` (in ms) or as after a failure. */
  open(now: number, wait?: number | undefined): void
  close(): void
}

const SUCCESSES_TO_FORGET = 5
const JITTER = 0.1
const LONGEST_OPEN = 60_000
/** A channel that does not answer a probe by then (in ms) is not back. */
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
  /** Failed waits so far: the wait doubles with each, and is forgotten after some successes. */
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
    turn({ type: 'open', until: now + wait, failures: state.failures }, why)
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
    const { until, failures, probes } = from
    if (result === 'neutral') return probes.size > 0 ? undefined : turn({ type: 'open', until, failures })
    // One that was made before its time, because nobody else was left, does not prolong the wait.
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
    isProbing: () => state.type === 'half-open',
    admit: () => (state.type === 'closed' ? state : undefined),
    admitProbe(now, isEarly) {
      // One that hangs, as a send may, does not keep the next from finding out.
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
      // No permit that was given leads here.
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
