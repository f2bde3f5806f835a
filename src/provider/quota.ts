// How much one provider takes: its declared pace and concurrency, the pace learned from its refusals, and the cooldown after one.
// A full provider is not an ill one: nothing here is blame.

import type { FailureKind } from '../types'

export type LimitOptions = {
  /** Requests a second this provider allows. Unlimited while not given. */
  requestsPerSecond?: number | undefined
  /** Requests that may leave at once after a pause. @default `requestsPerSecond` */
  burst?: number | undefined
  /** Requests in flight at once; a batch is one. Unlimited while not given. */
  concurrency?: number | undefined
  /** Most requests in one batch. A size that was refused lowers it for half an hour. @default 20 */
  batchSize?: number | undefined
}

const LONGEST_RATE_LIMIT = 5 * 60_000
const FIRST_COOLDOWN = 1_000
const LONGEST_COOLDOWN = 60_000
const QUOTA_COOLDOWN = 60 * 60_000
/** After a refusal the pace falls to this share of what was taken in the second before; it grows by a tenth of that each second. */
const PACE_CUT = 0.7
const PACE_GROWTH = 0.1
/** Where only one was taken before the first refusal, that says little: the pace (a second) that is tried then. */
const VAGUE_PACE = 4
/** A learned pace this many times its first value says nothing any more. */
const PACE_FORGOTTEN = 2

export type Quota = {
  /** Whether a request may leave now without running into a known limit. */
  hasRoom(now: number): boolean
  /** When there is room again (in ms of the clock): `now` or earlier if there is, `Infinity` if only an answer can make room. */
  roomAt(now: number): number
  /** Whether all it lacks is a request in flight less: one may be handed over that waits for its slot there. */
  lacksOnlySlots(now: number): boolean
  cooldownUntil(now: number): number | undefined
  /** Whether no limit is declared or known: then there is always room. */
  isUnlimited(): boolean
  /** One request leaves. */
  take(now: number): void
  /** It came back, however. */
  give(): void
  /** The provider said "too much", or for how long it is down. Returns how long it cools (in ms). */
  refuse(kind: FailureKind & ('rate-limit' | 'quota' | 'server-error'), hint: number | undefined, now: number): number
  /**
   * The provider took one: repeated cooldowns start small again. One that left after it had said that it is down shows that it is
   * up. @param leftAt in ms of the clock
   */
  accept(now: number, leftAt?: number | undefined): void
  readonly inFlight: number
}

export type QuotaParts = {
  /** An answer made room at a provider whose concurrency is limited. */
  onRoom?: (() => void) | undefined
  /** It cools, and did not before. */
  onCooling?: (() => void) | undefined
  /** Requests in flight, where several may be one. @default what was taken and not given back */
  load?: (() => number) | undefined
}

export function createQuota(limits: LimitOptions, { onRoom, onCooling, load }: QuotaParts = {}): Quota {
  const { concurrency = Infinity } = limits
  const declared = limits.requestsPerSecond ?? Infinity
  const burst = Math.max(1, limits.burst ?? declared)
  let tokens = burst
  let filledAt = -Infinity
  let inFlight = 0
  let coolsUntil = -Infinity
  /** When it last said that it is down, while it cools for nothing else (in ms of the clock). */
  let downAt = Infinity
  let repeats = 0
  let learned: { pace: number; first: number; at: number } | undefined
  // What was taken in this second and in the one before: the pace at which a refusal came.
  let second = 0
  let taken = 0
  let takenBefore = 0
  // Of the refusals of one burst: the pace before, and the most that was taken in a second.
  let paceBefore = Infinity
  let most = 0

  function pace(now: number) {
    if (!learned) return declared
    const grown = learned.pace + (learned.first * PACE_GROWTH * (now - learned.at)) / 1_000
    if (grown < learned.first * PACE_FORGOTTEN) return Math.min(declared, grown)
    learned = undefined
    return declared
  }

  function fill(now: number) {
    const rate = pace(now)
    if (rate === Infinity) return rate
    const size = learned ? Math.max(1, Math.min(burst, rate)) : burst
    const gained = ((now - filledAt) * rate) / 1_000
    // Fake timers that are installed later may have set the clock back: there is no debt.
    tokens = Math.max(0, Math.min(size, tokens + gained))
    filledAt = now
    return rate
  }

  function roomAt(now: number) {
    if (now < coolsUntil) return coolsUntil
    return isFull() ? Infinity : tokenAt(now)
  }

  function isFull() {
    return concurrency !== Infinity && (load?.() ?? inFlight) >= concurrency
  }

  function tokenAt(now: number) {
    const rate = fill(now)
    return rate === Infinity || tokens >= 1 ? now : now + ((1 - tokens) * 1_000) / rate
  }

  function count(now: number, more: 0 | 1) {
    const current = Math.floor(now / 1_000)
    if (current !== second) {
      takenBefore = current === second + 1 ? taken : 0
      taken = 0
      second = current
    }
    taken += more
  }

  /** Of a burst of which nothing was taken nothing is learned. What is taken of it may be told after what is refused. */
  function learn(now: number) {
    const seen = Math.max(taken, takenBefore)
    if (seen <= most) return
    most = seen
    const isVague = most === 1 && paceBefore === Infinity
    const first = isVague ? VAGUE_PACE : Math.max(1, most * PACE_CUT)
    learned = { pace: Math.min(first, paceBefore), first, at: now }
    tokens = 0
    filledAt = now
  }

  return {
    hasRoom: (now) => roomAt(now) <= now,
    roomAt,
    isUnlimited: () => declared === Infinity && concurrency === Infinity && !learned && coolsUntil === -Infinity,
    lacksOnlySlots: (now) => now >= coolsUntil && isFull() && tokenAt(now) <= now,
    cooldownUntil: (now) => (now < coolsUntil ? coolsUntil : undefined),
    take(now) {
      inFlight++
      if (learned || declared !== Infinity) {
        fill(now)
        tokens = Math.max(0, tokens - 1)
      }
    },
    give() {
      inFlight--
      if (concurrency !== Infinity) onRoom?.()
    },
    refuse(kind, hint, now) {
      const wasCooling = now < coolsUntil
      let wait: number
      if (kind === 'quota') wait = hint ?? QUOTA_COOLDOWN
      else if (hint !== undefined) wait = Math.min(hint, kind === 'rate-limit' ? LONGEST_RATE_LIMIT : LONGEST_COOLDOWN)
      else if (wasCooling)
        wait = 0 // sent before the last refusal came back: one refusal, told twice
      else wait = Math.min(FIRST_COOLDOWN * 2 ** repeats++, LONGEST_COOLDOWN)
      coolsUntil = Math.max(coolsUntil, now + wait)
      downAt = kind === 'server-error' && (!wasCooling || downAt < Infinity) ? now : Infinity
      count(now, 0)
      if (!wasCooling) {
        paceBefore = pace(now)
        most = kind === 'rate-limit' ? 0 : Infinity
      }
      learn(now)
      if (!wasCooling && now < coolsUntil) onCooling?.()
      return coolsUntil - now
    },
    accept(now, leftAt = -Infinity) {
      count(now, 1)
      const isCooling = now < coolsUntil
      if (isCooling && leftAt <= downAt) return learn(now)
      repeats = 0
      coolsUntil = -Infinity
      if (isCooling) onRoom?.()
    },
    get inFlight() {
      return inFlight
    },
  }
}
