// What a program's compiler must make of the packed types, as a module of either system.

import { createPublicClient, createWalletClient, http } from 'viem'
import { mainnet } from 'viem/chains'
import type { FailoverOptions, ProviderConfig, Status } from 'viem-lasso'
import { createProvider, failover } from 'viem-lasso'

const providers: ProviderConfig[] = [{ id: 'own', http: 'http://127.0.0.1:8545', capabilities: { archive: 128 } }]
const options: FailoverOptions = {
  strategy: 'fastest',
  hedge: { delay: 200 },
  methods: { 'trace_*': { providers: ['own'] } },
}
const transport = failover([...providers, 'wss://node.example', http()], options)
const client = createPublicClient({ chain: mainnet, transport })
const pinned = createWalletClient({ chain: mainnet, transport: transport.with({ provider: 'own' }) })

export const number: Promise<bigint> = client.getBlockNumber()
export const raw: Promise<string> = client.transport.request<string>({ method: 'eth_gasPrice' }, { timeout: 1_000 })
export const status: Status = pinned.transport.status()
export const off: () => void = client.transport.on('breaker', ({ provider, to }) => `${provider}: ${to}`)
export const provider = createProvider(client)

export async function follow(): Promise<bigint | undefined> {
  for await (const { number } of client.transport.heads()) return number
  return undefined
}

// @ts-expect-error not an option: an `any` would let it pass
failover(['https://node.example'], { strategie: 'fastest' })
// @ts-expect-error not an event
client.transport.on('brake', () => {})
// @ts-expect-error `failures` is a number
failover([{ http: 'https://node.example', breaker: { failures: 'many' } }])
