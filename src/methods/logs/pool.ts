// The providers that an `eth_getLogs` may be asked of, and which of them come first. Pure.

import { sortedBy } from '../../base/lists'
import type { ChannelState, Provider } from '../../provider/provider'
import type { Plan } from '../../request/route/plan'
import { planRoute } from '../../request/route/route'
import type { Ranking } from '../../request/route/strategy'

/** Providers that may be asked, in order: first the named one, last the backups; among equals, those that are down last. */
export function poolOf(
  plan: Plan,
  { channels, ranking }: { readonly channels: readonly ChannelState[]; readonly ranking: Ranking },
  now: number,
): readonly Provider[] {
  const { candidates, open } = planRoute(plan, channels, ranking, now)
  const able = [...new Set([...candidates, ...open].map(({ provider }) => provider))]
  return sortedBy(able, (one) => rankOf(one, plan))
}

/** Whether a channel of the provider may be asked now, as far as its breaker is concerned. */
export function isWell({ channels }: Provider, now: number): boolean {
  return channels.some(({ breaker }) => now >= breaker.dueAt())
}

/** The providers that have the same rank as the first one. */
export function foremost(providers: readonly Provider[], plan: Plan): readonly Provider[] {
  return providers.filter((one) => rankOf(one, plan) === rankOf(providers[0] as Provider, plan))
}

/** The rank of a provider: the one that was named, then the others, then backups. */
export function rankOf({ id, setup }: Provider, { provider }: Plan): number {
  return id === provider ? 0 : setup.isBackup ? 2 : 1
}
