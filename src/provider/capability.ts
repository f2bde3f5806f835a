// What one provider can do: declared by the user, or learned from its refusals. Learned facts expire and never beat declared ones.

import { defined } from '../base/defined'
import type { Old } from '../rpc/need'
import type { ErrorRule } from '../types'
import type { BatchSize } from './batch-size'
import { createBatchSize } from './batch-size'
import type { LearnedLogs, LogCapabilities, LogKnowledge } from './log-limits'
import { createLogKnowledge } from './log-limits'
import { createRefusals } from './refusals'
import type { StateDepth } from './state-depth'
import { createStateDepth } from './state-depth'

export type SubscriptionKind = 'newHeads' | 'logs' | 'newPendingTransactions'

export type HistoryCapabilities = {
  /** The first block whose body and receipts it has; what is older is asked of others. @default 0 */
  fromBlock?: number | undefined
  /**
   * Whether it finds transactions and receipts by hash: all, those of the last n blocks, or none (`false`). Those that find
   * all are asked first. @default all, with a `fromBlock` above 0 those from there on
   */
  transactions?: boolean | number | undefined
}

export type Capabilities = {
  /** Methods it serves: names, or prefixes like `'trace_*'`. */
  methods?: { include?: readonly string[] | undefined; exclude?: readonly string[] | undefined } | undefined
  /** Whether it keeps old state: all of it, that of the last n blocks, or only the newest (`false`, about 128 blocks). */
  archive?: boolean | number | undefined
  /** Which bodies, receipts and transactions it keeps (EIP-4444). */
  history?: HistoryCapabilities | undefined
  /** What it allows of one `eth_getLogs`: wider requests are split. Learned from its refusals where nothing is said. */
  logs?: LogCapabilities | undefined
  /** Whether it takes `eth_subscribe`, or which kinds of it. Learned from its refusals where nothing is said. */
  subscriptions?: boolean | readonly SubscriptionKind[] | undefined
  /** Rules for its errors, asked before the built-in ones; the first match wins. */
  errors?: readonly ErrorRule[] | undefined
}

export type LearnedCapabilities = {
  unsupportedMethods: string[]
  /** The first block whose state it is thought to have, as far as it refused older ones. */
  stateFrom?: number
  /** What one `eth_getLogs` may ask of it, as far as it refused more. */
  logs?: LearnedLogs
  refusedSubscriptions?: string[]
  /** Most requests in one batch, if a larger one was refused; 1: it takes none. */
  batchSize?: number
}

/** What is learned is believed this long (in ms). */
const LASTS = 30 * 60_000
/** Methods that are known to be served; beyond that it is as with those it was never asked for. */
const MOST_SERVED = 500

export type Capability = LogKnowledge &
  StateDepth &
  BatchSize & {
    readonly errors: readonly ErrorRule[] | undefined
    /** Whether it keeps this, of any block if none is named, as far as was said or is known. @param head the newest block, if one is known */
    keeps(old: Old, head: number | undefined, now: number): boolean
    /** Whether it may not keep all: while everybody does, nobody needs to look at the block of a request. */
    limitsDepth(): boolean
    /** Whether the user said that it does (`true`) or does not (`false`) serve the method; `undefined` if nothing was said. */
    declares(method: string): boolean | undefined
    /** Whether it refused the method a while ago. */
    lacks(method: string, now: number): boolean
    /** Whether it has refused any method: the cheap question of the healthy path. */
    hasLearned(): boolean
    /** The provider said that it does not know the method. Returns whether that was news. */
    learnUnsupported(method: string, now: number): boolean
    /** It served the method: whatever it said of it before. */
    learnSupported(method: string): void
    /** Whether the user said that it serves the method, or it has. */
    serves(method: string): boolean
    /** Whether it takes this kind of subscription, as far as was said or is known. */
    servesSubscription(kind: string, now: number): boolean
    /** It has refused a kind of subscription. Returns whether that was news. */
    learnSubscription(kind: string, now: number): boolean
    learned(now: number): LearnedCapabilities
  }

/** @param largestBatch most requests in one batch, as far as was said. */
export function createCapability(declared: Capabilities, largestBatch?: number | undefined): Capability {
  const include = matcherOf(declared.methods?.include)
  const exclude = matcherOf(declared.methods?.exclude)
  const { archive, history, subscriptions } = declared
  const methods = createRefusals(LASTS)
  const served = new Set<string>()
  const kinds = createRefusals(LASTS)
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
    lacks: methods.has,
    hasLearned: () => methods.size() > 0,
    learnUnsupported(method, now) {
      served.delete(method)
      return !declares(method) && methods.add(method, now)
    },
    learnSupported(method) {
      methods.remove(method)
      if (served.size < MOST_SERVED) served.add(method)
    },
    serves: (method) => declares(method) ?? served.has(method),
    servesSubscription: (kind, now) => declaresKind(kind) ?? !kinds.has(kind, now),
    learnSubscription: (kind, now) => declaresKind(kind) === undefined && kinds.add(kind, now),
    learned(now) {
      const limits = logs.learnedLogs(now)
      const refused = kinds.all(now)
      return defined({
        unsupportedMethods: methods.all(now),
        stateFrom: state.stateFrom(now),
        logs: limits && { ...limits },
        refusedSubscriptions: refused.length > 0 ? refused : undefined,
        batchSize: batches.learnedBatchSize(now),
      })
    },
  }
}

/** A test for a list of names and prefixes (`'trace_*'`); `undefined` for no list. */
export function matcherOf(patterns: readonly string[] | undefined): ((method: string) => boolean) | undefined {
  if (!patterns) return undefined
  const fits = (pattern: string, method: string) =>
    pattern.endsWith('*') ? method.startsWith(pattern.slice(0, -1)) : method === pattern
  return (method) => patterns.some((pattern) => fits(pattern, method))
}
