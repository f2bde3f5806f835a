// A fleet of simulated providers on the loopback interface, over one chain. Tests point real clients at it.

import type { Chain } from './chain'
import { createChain } from './chain'
import type { FleetProvider } from './fleet-provider'
import { createFleetProvider } from './fleet-provider'
import type { BehaviourScript } from './provider-behaviour'

export type FleetOptions = {
  /** @default a new one of height 100 */
  chain?: Chain | undefined
  /** @default 1 */
  chainId?: number | undefined
  /** Seed of everything random in the scripts. @default 1 */
  seed?: number | undefined
}

/** As many providers as asked for, so that `const [p1, p2] = fleet.providers` has a type without `undefined`. */
type ProvidersOf<size extends number | readonly BehaviourScript[]> = size extends readonly BehaviourScript[]
  ? { readonly [index in keyof size]: FleetProvider }
  : Repeat<size & number>

type Repeat<size extends number, list extends readonly FleetProvider[] = []> = number extends size
  ? readonly FleetProvider[]
  : list['length'] extends size
    ? list
    : Repeat<size, readonly [...list, FleetProvider]>

export type Fleet<providers extends readonly FleetProvider[] = readonly FleetProvider[]> = {
  /** `p1`, `p2`, ... */
  readonly providers: providers
  readonly chain: Chain
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a fleet. @param size the number of healthy providers, or a script for each (`{}` for a healthy one) */
export async function createFleet<const size extends number | readonly BehaviourScript[]>(
  size: size,
  options: FleetOptions = {},
): Promise<Fleet<ProvidersOf<size>>> {
  const { chain = createChain(), chainId = 1, seed = 1 } = options
  const scripts: readonly BehaviourScript[] = typeof size === 'number' ? Array.from({ length: size }, () => ({})) : size
  const providers = await Promise.all(
    scripts.map((script, i) => createFleetProvider({ id: `p${i + 1}`, chain, chainId, script, seed: seed + i })),
  )
  const close = async () => {
    await Promise.all(providers.map((provider) => provider.close()))
  }
  return {
    providers: providers as readonly FleetProvider[] as ProvidersOf<size>,
    chain,
    close,
    [Symbol.asyncDispose]: close,
  }
}
