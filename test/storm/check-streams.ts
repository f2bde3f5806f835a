// The rule of streams: every watcher is told of each event of the canonical chain once, in order.

import type { Watcher } from '../simulation/watchers'
import type { ChainBlock } from '../support/chain-block'
import type { StormWorld } from './world'

export function isTold(watcher: Watcher, world: StormWorld): boolean {
  return watcher.hasLeft || (watcher.first !== undefined && watcher.judge(truthOf(watcher, world)).lost === 0)
}

export function watcherProblems(watcher: Watcher, world: StormWorld): string[] {
  const { name, first, hasLeft, gaps, errors } = watcher
  const { lost, ghosts, disordered, ...verdict } = watcher.judge(truthOf(watcher, world))
  // A lower head that was taken by decision is a chain that begins anew.
  const doubled = world.resets.length > 0 ? 0 : verdict.doubled
  // Who has left early is owed no more.
  const counts = hasLeft ? { doubled, disordered } : { lost, doubled, ghosts, disordered }
  return [
    ...(first === undefined && !hasLeft ? ['never live'] : []),
    ...Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : [])),
    ...gaps
      .filter(({ to }) => first !== undefined && to >= first)
      .map(({ from, to, at }) => `a gap from ${from} to ${to} at ${at}`),
    ...errors.map((error) => (error as Error).message.split('\n')[0]),
  ].map((what) => `streams: ${name}: ${what}`)
}

function truthOf({ first = Infinity }: Watcher, { chain }: StormWorld) {
  const count = chain.head.number - first + 1
  const blocks = Array.from({ length: Math.max(count, 0) }, (_, index) => chain.block(first + index) as ChainBlock)
  return { blocks, start: 0, end: 0 }
}
