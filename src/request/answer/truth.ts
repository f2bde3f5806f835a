// What callers were shown of the chain's newest blocks, so that nothing goes backwards, and the decision to take a lower head
// all the same. Judging single answers is judge.ts.

import type { Events } from '../../events'
import type { Heads } from '../../provider/head'
import type { Provider } from '../../provider/provider'
import { doubtChain } from '../../provider/provider'

type Kept = { readonly height: number; readonly answer: unknown }

type TruthOptions = {
  readonly providers: readonly Provider[]
  readonly heads: Heads
  readonly events: Events
}

export type Truth = {
  /** Highest block that was shown to a caller; -1 while none was. */
  readonly shown: number
  /** The same without what only a receipt or a log was shown of: some nodes have those before their block is made. */
  readonly made: number
  /** What was asked before this time (in ms of the clock) says nothing of the chain as it is now. */
  readonly resetAt: number
  /** A caller is shown this block, or a part of it. */
  show(height: number, now: number, isPart?: boolean): void
  /**
   * A provider, asked at `askedAt`, has told its head.
   * @param since what others told when asked before is too old to decide by
   */
  note(provider: Provider, height: number, askedAt: number, since: number, now: number): void
  /** The highest block given for `latest`, `safe` or `finalized`. */
  shownOf(tag: string): number
  /** The last answer of the same form, if it is of this block or a later one. */
  answerOf(form: string, height: number): Kept | undefined
  keep(tag: string, form: string, height: number, answer: unknown): void
  /** A call that takes the chain back has passed through. */
  expectReset(now: number): void
  /** A lower head was taken by others: what was shown is forgotten. */
  forget(now: number): void
  /** Called whenever a lower head is taken. */
  readonly onReset: Set<() => void>
}

/** A provider that is asked alone must show a lower head twice, this far apart (in ms). */
const APART = 1_000
/** A block that is being made is at most this far above the head of its node, or of a slower one behind the same address. */
const AHEAD = 4

export function createTruth({ providers, heads, events }: TruthOptions): Truth {
  let shown = -1
  let made = -1
  let resetAt = -Infinity
  /** When a provider last showed what callers were shown, or more. */
  let seenAt = -Infinity
  /** The highest block shown before a call that took the chain back, until the head is known that it led to. */
  let before: number | undefined
  const lows = new Map<Provider, { height: number; askedAt: number; firstAt: number }>()
  const tags = new Map<string, number>()
  const answers = new Map<string, Kept>()
  const onReset = new Set<() => void>()

  /** Callers are shown this, or a provider has shown as much as they were. */
  function raise(height: number, now: number) {
    shown = height
    seenAt = now
    lows.clear()
  }

  /**
   * Whether the chain need not have become shorter: callers were shown no more than a part of what is above, and that may be of
   * a block that is still being made.
   */
  const isUnmade = (height: number) => height >= made && shown - height <= AHEAD

  /** Whether every provider that can be asked shows a lower head, asked together; one alone must have done so twice. */
  function isDecided(since: number, now: number) {
    const usable = usableOf(providers, now)
    const told = usable.flatMap((provider) => lows.get(provider) ?? [])
    const [only] = told
    if (!only || told.length < usable.length) return false
    if (usable.length === 1) return isUnmade(only.height) || now - only.firstAt >= APART
    return told.every(({ askedAt }) => askedAt >= since)
  }

  function takeLower(now: number) {
    const from = shown
    const seen = [...lows]
    const highest = Math.max(...seen.map(([, { height }]) => height))
    if (isUnmade(highest)) return raise(highest, now)
    forget(now)
    for (const [provider, { height }] of seen) heads.observe(provider, height, now)
    announce(from, highest, now)
  }

  /** From here on the chain is `height` blocks high, or was when it was asked. */
  function announce(from: number, height: number, now: number) {
    raise(height, now)
    made = height
    const first = Math.min(height + 1, from)
    events.emit('reorg', { from: first, to: from, depth: from - first + 1, reset: true })
  }

  function forget(now: number) {
    resetAt = now
    shown = made = -1
    lows.clear()
    tags.clear()
    answers.clear()
    heads.reset()
    for (const provider of providers) {
      provider.capability.forgetState()
      doubtChain(provider)
    }
    for (const listener of onReset) listener()
  }

  return {
    get shown() {
      return shown
    },
    get made() {
      return made
    },
    get resetAt() {
      return resetAt
    },
    show(height, now, isPart) {
      if (!isPart) made = Math.max(made, height)
      if (height > shown) raise(height, now)
    },
    note(provider, height, askedAt, since, now) {
      if (before !== undefined) {
        const from = before
        before = undefined
        return announce(from, height, now)
      }
      if (height >= shown) return raise(shown, now)
      if (askedAt < seenAt) return
      lows.set(provider, { height, askedAt, firstAt: lows.get(provider)?.firstAt ?? now })
      if (isDecided(since, now)) takeLower(now)
    },
    shownOf: (tag) => tags.get(tag) ?? -1,
    answerOf(form, height) {
      const kept = answers.get(form)
      return kept && kept.height >= height ? kept : undefined
    },
    keep(tag, form, height, answer) {
      // Who asked one provider alone was shown what others are not.
      if (height < (tags.get(tag) ?? -1)) return
      tags.set(tag, height)
      answers.set(form, { height, answer })
    },
    expectReset(now) {
      const highest = Math.max(shown, heads.best(now) ?? -1)
      forget(now)
      if (highest >= 0) before = Math.max(highest, before ?? -1)
    },
    forget,
    onReset,
  }
}

/** Those whose word counts: backups only where nobody else is left. */
function usableOf(providers: readonly Provider[], now: number): Provider[] {
  const able = providers.filter(
    ({ chain, channels, quota }) =>
      chain.state !== 'wrong' &&
      channels.some(({ breaker }) => breaker.isClosed()) &&
      quota.cooldownUntil(now) === undefined,
  )
  const first = able.filter(({ setup }) => !setup.isBackup)
  return first.length > 0 ? first : able
}
