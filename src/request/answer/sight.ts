// What an answer shows of the newest blocks of the chain. It is noted as the provider's, and, once the answer is taken, as
// shown to callers. judge.ts says whether it is taken.

import type { Provider } from '../../provider/provider'
import { heightOf } from '../../rpc/block'
import { paramOf, textOf } from '../../rpc/params'
import { shownHeightOf } from '../../rpc/reach'
import type { Attempt } from '../attempt/attempt'
import type { Doubt, Flight, Parts } from '../flight'

export type Sight = {
  readonly height: number
  /**
   * `'part'`: the answer belongs to a block, so the provider has that one. `'block'`: it is the block itself, so its number
   * is not made up. `'head'`: it is the number of the provider's head. `'newest'`: it is the block at the provider's head.
   */
  readonly kind: 'part' | 'block' | 'head' | 'newest'
  /** `latest`, `safe` or `finalized`, if the block was asked for by that. */
  readonly tag: string | undefined
}

/** What an answer shows; `undefined` if it has no block, or one that says nothing about the newest blocks. */
export function sightOf({ request, plan }: Flight, value: unknown): Sight | undefined {
  const shows = plan.need.traits.block?.shows
  if (shows === 'head') return sightAt(heightOf(value), 'head')
  if (shows === 'logs') return sightAt(Array.isArray(value) ? heightOf(value.at(-1)?.blockNumber) : undefined, 'part')
  if (shows === 'look-up') return sightAt(shownHeightOf(value), 'part')
  if (shows !== 'block') return undefined
  const block = textOf(paramOf(request.params, 0))
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

export function noteSight({ parts, startedAt }: Flight, { channel, leftAt }: Attempt, sight: Sight, now: number) {
  const { heads } = parts
  const { provider } = channel
  const { height, kind } = sight
  const isNews = height > (heads.lastOf(provider)?.height ?? -1)
  if (isHead(sight)) noteHead(parts, provider, height, leftAt, startedAt, now)
  else if (isNews) heads.observe(provider, height, now, false)
  // An older block proves nothing of a head that is far above it.
  const isTop = isNews || (heads.best(now) ?? height) < height
  if (isTop && (kind === 'block' || kind === 'newest')) heads.prove(provider, height, true, now)
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
  // A slow answer may be lower than what the provider has shown since, if so many blocks can have come meanwhile.
  const older = last && askedAt < last.at ? last.height - height : 0
  if (last && older > 0 && older <= heads.blocksIn(last.at - askedAt)) return
  heads.observe(provider, height, now)
  parts.truth?.note(provider, height, askedAt, since, now)
}

/** The provider refused a block near the head. If it had shown that block before it was asked, its head is lower now. */
export function noteLack({ parts, reach, height }: Flight, { channel, leftAt }: Attempt, now: number) {
  const { heads } = parts
  const { provider } = channel
  const last = heads.lastOf(provider)
  if (height < 0 || typeof reach !== 'number' || !last || reach > last.height || leftAt < last.at) return
  heads.observe(provider, reach - 1, now)
}

/** The answer is taken: notes what its caller is shown. */
export function showSight(flight: Flight, sight: Sight, value: unknown, now: number) {
  const { height, tag, kind } = sight
  const { truth, heads } = flight.parts
  if (!tag || isHead(sight)) truth?.show(Math.min(height, heads.best(now) ?? height), now, kind === 'part')
  if (tag) truth?.keep(tag, formOf(flight), height, value)
}

/** What the caller gets if no provider knows better, and whether it is in dispute: not if it is what was shown before. */
export function honestAnswer(flight: Flight, doubt: Doubt, value: unknown, now: number): [unknown, boolean] {
  const { parts, plan } = flight
  const { head, kind } = doubt
  if (plan.need.traits.block?.shows !== 'head' || head === undefined) {
    const kept = kind === 'lower' ? parts.truth?.answerOf(formOf(flight), shownHeightOf(value) ?? -1) : undefined
    // A higher block may have been shown in another form (with transactions, or without): then the dispute remains.
    return kept ? [kept.answer, kept.height < doubt.height] : [value, true]
  }
  // The head is cut to what is believed by now: proof of a head far ahead may have come meanwhile.
  const given = Math.max(parts.truth?.made ?? -1, Math.min(head, parts.heads.best(now) ?? head))
  parts.truth?.show(given, now)
  const isItsOwn = given === head
  // A head far ahead that is given in full has been proved, so there is no dispute; a lower one given in full is one.
  return [isItsOwn ? value : `0x${given.toString(16)}`, isItsOwn !== (kind === 'ahead')]
}

/** Answers of the same form can stand for each other: of one method and tag, both with or both without transactions. */
function formOf({ request: { method, params } }: Flight): string {
  const [tag, isFull] = params as readonly unknown[]
  return `${method} ${tag} ${isFull === true}`
}
