// Providers as the engine makes them, for tests: only what a test is about is named.

import type { Provider, ProviderParts, ProviderSetup } from '../../src/provider/provider'
import { createProvider } from '../../src/provider/provider'
import { providerSetup } from '../support/settings'

export type Given = Partial<ProviderSetup>

/** One provider for each of the given setups, called p1, p2, ... by default. */
export function createProviders(given: readonly Given[], parts: Partial<ProviderParts> = {}): Provider[] {
  let slot = 0
  return given.map((setup, index) => {
    const provider = createProvider(providerSetup(index, setup), index, slot, {
      random: () => 0,
      onRoom: () => {},
      onCooling: () => {},
      onBreakerChange: () => {},
      ...parts,
    })
    slot += provider.channels.length
    return provider
  })
}
