// What an answer shows of the chain's newest blocks: noted of its provider, and of what callers were shown. Whether it may be
// taken is judge.ts.

import type { Provider } from '../../provider/provider'
import { heightOf } from '../../rpc/block'
import { textOf } from '../../rpc/params'
import { shownHeightOf } from '../../rpc/reach'
import type { Attempt } from '../attempt/attempt'
import type { Doubt, Flight, Parts } from '../flight'

export type Sight = {
  readonly height: number
  /**
   * part: its provider has at least this block; block: it has given the block itself, which nobody can who has made the number
   * up; head: it has said that this is its newest; newest: both.
   */
  readonly kind: 'part' | 'block' | 'head' | 'newest'
  /** `latest`, `safe` or `finalized`, if the block was asked for by that. */
  readonly tag: string | undefined
}

/** @returns `undefined` for an answer without blocks, or with one that says nothing of the newest. */
export function sightOf({ request, plan }: Flight, value: unknown): Sight | undefined {
  const shows = plan.need.traits.block?.shows
  if (shows === 'head') return sightAt(heightOf(value), 'head')
  if (shows === 'logs') return sightAt(Array.isArray(value) ? heightOf(value.at(-1)?.blockNumber) : undefined, 'part')
  if (shows === 'look-up') return sightAt(shownHeightOf(value), 'part')
  if (shows !== 'block') return undefined
  const block = textOf(blockOf(request.params))
  const tag = /^(latest|safe|finalized)$/.test(block) ? block : undefined
  if (!tag && heightOf(block) === undefined) return undefined
  return sightAt(shownHeightOf(value), tag === 'latest' ? 'newest' : 'block', tag)
}

function sightAt(height: number | undefined, kind: Sight['kind'], tag?: string): Sight | undefined {
  return height === undefined ? undefined : { height, kind, tag }
}

export function isHead({ kind }: Sight): boolean {
  return kind === 'head' || kind === 'newest'
}

/** The block that is asked for, as it was named. */
export function blockOf(params: unknown): unknown {
  return Array.isArray(params) ? params[0] : undefined
}

export function noteSight({ parts, startedAt }: Flight, { channel, leftAt }: Attempt, sight: Sight, now: number) {
  const { heads } = parts
  const { provider } = channel
  const { height, kind } = sight
  if (kind !== 'head') {
    const last = heads.lastOf(provider)
    const isNews = !last || height > last.height
    if (isNews) heads.observe(provider, height, now, isHead(sight))
    if (kind !== 'part' && (isNews || (heads.best(now) ?? height) < height)) heads.prove(provider, height, true, now)
  }
  if (isHead(sight)) noteHead(parts, provider, height, leftAt, startedAt, now)
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
  const { heads } = parts
  const last = heads.lastOf(provider)
  // A slow answer says nothing about what the provider has shown since, if it can have come so far meanwhile.
  const older = last && askedAt < last.at ? last.height - height : 0
  if (last && older > 0 && older <= heads.blocksIn(last.at - askedAt)) return
  heads.observe(provider, height, now)
  parts.truth?.note(provider, height, askedAt, since, now)
}

/** It has refused a block; if that is near the head, and it had shown it before it was asked, it has fallen back below it. */
export function noteLack({ parts, reach, height }: Flight, { channel, leftAt }: Attempt, now: number) {
  const { heads } = parts
  const { provider } = channel
  const last = heads.lastOf(provider)
  if (height < 0 || typeof reach !== 'number' || !last || reach > last.height || leftAt < last.at) return
  heads.observe(provider, reach - 1, now)
}

/** The answer is taken: its caller is shown this. */
export function showSight(flight: Flight, sight: Sight, value: unknown, now: number) {
  const { height, tag, kind } = sight
  const { truth, heads } = flight.parts
  if (!tag || isHead(sight)) truth?.show(Math.min(height, heads.best(now) ?? height), now, kind === 'part')
  if (tag) truth?.keep(tag, formOf(flight), height, value)
}

/** What is given where nobody knows better, and whether the doubt stays: not if what was shown before stands for it. */
export function honestAnswer(flight: Flight, doubt: Doubt, value: unknown, now: number): [unknown, boolean] {
  const { parts, plan } = flight
  const { head, kind } = doubt
  if (plan.need.traits.block?.shows !== 'head' || head === undefined) {
    const kept = kind === 'lower' ? parts.truth?.answerOf(formOf(flight), shownHeightOf(value) ?? -1) : undefined
    // In another form a later one may have been shown.
    return kept ? [kept.answer, kept.height < doubt.height] : [value, true]
  }
  // What is believed by now: it may have been given the block meanwhile.
  const given = Math.max(parts.truth?.made ?? -1, Math.min(head, parts.heads.best(now) ?? head))
  parts.truth?.show(given, now)
  const isItsOwn = given === head
  // A head far ahead that is given has been believed.
  return [isItsOwn ? value : `0x${given.toString(16)}`, isItsOwn !== (kind === 'ahead')]
}

/** Answers of one form stand for each other: the same method, the same tag, with or without transactions. */
function formOf({ request: { method, params } }: Flight): string {
  const [tag, isFull] = params as readonly unknown[]
  return `${method} ${tag} ${isFull === true}`
}
