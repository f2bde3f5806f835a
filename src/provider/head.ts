// Which block each provider has shown last, the best head among them, how far the others are behind it, and the chain's block
// time. Asks nobody, and decides nothing about requests.

import type { Provider } from './provider'

export type HeadOptions = {
  /** The engine's list, by `index`. */
  readonly providers: readonly Provider[]
  /** A provider further behind than this (in blocks) is left alone by reads of the newest state. @default 2 blocks, or 3 s worth of them if that is more */
  readonly maxLag?: number | undefined
  /** What the chain's definition says of the time between two blocks (in ms), until it is learned. */
  readonly blockTime?: number | undefined
  /** The best head has moved. */
  readonly onMove?: ((provider: Provider, from: number | undefined, to: number) => void) | undefined
}

export type Heads = {
  /**
   * The provider has shown this block to be its newest; it may be a lower one than before. Or, with `isHead` false, only that
   * it has a higher one than it had shown: while it has told no head, that says nothing of how far the chain is.
   */
  observe(provider: Provider, height: number, now: number, isHead?: boolean): void
  /** The provider has given this block, or not: a head near it needs no second witness, or has no other chance. */
  prove(provider: Provider, height: number, isGiven: boolean, now: number): void
  /** Highest head that is believed; `undefined` while nothing is known that is not too old. */
  best(now: number): number | undefined
  /** Usual time between two blocks (in ms), learned; `undefined` while unknown. */
  blockTime(): number | undefined
  /** How many blocks may come in this time (in ms). */
  blocksIn(duration: number): number
  /** What the provider has shown last, unless that is too old to count. */
  headOf(provider: Provider, now: number): number | undefined
  /** What the provider has shown last, however long ago, and when. */
  lastOf(provider: Provider): HeadSight | undefined
  /**
   * How many blocks it is behind the best head. Blocks that have come since it was seen are not held against it: by default
   * also one that may have, as soon as any time has passed.
   */
  lagOf(provider: Provider, now: number, round?: Round): number | undefined
  /** Blocks that a provider may be behind. */
  maxLag(): number
  /** Whether it is known to be further behind than that. */
  isBehind(provider: Provider, now: number): boolean
  /** A head that is so far ahead of all others that its provider should be asked for that block. */
  doubted(now: number): { provider: Provider; height: number } | undefined
  /** The provider turned out to be on another chain. */
  forget(provider: Provider, now: number): void
  /** A lower head was taken by decision: all that is known is forgotten. */
  reset(): void
}

type Round = (blocks: number) => number

export type HeadSight = { readonly height: number; readonly at: number }

type Height = HeadSight & { readonly isHead: boolean }
type Proof = HeadSight & { readonly isGiven: boolean }
/** `isHead`: whether it has told how far it is. `lag`: blocks behind the best head when it was seen. `trail`: its steps forward, oldest first, for the block time. */
type HeadKnowledge = Height & { readonly lag: number; readonly proof: Proof | undefined; readonly trail: HeadSight[] }
type Seen = { readonly provider: Provider; readonly sight: HeadKnowledge }

/** What was seen longer ago (in ms) does not count. */
const FRESH = 30_000
/** A head this many blocks ahead, and this many times the blocks expected meanwhile, needs a second witness. */
const FAR = 64
const TIMES_EXPECTED = 4
/** From this many providers on, one that is far ahead alone is not believed whatever it shows. */
const MANY = 4
/** While nothing is known of the block time it is taken to be short (in ms), so that nobody is misjudged. */
const GUESS = 250
const SHORTEST = 10
/** A block time is learned from this many blocks on, over the last steps. */
const LEAST_BLOCKS = 3
const MOST_STEPS = 16
const MAX_LAG_BLOCKS = 2
const MAX_LAG_TIME = 3_000
/** Blocks do not come evenly: this many times the expected ones may have come. */
const SLACK = 1.25

export function createHeads({ providers, maxLag: given, blockTime, onMove }: HeadOptions): Heads {
  const usual = Math.max(SHORTEST, blockTime || GUESS)
  const sights: (HeadKnowledge | undefined)[] = []
  /** `since`: when that height was first seen; `at`: when it was last seen. */
  let best: (Height & { readonly since: number }) | undefined
  let time: number | undefined

  const sightOf = ({ index }: Provider) => sights[index]
  const isFresh = ({ at }: HeadSight, now: number) => now - at <= FRESH
  /** The best head, unless it is too old. */
  const bestOf = (now: number) => (best && isFresh(best, now) ? best : undefined)

  function isFar(sight: HeadSight, from: HeadSight) {
    const expected = Math.abs(sight.at - from.at) / (time ?? usual)
    return sight.height - from.height > Math.max(FAR, TIMES_EXPECTED * expected)
  }

  /** Those that count now, the highest first. */
  function ranked(now: number): Seen[] {
    const found: Seen[] = []
    for (const provider of providers) {
      const sight = sightOf(provider)
      if (sight && isFresh(sight, now) && provider.chain.state !== 'wrong') found.push({ provider, sight })
    }
    return found.sort((a, b) => b.sight.height - a.sight.height)
  }

  /** Whether it is far ahead of the next one, or, alone, of what was believed before. */
  function isAlone(all: readonly Seen[], index: number, now: number) {
    const { sight } = all[index] as Seen
    const next = all[index + 1]?.sight ?? bestOf(now)
    return next?.isHead === true && isFar(sight, next)
  }

  function isBelieved(all: readonly Seen[], index: number, now: number) {
    if (!isAlone(all, index, now)) return true
    if (all.length >= MANY) return false
    const { sight } = all[index] as Seen
    if (sight.proof) return sight.proof.isGiven && !isFar(sight, sight.proof)
    // One that says otherwise is no proof against what was believed before: it may be far behind.
    const believed = bestOf(now)
    return all.length === 2 && believed !== undefined && !isFar(sight, believed)
  }

  function judge(now: number) {
    const all = ranked(now)
    const found = all.find((_, index) => isBelieved(all, index, now))
    if (!found) return
    const { provider, sight } = found
    const { height, isHead } = sight
    const believed = bestOf(now)
    if (believed && height === believed.height) {
      best = { ...believed, at: Math.max(believed.at, sight.at), isHead: isHead || believed.isHead }
      return
    }
    // What nobody shows any more stays the best for a while: behind one address there may be nodes that differ.
    if (believed && height < believed.height && !isFar({ height: believed.height, at: now }, sight)) return
    const from = best?.height
    best = { height, at: sight.at, since: sight.at, isHead }
    if (from !== height) onMove?.(provider, from, height)
  }

  /** Forgets a best head that is too old. */
  function bestNow(now: number) {
    if (best && !bestOf(now)) {
      best = undefined
      judge(now)
    }
    return best
  }

  function lagOf(provider: Provider, now: number, round: Round = Math.ceil) {
    const sight = sightOf(provider)
    if (!sight?.isHead || !isFresh(sight, now) || provider.chain.state === 'wrong') return undefined
    const top = bestNow(now)
    return top && Math.max(0, sight.lag, top.height - sight.height - blocksIn(Math.max(0, top.since - sight.at), round))
  }

  function blocksIn(duration: number, round: Round = Math.ceil) {
    return round((duration / (time ?? usual)) * SLACK)
  }

  function maxLag() {
    return given ?? Math.max(MAX_LAG_BLOCKS, Math.ceil(MAX_LAG_TIME / (time ?? usual)))
  }

  return {
    observe(provider, height, now, isHead = true) {
      const last = sightOf(provider)
      const trail = last?.trail ?? []
      // A block that was looked up may be old.
      if (isHead && step(trail, height, now)) time = blockTimeOf(sights, trail)
      const isKnown = isHead || (last?.isHead === true && isFresh(last, now))
      const sight: HeadKnowledge = { height, at: now, isHead: isKnown, lag: 0, proof: last?.proof, trail }
      sights[provider.index] = sight
      judge(now)
      if (best && height < best.height) sights[provider.index] = { ...sight, lag: best.height - height }
    },
    prove(provider, height, isGiven, now) {
      const sight = sightOf(provider)
      if (!sight) return
      sights[provider.index] = { ...sight, proof: { height, at: now, isGiven } }
      judge(now)
    },
    best: (now) => bestNow(now)?.height,
    blockTime: () => time,
    blocksIn,
    headOf(provider, now) {
      const sight = sightOf(provider)
      return sight && isFresh(sight, now) ? sight.height : undefined
    },
    lastOf: sightOf,
    lagOf,
    maxLag,
    isBehind: (provider, now) => (lagOf(provider, now) ?? 0) > maxLag(),
    doubted(now) {
      const all = ranked(now)
      const [first] = all
      if (!first || all.length >= MANY || !isAlone(all, 0, now)) return undefined
      const { provider, sight } = first
      const isProven = sight.proof && isFresh(sight.proof, now) && !isFar(sight, sight.proof)
      return isProven ? undefined : { provider, height: sight.height }
    },
    forget(provider, now) {
      if (!sights[provider.index]) return
      sights[provider.index] = undefined
      best = undefined
      judge(now)
    },
    reset() {
      sights.length = 0
      best = undefined
      time = undefined
    },
  }
}

/** Notes a step forward. Returns whether it was one. */
function step(trail: HeadSight[], height: number, at: number): boolean {
  const last = trail.at(-1)
  if (last && height <= last.height) {
    // Far below, it is another stretch of the chain, or another chain.
    if (last.height - height > FAR) trail.splice(0, trail.length, { height, at })
    return false
  }
  trail.push({ height, at })
  if (trail.length > MOST_STEPS) trail.shift()
  return true
}

/** The median of what the providers' steps say: one that catches up, or was stuck, moves at another pace. */
function blockTimeOf(sights: readonly (HeadKnowledge | undefined)[], own: HeadSight[]): number | undefined {
  const trails = new Set([own, ...sights.flatMap((sight) => (sight?.trail[0] ? [sight.trail] : []))])
  const times: number[] = []
  for (const trail of trails) {
    const [first, last] = [trail[0], trail.at(-1)] as [HeadSight, HeadSight]
    const blocks = last.height - first.height
    if (blocks >= LEAST_BLOCKS) times.push((last.at - first.at) / blocks)
  }
  const median = times.sort((a, b) => a - b)[times.length >> 1]
  return median === undefined ? undefined : Math.max(SHORTEST, median)
}
