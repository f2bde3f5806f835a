// The rule of streams: every watcher gets each event of the canonical chain once, in order. Events may only be missing of
// blocks that were reported as a gap, because they were too many.

import { subscriptionKeyOf } from '../../src/subscription/key'
import type { ChainBlock } from '../support/chain-block'
import type { Watcher } from './watchers'
import type { StormWorld } from './world'

/** A gap that was reported at some time: a range of blocks, both ends counted. */
export type Missing = { readonly from: number; readonly to: number; readonly at: number }

/** The reasons of gaps that are allowed: there were too many blocks, or what follows from that. */
const TOO_MANY = /wider than maxBackfillBlocks|is not remembered|below all that is remembered/

export function isTold(watcher: Watcher, world: StormWorld): boolean {
  return watcher.hasLeft || (watcher.first !== undefined && lostOf(watcher, world) === 0)
}

export function watcherProblems(watcher: Watcher, world: StormWorld): string[] {
  const { name, first, hasLeft, gaps, errors } = watcher
  const { disordered, ghosts, ...verdict } = watcher.judge(truthOf(watcher, world))
  const lost = lostOf(watcher, world)
  // After a reset (a lower head was taken by decision) the chain begins anew, so events may come twice.
  const doubled = world.resets.length > 0 ? 0 : verdict.doubled
  // A watcher that has left early need not have been told everything.
  const counts = hasLeft ? { doubled, disordered } : { lost, doubled, ghosts, disordered }
  return [
    ...(first === undefined && !hasLeft ? ['never live'] : []),
    ...Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : [])),
    ...gaps
      .filter((gap) => first !== undefined && gap.to >= first && !isTooWide(gap, world))
      .map(({ from, to, at }) => `a gap from ${from} to ${to} at ${at}`),
    ...errors.map((error) => (error as Error).message.split('\n')[0]),
  ].map((what) => `streams: ${name}: ${what}`)
}

/** Whether a gap is allowed: so many blocks came at once, or so few are filled in, that it was too wide. */
export function isTooWide({ from, to }: Missing, { storm, gaps }: StormWorld): boolean {
  const { heads, logs } = storm.settings.mostFilled
  const isNarrow = heads < 256 || logs < 10_000 || storm.faults.some(({ type }) => type === 'burst')
  const isIn = (number: number) =>
    gaps.some((gap) => gap.from <= number && gap.to >= number && TOO_MANY.test(gap.why ?? ''))
  return isNarrow && isIn(from) && isIn(to)
}

function lostOf(watcher: Watcher, world: StormWorld): number {
  const truth = truthOf(watcher, world)
  return watcher.judge({ ...truth, blocks: truth.blocks.filter(({ number }) => !truth.isMissing(number)) }).lost
}

/** The gaps that a watcher was told. The iterator of heads cannot tell any, so the `gap` events count for it. */
function missingOf({ plan, gaps }: Watcher, world: StormWorld): readonly Missing[] {
  if (plan.kind === 'logs' || plan.via === 'subscribe') return gaps
  const key = subscriptionKeyOf(['newHeads']).name
  return world.gaps.filter((gap) => gap.key === key)
}

function truthOf(watcher: Watcher, world: StormWorld) {
  const { first = Infinity } = watcher
  const { chain } = world
  const missing = missingOf(watcher, world)
  const isMissing = (number: number) => missing.some(({ from, to }) => number >= from && number <= to)
  const count = chain.head.number - first + 1
  const blocks = Array.from({ length: Math.max(count, 0) }, (_, index) => chain.block(first + index) as ChainBlock)
  return { blocks, start: 0, end: 0, isMissing }
}
