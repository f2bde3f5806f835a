// How much one provider takes: its declared pace and concurrency, the pace learned from its refusals, and the cooldown after a
// refusal. A provider that is full is not ill: nothing here counts against it.

import { ISOLATED } from '../base/isolated'
import type { FailureKind } from '../types'

/** What a provider allows. At a limit, others are asked first; if none has room, requests wait within their deadlines. */
export type LimitOptions = {
  /** Requests per second that the provider allows. @default unlimited */
  requestsPerSecond?: number | undefined
  /** Most requests that may leave at once after a pause. @default `requestsPerSecond` */
  burst?: number | undefined
  /** Most requests in flight at a time; a batch counts as one. @default unlimited */
  concurrency?: number | undefined
  /** Most requests in one batch. A batch that is refused lowers it for half an hour. @default 20 */
  batchSize?: number | undefined
}

/** A rate limit is believed to last no longer than this (in ms), whatever the provider says. */
const LONGEST_RATE_LIMIT = 5 * 60_000
/** The first cooldown without a hint (in ms); it doubles with each refusal. */
const FIRST_COOLDOWN = 1_000
/** The longest cooldown without a hint, and of a provider that is down (in ms). */
const LONGEST_COOLDOWN = 60_000
/** The cooldown after a quota is used up, without a hint (in ms). */
const QUOTA_COOLDOWN = 60 * 60_000
/** A refusal lowers the pace to this share of what the provider took per second just before. */
const PACE_CUT = 0.7
/** Each second, a learned pace grows by this share of its first value. */
const PACE_GROWTH = 0.1
/** The first learned pace (in requests per second) if only one request was taken before the refusal, which says little. */
const VAGUE_PACE = 4
/** A learned pace is forgotten once it has grown to this many times its first value. */
const PACE_FORGOTTEN = 2

export type Quota = {
  /** Whether a request may leave now without running into a known limit. */
  hasRoom(now: number): boolean
  /** When there is room (in ms of the clock): at most `now` if there is some, `Infinity` if only an answer can make room. */
  roomAt(now: number): number
  /** Whether only the concurrency is used up: a request may be handed over that waits for a slot inside of the channel. */
  lacksOnlySlots(now: number): boolean
  /** When the present cooldown ends (in ms of the clock); `undefined` without one. */
  cooldownUntil(now: number): number | undefined
  /** Whether no limit is declared or learned: then there is always room. */
  isUnlimited(): boolean
  /** A request leaves. */
  take(now: number): void
  /** A request has ended, however. */
  give(): void
  /**
   * The provider refused a request: "too much", or that it is down for a while. Returns how long it cools (in ms).
   * @param hint how long it asked to be left alone (in ms)
   */
  refuse(kind: FailureKind & ('rate-limit' | 'quota' | 'server-error'), hint: number | undefined, now: number): number
  /**
   * The provider took a request. Outside of a cooldown, the next one starts small again. An answer to a request that left (at
   * `leftAt`, in ms of the clock) after the provider had said that it is down ends that cooldown.
   */
  accept(now: number, leftAt?: number | undefined): void
  readonly inFlight: number
}

export type QuotaParts = {
  /** Called when there may be room again: after an answer with limited concurrency, or when a cooldown ends early. */
  onRoom?: (() => void) | undefined
  /** Called when a cooldown begins. */
  onCooling?: (() => void) | undefined
  /** Requests in flight, if several can travel as one. @default requests taken and not given back */
  load?: (() => number) | undefined
}

export function createQuota(limits: LimitOptions, { onRoom, onCooling, load }: QuotaParts = {}): Quota {
  // A request that the platform ends in the middle of a call never gives its slot back.
  const { concurrency = Infinity }: LimitOptions = ISOLATED ? {} : limits
  const declared = limits.requestsPerSecond ?? Infinity
  const burst = Math.max(1, limits.burst ?? declared)
  let tokens = burst
  let filledAt = -Infinity
  let inFlight = 0
  let coolsUntil = -Infinity
  /** When the provider last said that it is down (in ms of the clock); `Infinity` if it also cools for another reason. */
  let downAt = Infinity
  let repeats = 0
  let learned: { pace: number; first: number; at: number } | undefined
  // Requests that were taken in the present second and in the one before: the pace at which a refusal came.
  let second = 0
  let taken = 0
  let takenBefore = 0
  // For the refusals of one burst: the pace before the first of them, and the most requests taken in a second since.
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
    // Fake timers may have set the clock back: `gained` is negative then, and must not become a debt.
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

  /** Lowers the pace after a refusal, anew with each further answer of that burst. If nothing was taken, nothing is learned. */
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
        wait = 0 // it left before the last refusal came back, so it is the same refusal once more
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
