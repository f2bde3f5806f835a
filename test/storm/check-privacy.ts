// The rule of privacy: if the list has a private provider, raw transactions reach no other provider.

import type { Facts } from './facts'

export function privacyProblems({ world: { storm, asked, ids } }: Facts): string[] {
  if (!storm.providers.some(({ isPrivate }) => isPrivate)) return []
  return asked
    .filter(({ method, provider }) => method === 'eth_sendRawTransaction' && !storm.providers[provider]?.isPrivate)
    .map(({ provider, at }) => `privacy: ${ids[provider]} was given a raw transaction at ${at}`)
}
