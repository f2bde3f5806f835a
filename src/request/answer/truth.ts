// What callers were shown of the newest blocks, so that no number goes backwards; and the decision to take a lower head all the
// same, if the chain itself went back. judge.ts judges single answers.

import { someOrAll } from '../../base/lists'
import type { Events } from '../../events'
import type { Heads } from '../../provider/head'
import type { Provider } from '../../provider/provider'
import { doubtChain } from '../../provider/provider'

/** An answer that was given for a tag, and the height of its block. */
type Kept = { readonly tag: string; readonly height: number; readonly answer: unknown }

type TruthOptions = {
  readonly providers: readonly Provider[]
  readonly heads: Heads
  readonly events: Events
}

export type Truth = {
  /** Height of the highest block that a caller was shown; -1 if none was. */
  readonly shown: number
  /** The same without blocks of which only a receipt or a log was shown: some nodes have those before the block is made. */
  readonly made: number
  /** When a lower head was last taken (in ms of the clock): answers asked for before say nothing of the chain as it is now. */
  readonly resetAt: number
  /** A caller is shown this block, or with `isPart` only a receipt or a log of it. */
  show(height: number, now: number, isPart?: boolean): void
  /**
   * A provider, asked at `askedAt`, has told its head.
   * @param since heads of providers that were asked before this time do not count in the decision
   */
  note(provider: Provider, height: number, askedAt: number, since: number, now: number): void
  /** Height of the highest block that was given for `latest`, `safe` or `finalized`; -1 for none. */
  shownOf(tag: string): number
  /** The last answer of this form (see sight.ts), if its block is at least this high. */
  answerOf(form: string, height: number): Kept | undefined
  /** Keeps an answer that is given for a tag, unless a higher one was. */
  keep(tag: string, form: string, height: number, answer: unknown): void
  /** A call that sets the chain back (`evm_revert`) has passed through: all is forgotten, and the next head is taken. */
  expectReset(now: number): void
  /** A lower head is taken, by this part or by a subscription: forgets what was shown and what was known of the chain. */
  forget(now: number): void
  /** Called whenever a lower head is taken. */
  readonly onReset: Set<() => void>
}

/** If only one provider can be asked, it must show a lower head twice, this far apart (in ms). */
const APART = 1_000
/** A block that is being made is at most this far above the head of its node, or of a slower one behind the same address. */
const AHEAD = 4

export function createTruth({ providers, heads, events }: TruthOptions): Truth {
  let shown = -1
  let made = -1
  let resetAt = -Infinity
  /** When a provider last showed `shown` or more (in ms of the clock). */
  let seenAt = -Infinity
  /** Height of the highest block before a call that set the chain back, until the head that it led to is known. */
  let before: number | undefined
  /** Providers that have shown a lower head since `seenAt`. */
  const lows = new Map<Provider, { height: number; askedAt: number; firstAt: number }>()
  const answers = new Map<string, Kept>()
  const onReset = new Set<() => void>()

  /** `height` counts as shown, and a provider has shown as much: heads below it that were seen so far decide nothing. */
  function raise(height: number, now: number) {
    shown = height
    seenAt = now
    lows.clear()
  }

  /**
   * Whether the chain need not have become shorter: callers were shown no more than a part of what is above, and that may be of
   * a block that is still being made.
   */
  function isUnmade(height: number) {
    return height >= made && shown - height <= AHEAD
  }

  function shownOf(tag: string) {
    return Math.max(-1, ...[...answers.values()].map((kept) => (kept.tag === tag ? kept.height : -1)))
  }

  /** Whether all providers that can be asked have shown lower heads, all asked since `since`; one alone must show it twice. */
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

  /** The head is at `height` now: counts that as shown, and emits the reorg. */
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
    shownOf,
    answerOf(form, height) {
      const kept = answers.get(form)
      return kept && kept.height >= height ? kept : undefined
    },
    keep(tag, form, height, answer) {
      // A caller who asks one provider alone may be shown less than others were: that is not kept.
      if (height >= shownOf(tag)) answers.set(form, { tag, height, answer })
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

/** The providers that decide whether a lower head is taken: those that can be asked; backups only if no other can. */
function usableOf(providers: readonly Provider[], now: number): readonly Provider[] {
  const able = providers.filter(
    ({ chain, channels, quota }) =>
      chain.state !== 'wrong' &&
      channels.some(({ breaker }) => breaker.isClosed()) &&
      quota.cooldownUntil(now) === undefined,
  )
  return someOrAll(able, ({ setup }) => !setup.isBackup)
}
