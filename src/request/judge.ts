// Whether an answer may be taken, or another provider may know better: what it shows of the chain's head is noted, and set
// against what is known and what callers were shown. What is done with one that is not taken is doubt.ts.

import type { ChannelState, Provider } from '../provider/provider'
import { heightOf } from '../rpc/block'
import type { BlockTraits } from '../rpc/methods'
import { reachOf, shownHeightOf } from '../rpc/reach'
import type { Attempt } from './attempt'
import type { Doubt, Flight, Parts } from './flight'
import { lacksOld } from './route'

type Judge = (flight: Flight, attempt: Attempt, value: unknown, now: number) => Doubt | undefined

const JUDGES: Record<NonNullable<BlockTraits['shows']>, Judge> = {
  head: (flight, attempt, value, now) => ofHead(flight, attempt, heightOf(value), now),
  block: ofBlock,
  part: ofBlock,
  'look-up': ofLookUp,
  logs: ofLogs,
  reset({ parts }, _, __, now) {
    parts.truth?.expectReset(now)
    return undefined
  },
}

/** `undefined`: it is taken. For most methods that is all there is to ask. */
export function judge(flight: Flight, attempt: Attempt, value: unknown, now: number): Doubt | undefined {
  const { block } = flight.plan.need.traits
  if (value === null && isGone(flight, attempt, now))
    return { kind: 'gone', what: 'it is declared not to keep that', height: flight.plan.need.old?.block ?? -1 }
  if (!block || attempt.leftAt < (flight.parts.truth?.resetAt ?? 0)) return undefined
  if (block.shows) return JUDGES[block.shows](flight, attempt, value, now)
  // It was asked before it was known to be behind, or because nobody else was left.
  return flight.isNewest ? ofState(flight, attempt, now) : undefined
}

/** Null says nothing where one is declared not to keep what was asked for, while there are others that do. */
function isGone({ parts, plan, route }: Flight, { channel }: Attempt, now: number): boolean {
  const { need, provider } = plan
  const lacks = (one: ChannelState) => lacksOld(one, need, parts.heads.best(now), now)
  return parts.truth !== undefined && provider === undefined && lacks(channel) && !route.candidates.every(lacks)
}

function highestOf({ heads, truth }: Parts, now: number): number {
  return Math.max(heads.best(now) ?? -1, truth?.shown ?? -1)
}

function ofState(flight: Flight, { channel }: Attempt, now: number): Doubt | undefined {
  const { heads } = flight.parts
  if (!heads.isBehind(channel.provider, now) || !mayDoubt(flight) || flight.plan.provider) return undefined
  return { kind: 'behind', what: 'it is behind', height: heads.best(now) ?? -1 }
}

/**
 * Notes a head that a provider, asked at `askedAt`, has told.
 * @param since when the request that it belongs to started: others that were asked since are asked together with it
 */
export function noteHead(
  parts: Parts,
  provider: Provider,
  height: number,
  askedAt: number,
  since: number,
  now: number,
) {
  const last = parts.heads.lastOf(provider)
  // A slow answer says nothing about what the provider has shown since.
  if (last && askedAt < last.at && height < last.height) return
  parts.heads.observe(provider, height, now)
  parts.truth?.note(provider, height, askedAt, since, now)
}

function ofHead(flight: Flight, attempt: Attempt, head: number | undefined, now: number): Doubt | undefined {
  if (head === undefined) return undefined
  const { heads, truth } = flight.parts
  noteHead(flight.parts, attempt.channel.provider, head, attempt.leftAt, flight.startedAt, now)
  const best = heads.best(now) ?? head
  const shown = truth?.shown ?? -1
  if (mayDoubt(flight)) {
    if (head < shown) return { kind: 'lower', what: 'its head is below the block shown before', height: shown, head }
    if (head < best - heads.maxLag()) return { kind: 'behind', what: 'its head is behind', height: best, head }
    if (head > best) return { kind: 'ahead', what: 'its head is far ahead of all others', height: best, head }
  }
  truth?.show(Math.min(head, best), now)
  return undefined
}

function ofBlock(flight: Flight, attempt: Attempt, value: unknown, now: number): Doubt | undefined {
  const { parts, request, plan } = flight
  const { truth } = parts
  const { provider } = attempt.channel
  const tag: unknown = Array.isArray(request.params) ? request.params[0] : undefined
  const named = heightOf(tag)
  const height = plan.need.traits.block?.shows === 'block' ? shownHeightOf(value) : undefined
  if (named !== undefined) {
    if (value === null) {
      if (named > highestOf(parts, now) || !truth) return undefined
      return { kind: 'missing', what: 'it has no such block, others are past it', height: named }
    }
    if (height !== undefined) noteBlock(parts, provider, height, now)
    if (height !== undefined) show(parts, height, now)
    return undefined
  }
  if (height === undefined || typeof tag !== 'string') return undefined
  if (tag === 'latest') {
    noteBlock(parts, provider, height, now)
    const doubt = ofHead(flight, attempt, height, now)
    if (doubt) return doubt
  } else if (tag === 'safe' || tag === 'finalized') {
    noteBlock(parts, provider, height, now)
    const shown = truth?.shownOf(tag) ?? -1
    if (height < shown && mayDoubt(flight))
      return { kind: 'lower', what: `its ${tag} block is below the one shown before`, height: shown }
  } else return undefined
  truth?.keep(tag, formOf(flight), height, value)
  return undefined
}

function ofLookUp(flight: Flight, attempt: Attempt, value: unknown, now: number): Doubt | undefined {
  const { parts } = flight
  const { provider } = attempt.channel
  if (value === null) {
    if (!parts.truth || !isBelow(parts, provider, now)) return undefined
    return { kind: 'missing', what: 'it does not know the hash, and is behind', height: highestOf(parts, now) }
  }
  const height = shownHeightOf(value)
  if (height === undefined) return undefined
  noteAtLeast(parts, provider, height, now)
  show(parts, height, now)
  return undefined
}

/** A node answers logs past its own head with those it has. */
function ofLogs(flight: Flight, attempt: Attempt, value: unknown, now: number): Doubt | undefined {
  const { parts, request, plan } = flight
  const { provider } = attempt.channel
  const newest = Array.isArray(value) ? heightOf(value.at(-1)?.blockNumber) : undefined
  if (newest !== undefined) noteAtLeast(parts, provider, newest, now)
  const reach = reachOf(request.params, plan.need.traits.block ?? {})
  // The newest of one that is asked alone is its own.
  if (parts.truth && reach !== undefined && (reach !== 'newest' || !plan.isPinned)) {
    const { shown } = parts.truth
    const best = parts.heads.best(now) ?? -1
    const height = reach === 'newest' ? shown : Math.min(reach, Math.max(best, shown))
    if (height >= 0 && !reaches(parts, provider, height, best, now))
      return { kind: 'missing', what: 'its head is not known to reach the last block of the range', height }
  }
  if (newest !== undefined) show(parts, newest, now)
  return undefined
}

/** Whether its head is at least that block, as far as can be told. */
function reaches({ heads }: Parts, provider: Provider, height: number, best: number, now: number): boolean {
  const last = heads.lastOf(provider)
  if (last && last.height >= height) return true
  // Older blocks are assumed everywhere, but where somebody is known to be behind them.
  return height <= best - Math.max(heads.maxLag(), heads.lagOf(provider, now) ?? 0)
}

/** Whether it may not have seen yet what callers were shown. */
function isBelow({ heads, truth }: Parts, provider: Provider, now: number): boolean {
  const shown = truth?.shown ?? -1
  return (heads.lagOf(provider, now) ?? 0) > 0 || (heads.lastOf(provider)?.height ?? -1) < shown
}

/** The provider has given something of this block: its head is at least that. Returns whether that was news. */
function noteAtLeast({ heads }: Parts, provider: Provider, height: number, now: number): boolean {
  const last = heads.lastOf(provider)
  if (last && height <= last.height) return false
  heads.observe(provider, height, now)
  return true
}

/** The provider has given the block itself, which nobody can who has made the number up. */
function noteBlock(parts: Parts, provider: Provider, height: number, now: number) {
  const isNews = noteAtLeast(parts, provider, height, now)
  if (isNews || (parts.heads.best(now) ?? height) < height) parts.heads.prove(provider, height, true, now)
}

function show({ heads, truth }: Parts, height: number, now: number) {
  truth?.show(Math.min(height, heads.best(now) ?? height), now)
}

/** Who asks one provider alone wants to know how far that one is. */
function mayDoubt({ parts, plan }: Flight): boolean {
  return parts.truth !== undefined && !plan.isPinned
}

/** What is given where nobody knows better, and whether it is the provider's own answer. */
export function honestAnswer(flight: Flight, doubt: Doubt, value: unknown, now: number): [unknown, boolean] {
  const { parts, plan } = flight
  const shown = parts.truth?.shown ?? -1
  const { head, kind } = doubt
  if (plan.need.traits.block?.shows !== 'head' || head === undefined) {
    const kept = kind === 'lower' ? parts.truth?.answerOf(formOf(flight), shownHeightOf(value) ?? -1) : undefined
    return kept === undefined ? [value, true] : [kept, false]
  }
  const best = parts.heads.best(now) ?? head
  // What is believed by now: it may have been given the block meanwhile.
  const given = Math.max(shown, Math.min(head, best))
  parts.truth?.show(given, now)
  return given === head ? [value, true] : [`0x${given.toString(16)}`, false]
}

/** Answers of one form stand for each other: the same method, the same tag, with or without transactions. */
function formOf({ request: { method, params } }: Flight): string {
  const [tag, isFull] = params as readonly unknown[]
  return `${method} ${tag} ${isFull === true}`
}
