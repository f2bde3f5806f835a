// What one provider can do: declared by the user, or learned from its refusals. Learned facts expire, and never
// override declared ones.

import { defined } from '../base/fields'
import type { Recent } from '../base/recent'
import { createRecent } from '../base/recent'
import type { Old } from '../rpc/need'
import type { ErrorRule } from '../types'
import type { BatchSize } from './batch-size'
import { createBatchSize } from './batch-size'
import type { LearnedLogs, LogCapabilities, LogKnowledge } from './log-limits'
import { createLogKnowledge } from './log-limits'
import type { StateDepth } from './state-depth'
import { createStateDepth } from './state-depth'

/** A kind of `eth_subscribe` that a provider may be declared to take. */
export type SubscriptionKind = 'newHeads' | 'logs' | 'newPendingTransactions'

/** How far back a provider keeps blocks, receipts, logs and transactions (EIP-4444). */
export type HistoryCapabilities = {
  /** The first block whose body, receipts and logs the provider has. Older ones are asked of others first. @default 0 */
  fromBlock?: number | undefined
  /**
   * Whether the provider finds transactions and receipts by hash: all (`true`), those of the last n blocks, or none (`false`).
   * Providers that find all are asked first. @default true; with a `fromBlock` above 0, those from that block on
   */
  transactions?: boolean | number | undefined
}

/** What a provider can do, as far as you declare it. Declared facts are never overridden by learned ones. */
export type Capabilities = {
  /** The methods that the provider serves, and those that it does not: names, or prefixes like `'trace_*'`. @default all */
  methods?: { include?: readonly string[] | undefined; exclude?: readonly string[] | undefined } | undefined
  /**
   * Whether the provider keeps old state: all of it (`true`), that of the last n blocks, or of about the last 128 (`false`).
   * Providers without the state that a request reads are asked last. @default unknown, and learned from its refusals
   */
  archive?: boolean | number | undefined
  /** Which bodies, receipts, logs and transactions the provider keeps (EIP-4444). @default all */
  history?: HistoryCapabilities | undefined
  /** The limits for one `eth_getLogs`: wider requests are split. @default unknown, and learned from its refusals */
  logs?: LogCapabilities | undefined
  /** Whether the provider takes `eth_subscribe`, or which kinds of it. @default unknown, and learned from its refusals */
  subscriptions?: boolean | readonly SubscriptionKind[] | undefined
  /** Your own rules for the errors of the provider. They go before the built-in ones; the first match wins. */
  errors?: readonly ErrorRule[] | undefined
}

/** What the refusals of a provider have shown within the last half hour. */
export type LearnedCapabilities = {
  /** Methods that the provider said it does not know. */
  unsupportedMethods: string[]
  /** The first block whose state the provider is thought to have, if it has refused older state. */
  stateFrom?: number
  /** What one `eth_getLogs` may ask for, if the provider has refused more. */
  logs?: LearnedLogs
  /** Kinds of `eth_subscribe` that the provider has refused. */
  refusedSubscriptions?: string[]
  /** Most requests in one batch, if the provider has refused a larger one; 1: it takes no batches. */
  batchSize?: number
}

/** How long a learned fact is believed (in ms). */
const LASTS = 30 * 60_000
/** Names of methods and of kinds that are remembered as refused, each. */
const MOST_REFUSED = 500
/** Methods that are remembered as served; further ones count as never asked for. */
const MOST_SERVED = 500

export type Capability = LogKnowledge &
  StateDepth &
  BatchSize & {
    readonly errors: readonly ErrorRule[] | undefined
    /** Whether the provider is thought to keep `old`; without a block: of every block. @param head the newest block, if known */
    keeps(old: Old, head: number | undefined, now: number): boolean
    /** Whether the provider may lack old data. While no provider does, the block of a request is not looked at. */
    limitsDepth(): boolean
    /** Whether the user declared that the provider serves the method (`true`) or not (`false`); `undefined` if neither. */
    declares(method: string): boolean | undefined
    /** Whether the provider refused the method within the last half hour. */
    lacks(method: string, now: number): boolean
    /** Whether the provider has refused any method: a cheap test, so that healthy requests need not ask `lacks`. */
    hasLearned(): boolean
    /** The provider said that it does not know the method. Returns whether that was news. */
    learnUnsupported(method: string, now: number): boolean
    /** The provider served the method, whatever it said before. */
    learnSupported(method: string): void
    /** Whether the provider is declared to serve the method, or has served it. */
    serves(method: string): boolean
    /** Whether the provider is thought to take this kind of subscription. */
    servesSubscription(kind: string, now: number): boolean
    /** The provider refused a kind of subscription. Returns whether that was news. */
    learnSubscription(kind: string, now: number): boolean
    learned(now: number): LearnedCapabilities
  }

/** The names of what the provider has refused. */
type Refused = Recent<true>

/** @param largestBatch most requests in one batch, if declared. */
export function createCapability(declared: Capabilities, largestBatch?: number | undefined): Capability {
  const include = matcherOf(declared.methods?.include)
  const exclude = matcherOf(declared.methods?.exclude)
  const { archive, history, subscriptions } = declared
  const methods: Refused = createRecent(MOST_REFUSED, LASTS)
  const served = new Set<string>()
  const kinds: Refused = createRecent(MOST_REFUSED, LASTS)
  const state = createStateDepth(archive, LASTS)
  const batches = createBatchSize(largestBatch, LASTS)
  const { fromBlock = 0, transactions = fromBlock === 0 } = history ?? {}
  const logsFrom = declared.logs?.fromBlock ?? history?.fromBlock
  const isWhole = fromBlock === 0 && transactions === true && !logsFrom
  const logs = createLogKnowledge({ ...declared.logs, fromBlock: logsFrom }, LASTS)

  function declares(method: string) {
    if (exclude?.(method)) return false
    return include ? include(method) : undefined
  }

  function declaresKind(kind: string) {
    return typeof subscriptions === 'object' ? subscriptions.includes(kind as SubscriptionKind) : subscriptions
  }

  return {
    ...state,
    ...logs,
    ...batches,
    errors: declared.errors,
    keeps({ what, block = -1 }, head, now) {
      if (what === 'state') return state.keepsState(block, head, now)
      if (what === 'transaction') return transactions === true
      const first = what === 'logs' ? (logsFrom ?? 0) : fromBlock
      return first === 0 || block >= first
    },
    limitsDepth: () => !isWhole || state.limitsState(),
    declares,
    lacks: (method, now) => methods.get(method, now) === true,
    hasLearned: () => !methods.isEmpty(),
    learnUnsupported(method, now) {
      served.delete(method)
      return !declares(method) && refuse(methods, method, now)
    },
    learnSupported(method) {
      methods.delete(method)
      if (served.size < MOST_SERVED) served.add(method)
    },
    serves: (method) => declares(method) ?? served.has(method),
    servesSubscription: (kind, now) => declaresKind(kind) ?? !kinds.get(kind, now),
    learnSubscription: (kind, now) => declaresKind(kind) === undefined && refuse(kinds, kind, now),
    learned(now) {
      const limits = logs.learnedLogs(now)
      const refused = namesOf(kinds, now)
      return defined({
        unsupportedMethods: namesOf(methods, now),
        stateFrom: state.stateFrom(now),
        logs: limits && { ...limits },
        refusedSubscriptions: refused.length > 0 ? refused : undefined,
        batchSize: batches.learnedBatchSize(now),
      })
    },
  }
}

/** Remembers a refusal, or keeps it for longer. Returns whether it was news. */
function refuse(refused: Refused, name: string, now: number): boolean {
  const isNews = !refused.get(name, now)
  refused.set(name, true, now)
  return isNews
}

function namesOf(refused: Refused, now: number): string[] {
  return refused.all(now).map(([name]) => name)
}

/** A test for a list of names and prefixes (`'trace_*'`); `undefined` for no list. */
export function matcherOf(patterns: readonly string[] | undefined): ((method: string) => boolean) | undefined {
  if (!patterns) return undefined
  const fits = (pattern: string, method: string) =>
    pattern.endsWith('*') ? method.startsWith(pattern.slice(0, -1)) : method === pattern
  return (method) => patterns.some((pattern) => fits(pattern, method))
}
