// What clients made from one `failover()` have in common.

import { createPublicClient, custom } from 'viem'
import { mainnet } from 'viem/chains'
import { expect, test } from 'vitest'
import { failover } from '../../src'

test('behavior: identical reads of two clients of one `failover()` share one call', async () => {
  const calls: string[] = []
  const provider = {
    async request({ method }: { method: string }) {
      calls.push(method)
      return method === 'eth_chainId' ? '0x1' : '0x10'
    },
  }
  const transport = failover([{ id: 'p1', http: custom(provider), wallet: false }])
  const [a, b] = [0, 1].map(() => createPublicClient({ chain: mainnet, cacheTime: 0, transport }))
  const answers = await Promise.all([a, b, a, b].map((client) => client?.getGasPrice()))
  expect(answers).toEqual([16n, 16n, 16n, 16n])
  expect(calls.filter((method) => method === 'eth_gasPrice')).toHaveLength(1)
})
