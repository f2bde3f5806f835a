// What every example runs on: real nodes (anvil) of one chain, each behind a proxy that can be told to misbehave.
// Equal genesis and clock: the same transactions make the same blocks, hash for hash. The nodes do not know each other.

import type { Hex } from 'viem'
import { createPublicClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { anvil as chain } from 'viem/chains'
import type { Anvil } from '../test/support/anvil'
import { startAnvil } from '../test/support/anvil'
import type { FlakyProxy } from '../test/support/flaky-proxy'
import { createFlakyProxy } from '../test/support/flaky-proxy'

export { chain }

/** The first of anvil's well-known accounts; it has 10 000 ETH on each node. */
export const account = privateKeyToAccount('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
export const receiver: Hex = '0x00000000000000000000000000000000000a11ce'

export type Nodes = {
  /** Of the proxies: what a client is given. */
  readonly urls: readonly string[]
  /** `proxies[0].set('hang')` */
  readonly proxies: readonly FlakyProxy[]
  [Symbol.asyncDispose](): Promise<void>
}

export async function startNodes<const count extends 1 | 2 | 3>(count: count) {
  const anvils = await Promise.all(Array.from({ length: count }, () => startNode()))
  const proxies = await Promise.all(anvils.map(({ url }) => createFlakyProxy(url)))
  const nodes: Nodes = {
    urls: proxies.map(({ url }) => url),
    proxies,
    async [Symbol.asyncDispose]() {
      await Promise.all([...proxies, ...anvils].map((one) => one.close()))
    },
  }
  return nodes as Nodes & { urls: ListOf<string>[count]; proxies: ListOf<FlakyProxy>[count] }
}

type ListOf<item> = { 1: [item]; 2: [item, item]; 3: [item, item, item] }

/** @param port the one it had, to bring a node back */
export async function startNode(port = 0): Promise<Anvil> {
  const node = await startAnvil({ port, chainId: chain.id, args: ['--timestamp', '1700000000'] })
  await askNode(node.url, 'anvil_setBlockTimestampInterval', [1])
  return node
}

/** Straight to a node, past every proxy. */
export function askNode<result>(url: string, method: string, params: readonly unknown[] = []): Promise<result> {
  const client = createPublicClient({ chain, transport: http(url, { retryCount: 0 }) })
  return client.request({ method, params } as never) as Promise<result>
}
