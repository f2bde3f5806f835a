// The rule of walls: no method reaches a provider that must not see it, whether a caller asks or the library itself.

import type { Facts } from './facts'
import { wallOf } from './walls'

export function wallProblems({ world: { storm, asked, attempts, ids } }: Facts): string[] {
  const { walls } = storm
  if (walls.length === 0) return []
  const tried = attempts.map(({ provider, method, at }) => ({ provider: ids.indexOf(provider), method, at }))
  return [...asked, ...tried]
    .filter(({ provider, method }) => wallOf(method, walls)?.providers.includes(provider) === false)
    .map(({ provider, method, at }) => `walls: ${ids[provider]} was shown ${method} at ${at}`)
}
