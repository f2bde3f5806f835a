// The head of each provider, the best head among them, and the lag of the others. Asks nobody, and decides nothing about requests.

import type { Trail } from './block-time'
import { blockTimeOf, SHORTEST, step } from './block-time'
import type { Provider } from './provider'

export type HeadOptions = {
  /** The engine's list, by `index`. */
  readonly providers: readonly Provider[]
  /** The greatest lag (in blocks) with which a provider gets reads of the newest state. @default 2, or 3 s worth if that is more */
  readonly maxLag?: number | undefined
  /** The time between two blocks by the chain's definition (in ms), which holds until it is learned. */
  readonly blockTime?: number | undefined
  /** Called when the best head has moved. */
  readonly onMove?: ((provider: Provider, from: number | undefined, to: number) => void) | undefined
}

export type Heads = {
  /**
   * The provider has shown this block to be its head, which may be lower than before. With `isHead` false it has only shown
   * that it has the block, which may be old: then its head is at least that high, and no further behind than when it was told.
   */
  observe(provider: Provider, height: number, now: number, isHead?: boolean): void
  /** The provider was asked for this block. If it gave it, a head near that block is believed, else it is not. */
  prove(provider: Provider, height: number, isGiven: boolean, now: number): void
  /** The highest head that is believed; `undefined` while no provider has shown a block of late. */
  best(now: number): number | undefined
  /** The learned time between two blocks (in ms); `undefined` while unknown. */
  blockTime(): number | undefined
  /** How many blocks may come in this time (in ms). */
  blocksIn(duration: number): number
  /** The height that the provider has shown last, unless that is too old to count. */
  headOf(provider: Provider, now: number): number | undefined
  /** What the provider has shown last, however long ago. */
  lastOf(provider: Provider): HeadSight | undefined
  /**
   * The lag of a provider (in blocks). Blocks that may have come since its head was seen are not counted. `round` says how
   * their number is rounded: by default up, in favour of the provider.
   */
  lagOf(provider: Provider, now: number, round?: Round): number | undefined
  /** The greatest lag at which a provider still gets reads of the newest state (in blocks). */
  maxLag(): number
  /** Whether the provider is known to have a greater lag than that. */
  isBehind(provider: Provider, now: number): boolean
  /** The head that is so far ahead of all others that its provider should be asked for that block. */
  doubted(now: number): { provider: Provider; height: number } | undefined
  /** The provider turned out to be on another chain: its head does not count. */
  forget(provider: Provider, now: number): void
  /** A lower head was taken by decision: forgets all heads and the block time. */
  reset(): void
}

type Round = (blocks: number) => number

export type HeadSight = { readonly height: number; readonly at: number }

type Height = HeadSight & { readonly isHead: boolean }
type Proof = HeadSight & { readonly isGiven: boolean }
type HeadKnowledge = Height & {
  /** When it last told its head, or showed a block that was not below the best one (in ms of the clock). */
  readonly toldAt: number
  /** Blocks behind the best head then. */
  readonly lag: number
  readonly proof: Proof | undefined
  readonly trail: Trail
}
type Seen = { readonly provider: Provider; readonly sight: HeadKnowledge }

/** A head that was seen longer ago than this (in ms) does not count. */
const FRESH = 30_000
/** A head is far ahead only if it is more than this many blocks ahead. */
const FAR = 64
/** A head is far ahead only if it is more than this many times the blocks ahead that are expected in the time between. */
const TIMES_EXPECTED = 4
/** From this many fresh heads on, a single one that is far ahead is not believed, whatever blocks its provider gives. */
const MANY = 4
/** The block time (in ms) while nothing is known of it. It is short, so that no provider is thought to lag that does not. */
const GUESS = 250
/** The default of `maxLag` is never less than this (in blocks). */
const MAX_LAG_BLOCKS = 2
/** The default of `maxLag` is never less than the blocks of this time (in ms). */
const MAX_LAG_TIME = 3_000
/** Blocks do not come evenly: up to this many times the expected number may have come. */
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

  function trails() {
    return sights.flatMap((sight) => (sight ? [sight.trail] : []))
  }

  /** The heads that count now, the highest first. */
  function ranked(now: number): Seen[] {
    const found: Seen[] = []
    for (const provider of providers) {
      const sight = sightOf(provider)
      if (sight && isFresh(sight, now) && provider.chain.state !== 'wrong') found.push({ provider, sight })
    }
    return found.sort((a, b) => b.sight.height - a.sight.height)
  }

  /** Whether a head is far ahead of the next lower one, or, if there is none, of the best head so far. */
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
    // Of two, the lower head is no proof against the higher one, as it may be far behind: the best head so far decides.
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
    // A best head that nobody shows any more stays for a while: nodes of different heights may be behind one address.
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
    if (!sight || now - sight.toldAt > FRESH || provider.chain.state === 'wrong') return undefined
    const top = bestNow(now)
    const { height, lag, toldAt } = sight
    return top && Math.max(0, lag, top.height - height - blocksIn(Math.max(0, top.since - toldAt), round))
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
      // Only heads tell the block time: a block that was looked up may be old.
      if (isHead && step(trail, height, now)) time = blockTimeOf(new Set([trail, ...trails()]))
      const { toldAt = -Infinity, lag = 0, proof } = last ?? {}
      const isKnown = isHead || now - toldAt <= FRESH
      const sight: HeadKnowledge = {
        height,
        at: now,
        isHead: isKnown,
        toldAt: isKnown ? now : toldAt,
        lag: 0,
        proof,
        trail,
      }
      sights[provider.index] = sight
      judge(now)
      if (!best || height >= best.height) return
      sights[provider.index] = isHead ? { ...sight, lag: best.height - height } : { ...sight, toldAt, lag }
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
      const wasAsked = sight.proof && isFresh(sight.proof, now) && !isFar(sight, sight.proof)
      return wasAsked ? undefined : { provider, height: sight.height }
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
