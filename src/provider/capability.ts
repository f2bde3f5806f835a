// What one provider can do: declared by the user, or learned from its refusals. Learned facts expire and never beat declared ones.

import type { ErrorRule } from '../types'

export type Capabilities = {
  /** Methods it serves: names, or prefixes like `'trace_*'`. */
  methods?: { include?: readonly string[] | undefined; exclude?: readonly string[] | undefined } | undefined
  /** Whether it keeps old state: all of it, that of the last n blocks, or only the newest (`false`, about 128 blocks). */
  archive?: boolean | number | undefined
  /** Rules for its errors, asked before the built-in ones; the first match wins. */
  errors?: readonly ErrorRule[] | undefined
}

/** What was learned holds for so long (in ms). */
const LEARNED_LASTS = 30 * 60_000
/** What a node keeps that is no archive (in blocks). */
const PRUNED = 128
const MOST_LEARNED = 500
const BATCH_SIZE = 20

export type LearnedCapabilities = {
  unsupportedMethods: string[]
  /** Most requests in one batch, if a larger one was refused; 1: it takes none. */
  batchSize?: number
}

export type Capability = {
  readonly errors: readonly ErrorRule[] | undefined
  /** Whether it has the state of a block that is `age` blocks behind the head, as far as was said. */
  keepsState(age: number): boolean
  /** Whether the user said that it does (`true`) or does not (`false`) serve the method; `undefined` if nothing was said. */
  declares(method: string): boolean | undefined
  /** Whether it refused the method a while ago. */
  lacks(method: string, now: number): boolean
  /** Whether anything is learned at all: the cheap question of the healthy path. */
  hasLearned(): boolean
  /** The provider said that it does not know the method. Returns whether that was news. */
  learnUnsupported(method: string, now: number): boolean
  /** It served the method after all. */
  unlearn(method: string): void
  /** Most requests in one batch. */
  batchSize(now: number): number
  /** It refused a batch and takes `most` at a time. Returns whether that was news. */
  learnBatchSize(most: number, now: number): boolean
  learned(now: number): LearnedCapabilities
}

/** @param largestBatch most requests in one batch, while no such one is refused. */
export function createCapability(declared: Capabilities, largestBatch: number = BATCH_SIZE): Capability {
  const include = matcherOf(declared.methods?.include)
  const exclude = matcherOf(declared.methods?.exclude)
  const depth = typeof declared.archive === 'number' ? declared.archive : declared.archive === false ? PRUNED : Infinity
  const unsupported = new Map<string, number>()
  let batch: { most: number; until: number } | undefined

  function batchSize(now: number) {
    if (batch && now >= batch.until) batch = undefined
    return batch ? batch.most : largestBatch
  }

  function declares(method: string) {
    if (exclude?.(method)) return false
    return include ? include(method) : undefined
  }

  return {
    errors: declared.errors,
    keepsState: (age) => age <= depth,
    declares,
    lacks(method, now) {
      const until = unsupported.get(method)
      if (until === undefined) return false
      if (now < until) return true
      unsupported.delete(method)
      return false
    },
    hasLearned: () => unsupported.size > 0,
    learnUnsupported(method, now) {
      if (declares(method)) return false
      const isNews = now >= (unsupported.get(method) ?? -Infinity)
      unsupported.delete(method) // the newest stand last
      if (unsupported.size >= MOST_LEARNED) unsupported.delete(unsupported.keys().next().value as string)
      unsupported.set(method, now + LEARNED_LASTS)
      return isNews
    },
    unlearn(method) {
      unsupported.delete(method)
    },
    batchSize,
    learnBatchSize(most, now) {
      const before = batchSize(now)
      if (most > before) return false
      batch = { most, until: now + LEARNED_LASTS }
      return most < before
    },
    learned: (now) => ({
      unsupportedMethods: [...unsupported].filter(([, until]) => now < until).map(([method]) => method),
      ...(batch && now < batch.until && { batchSize: batch.most }),
    }),
  }
}

/** A test for a list of names and prefixes (`'trace_*'`); `undefined` for no list. */
export function matcherOf(patterns: readonly string[] | undefined): ((method: string) => boolean) | undefined {
  if (!patterns) return undefined
  const names = new Set<string>()
  const prefixes: string[] = []
  for (const pattern of patterns) {
    if (pattern.endsWith('*')) prefixes.push(pattern.slice(0, -1))
    else names.add(pattern)
  }
  return (method) => names.has(method) || prefixes.some((prefix) => method.startsWith(prefix))
}
