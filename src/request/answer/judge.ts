// Judges answers: whether one may be taken, or is in doubt as another provider may know better. What it shows is compared with
// what is known of the chain and with what callers were shown. doubt.ts handles those in doubt.

import { numberToHex } from 'viem'
import type { ChannelState, Provider } from '../../provider/provider'
import { heightOf } from '../../rpc/block'
import { paramOf } from '../../rpc/params'
import type { Attempt } from '../attempt/attempt'
import type { Doubt, Flight, Parts } from '../flight'
import { highestIn, shownIn } from '../route/head-order'
import { lacksOld } from '../route/route'
import type { Sight } from './sight'
import { isHead, noteSight, showSight, sightOf } from './sight'

/** Notes what the answer shows of the chain. Returns `undefined` if it is taken: then it counts as shown to a caller. */
export function judge(flight: Flight, attempt: Attempt, value: unknown, now: number): Doubt | undefined {
  const { parts, plan } = flight
  const { block } = plan.need.traits
  if (value === null && isGone(flight, attempt, now))
    return { kind: 'unfit', what: 'it is declared not to keep that', height: plan.need.old?.block ?? -1 }
  if (!block) return undefined
  const sight = sightOf(flight, value)
  if (attempt.leftAt < (parts.truth?.resetAt ?? 0)) return ofOld(flight, value, sight)
  if (block.shows === 'reset' && value !== false) parts.truth?.expectReset(now)
  if (sight) noteSight(flight, attempt, sight, now)
  const doubt = parts.truth && doubtOf(flight, attempt, value, sight, now)
  if (sight && !doubt) showSight(flight, sight, value, now)
  return doubt
}

/** Whether a null says nothing: the provider does not keep such old data, while another candidate does. */
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
  // A read of the newest state, sent before its provider was known to be behind, or because no other was left.
  return !shows && flight.reach === 'newest' ? ofState(flight, provider, now) : undefined
}

function ofHead({ parts, plan }: Flight, head: number, now: number): Doubt | undefined {
  // A caller who asks one provider alone wants to know the head of that one.
  if (plan.isPinned) return undefined
  const best = parts.heads.best(now) ?? head
  const shown = shownIn(parts)
  if (head < shown) return { kind: 'lower', what: 'its head is below the block shown before', height: shown, head }
  if (head < best - parts.heads.maxLag()) return { kind: 'unfit', what: 'its head is behind', height: best, head }
  if (head > best) return { kind: 'ahead', what: 'its head is far ahead of all others', height: best, head }
  return undefined
}

/** An answer asked for before a lower head was taken: it says nothing of the chain, but its number must not go back. */
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
  // The provider may well have the block that was shown before, so it is asked for that by number.
  const [, ...others] = request.params as unknown[]
  const instead = { ...request, params: [numberToHex(shown), ...others] }
  return { kind: 'lower', what: `its ${tag} block is below the one shown before`, height: shown, instead }
}

function ofBlock({ parts, request, held }: Flight, now: number): Doubt | undefined {
  const named = heightOf(paramOf(held?.doubt.instead?.params ?? request.params, 0))
  if (named === undefined || named > highestIn(parts, now)) return undefined
  return { kind: 'missing', what: 'it has no such block, others are past it', height: named }
}

/** A null for a hash. If the provider may be below what callers were shown, it may not know the hash yet. */
function ofLookUp({ parts }: Flight, provider: Provider, now: number): Doubt | undefined {
  const { heads } = parts
  const isBelow = (heads.lagOf(provider, now) ?? 0) > 0 || (heads.lastOf(provider)?.height ?? -1) < shownIn(parts)
  if (!isBelow) return undefined
  return { kind: 'missing', what: 'it does not know the hash, and may be behind', height: highestIn(parts, now) }
}

/** Logs. For a range that ends past its own head, a node gives those that it has, without an error. */
function ofLogs({ parts, reach, plan }: Flight, provider: Provider, now: number): Doubt | undefined {
  // For a provider that is asked alone, the newest block is its own.
  if (reach === undefined || (reach === 'newest' && plan.isPinned)) return undefined
  const height = reach === 'newest' ? shownIn(parts) : Math.min(reach, highestIn(parts, now))
  if (reaches(parts, provider, height, now)) return undefined
  return { kind: 'missing', what: 'its head may be below the end of the range', height }
}

function ofState({ parts, plan }: Flight, provider: Provider, now: number): Doubt | undefined {
  const { heads } = parts
  if (!heads.isBehind(provider, now) || plan.isPinned || plan.provider) return undefined
  return { kind: 'unfit', what: 'it is behind', height: heads.best(now) ?? -1 }
}

/** Whether the provider has this block, as far as can be told. */
function reaches({ heads }: Parts, provider: Provider, height: number, now: number): boolean {
  if ((heads.lastOf(provider)?.height ?? -1) >= height) return true
  // All providers are assumed to have older blocks, unless one is known to lag that far.
  return height <= (heads.best(now) ?? -1) - Math.max(heads.maxLag(), heads.lagOf(provider, now) ?? 0)
}
