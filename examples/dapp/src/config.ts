// What the dapp runs on: the chain, the providers, and wagmi's config over them. In a dapp of your own the list is written
// down here; this one also takes it from the environment or the page's address, so that it can be shown other nodes:
// `?provider=mine,http://127.0.0.1:8545,ws://127.0.0.1:8545&provider=other,http://127.0.0.1:9545&token=0x…&account=0x…`

import type { ProviderConfig } from 'viem-lasso'
import { failover } from 'viem-lasso'
import { createConfig } from 'wagmi'
import { anvil } from 'wagmi/chains'
import { readAddress, readProviders } from './settings'

const { VITE_PROVIDERS, VITE_TOKEN, VITE_ACCOUNT, VITE_FAULTS } = import.meta.env
const query = new URLSearchParams(location.search)

const localNodes: readonly ProviderConfig[] = [
  { id: 'node-1', http: 'http://127.0.0.1:8545', ws: 'ws://127.0.0.1:8545' },
  { id: 'node-2', http: 'http://127.0.0.1:8546', ws: 'ws://127.0.0.1:8546' },
]

const given = query.has('provider') ? query.getAll('provider') : (VITE_PROVIDERS?.split(' ') ?? [])
const providers = given.length > 0 ? readProviders(given) : localNodes

/** The token whose transfers are listed. */
export const token = readAddress(query.get('token') ?? VITE_TOKEN ?? '0x5FbDB2315678afecb367f032d93F642f64180aa3')
/** Whose balance is shown first. */
export const account = readAddress(query.get('account') ?? VITE_ACCOUNT ?? '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266')
/** Whether there is somebody who can break the providers on demand (`npm run dapp`). */
export const hasFaults = VITE_FAULTS === 'on'

// A block a second: known, the library notices sooner that a socket has fallen silent.
const chain = { ...anvil, blockTime: 1_000 }

export const config = createConfig({
  chains: [chain],
  transports: { [chain.id]: failover(providers) },
})

// `useClient()` gives a client that knows its transport: `status()`, `on()`, `heads()`, `logs()`.
declare module 'wagmi' {
  interface Register {
    config: typeof config
  }
}
