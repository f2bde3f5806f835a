// Whether an answer may be taken, or another provider may know better: what it shows is set against what is known of the chain
// and what callers were shown. What is done with one that is not taken is doubt.ts.

import { numberToHex } from 'viem'
import type { ChannelState, Provider } from '../../provider/provider'
import { heightOf } from '../../rpc/block'
import type { Attempt } from '../attempt/attempt'
import type { Doubt, Flight, Parts } from '../flight'
import { lacksOld } from '../route/route'
import type { Sight } from './sight'
import { blockOf, isHead, noteSight, showSight, sightOf } from './sight'

/** Notes what the answer shows. `undefined`: it is taken, and counts as shown. For most methods that is all there is to ask. */
export function judge(flight: Flight, attempt: Attempt, value: unknown, now: number): Doubt | undefined {
  const { parts, plan } = flight
  const { block } = plan.need.traits
  if (value === null && isGone(flight, attempt, now))
    return { kind: 'gone', what: 'it is declared not to keep that', height: plan.need.old?.block ?? -1 }
  if (!block) return undefined
  const sight = sightOf(flight, value)
  if (attempt.leftAt < (parts.truth?.resetAt ?? 0)) return ofOld(flight, value, sight)
  if (block.shows === 'reset') parts.truth?.expectReset(now)
  if (sight) noteSight(flight, attempt, sight, now)
  const doubt = parts.truth && doubtOf(flight, attempt, value, sight, now)
  if (sight && !doubt) showSight(flight, sight, value, now)
  return doubt
}

/** Null says nothing where one is declared not to keep what was asked for, while there are others that do. */
function isGone({ parts, plan, route }: Flight, { channel }: Attempt, now: number): boolean {
  const { need, provider } = plan
  const lacks = (one: ChannelState) => lacksOld(one, need, parts.heads.best(now), now)
  return parts.truth !== undefined && provider === undefined && lacks(channel) && !route.candidates.every(lacks)
}

function doubtOf(flight: Flight, attempt: Attempt, value: unknown, sight: Sight | undefined, now: number) {
  const { provider } = attempt.channel
  const { shows } = flight.plan.need.traits.block ?? {}
  if (sight && isHead(sight)) return ofHead(flight, sight.height, now)
  if (sight?.tag) return ofTag(flight, sight.height, sight.tag)
  if (shows === 'logs') return ofLogs(flight, provider, now)
  if (value === null && shows === 'look-up') return ofLookUp(flight, provider, now)
  if (value === null && (shows === 'block' || shows === 'part')) return ofBlock(flight, now)
  // It was asked before it was known to be behind, or because nobody else was left.
  return !shows && flight.reach === 'newest' ? ofState(flight, provider, now) : undefined
}

function ofHead({ parts, plan }: Flight, head: number, now: number): Doubt | undefined {
  // Who asks one provider alone wants to know how far that one is.
  if (plan.isPinned) return undefined
  const best = parts.heads.best(now) ?? head
  const shown = shownIn(parts)
  if (head < shown) return { kind: 'lower', what: 'its head is below the block shown before', height: shown, head }
  if (head < best - parts.heads.maxLag()) return { kind: 'behind', what: 'its head is behind', height: best, head }
  if (head > best) return { kind: 'ahead', what: 'its head is far ahead of all others', height: best, head }
  return undefined
}

/** Asked before a lower head was taken, it says nothing of the chain as it is now; but no number goes back for it. */
function ofOld(flight: Flight, value: unknown, sight: Sight | undefined): Doubt | undefined {
  const { parts, plan } = flight
  if (sight?.tag && !isHead(sight)) return ofTag(flight, sight.height, sight.tag)
  const head = plan.need.traits.block?.shows === 'head' ? heightOf(value) : undefined
  const shown = shownIn(parts)
  if (head === undefined || head >= shown || plan.isPinned) return undefined
  return { kind: 'lower', what: 'it was asked before a lower head was taken', height: shown, head }
}

function ofTag({ parts, plan, request }: Flight, height: number, tag: string): Doubt | undefined {
  const shown = parts.truth?.shownOf(tag) ?? -1
  if (plan.isPinned || height >= shown) return undefined
  // The block shown before is one that it may well have.
  const [, ...others] = request.params as unknown[]
  const instead = { ...request, params: [numberToHex(shown), ...others] }
  return { kind: 'lower', what: `its ${tag} block is below the one shown before`, height: shown, instead }
}

function ofBlock({ parts, request, held }: Flight, now: number): Doubt | undefined {
  const named = heightOf(blockOf(held?.doubt.instead?.params ?? request.params))
  if (named === undefined || named > highestOf(parts, now)) return undefined
  return { kind: 'missing', what: 'it has no such block, others are past it', height: named }
}

/** Whoever may not have seen yet what callers were shown does not know the hash, or does not know it yet. */
function ofLookUp({ parts }: Flight, provider: Provider, now: number): Doubt | undefined {
  const { heads } = parts
  const isBelow = (heads.lagOf(provider, now) ?? 0) > 0 || (heads.lastOf(provider)?.height ?? -1) < shownIn(parts)
  if (!isBelow) return undefined
  return { kind: 'missing', what: 'it does not know the hash, and may be behind', height: highestOf(parts, now) }
}

/** A node answers logs past its own head with those it has. */
function ofLogs({ parts, reach, plan }: Flight, provider: Provider, now: number): Doubt | undefined {
  // The newest of one that is asked alone is its own.
  if (reach === undefined || (reach === 'newest' && plan.isPinned)) return undefined
  const height = reach === 'newest' ? shownIn(parts) : Math.min(reach, highestOf(parts, now))
  if (reaches(parts, provider, height, now)) return undefined
  return { kind: 'missing', what: 'its head may be below the end of the range', height }
}

function ofState({ parts, plan }: Flight, provider: Provider, now: number): Doubt | undefined {
  const { heads } = parts
  if (!heads.isBehind(provider, now) || plan.isPinned || plan.provider) return undefined
  return { kind: 'behind', what: 'it is behind', height: heads.best(now) ?? -1 }
}

/** Whether its head is at least that block, as far as can be told. */
function reaches({ heads }: Parts, provider: Provider, height: number, now: number): boolean {
  if ((heads.lastOf(provider)?.height ?? -1) >= height) return true
  // Older blocks are assumed everywhere, but where somebody is known to be behind them.
  return height <= (heads.best(now) ?? -1) - Math.max(heads.maxLag(), heads.lagOf(provider, now) ?? 0)
}

function shownIn({ truth }: Parts): number {
  return truth?.shown ?? -1
}

function highestOf(parts: Parts, now: number): number {
  return Math.max(parts.heads.best(now) ?? -1, shownIn(parts))
}
