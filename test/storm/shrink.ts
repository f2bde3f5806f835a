// Shrinks a storm that goes wrong: fast-check leaves out what is not needed to break the same rule.

import fc from 'fast-check'
import type { Outcome } from './run'
import { runStorm } from './run'
import type { Storm } from './storm'

export type Shrunk = { readonly storm: Storm; readonly problems: readonly string[] }

export async function shrinkStorm(storm: Storm, { problems }: Pick<Outcome, 'problems'>): Promise<Shrunk> {
  const rule = ruleOf(problems[0])
  const { faults, calls, watchers, pollers, listeners, readers, sleeps, walls } = storm
  const all = [watchers, pollers, listeners, readers, sleeps, walls, faults, calls].flat().map(() => true)
  const masks = fc.array(fc.boolean(), { minLength: all.length, maxLength: all.length })
  let smallest: Shrunk = { storm, problems }
  await fc.check(
    fc.asyncProperty(masks, async (mask) => {
      const rest = [...mask]
      const kept = <item>(list: readonly item[]) => list.filter(() => rest.shift())
      const fewer = {
        watchers: kept(watchers),
        pollers: kept(pollers),
        listeners: kept(listeners),
        readers: kept(readers),
        sleeps: kept(sleeps),
        walls: kept(walls),
        faults: kept(faults),
        calls: kept(calls),
      }
      const lesser = { ...storm, ...fewer }
      const left = (await runStorm(lesser)).problems.filter((problem) => ruleOf(problem) === rule)
      if (left.length > 0) smallest = { storm: lesser, problems: left }
      return left.length === 0
    }),
    { numRuns: 1, examples: [[all]] },
  )
  return smallest
}

function ruleOf(problem = ''): string {
  return problem.split(':')[0] as string
}
