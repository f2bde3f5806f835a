// How a transport begins and ends inside a program: `ready`, and everything rejected when it is closed.

import { createPublicClient, createWalletClient, custom } from 'viem'
import { mainnet } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import type { FailoverTransport } from '../../src'
import { failover } from '../../src'
import { createFleet } from '../support/fleet'

const closed = { name: 'TransportClosedError' }

const clientOf = (transport: FailoverTransport) => createPublicClient({ chain: mainnet, cacheTime: 0, transport })

describe('close', () => {
  test('default: what is pending and what comes later is rejected, what is made afterwards works', async () => {
    await using fleet = await createFleet([{ hang: true }])
    const [p1] = fleet.providers
    const transport = failover([p1.url], { timeout: 0 })
    const [client, sibling] = [
      clientOf(transport),
      createWalletClient({ chain: mainnet, transport: transport.with({ channel: 'http' }) }),
    ]
    const requests = [
      client.getBlockNumber(),
      client.getBlockNumber(),
      client.createEventFilter(),
      client.getBalance({ address: mainnet.contracts.multicall3.address }),
      client.sendRawTransaction({ serializedTransaction: '0x02' }),
      sibling.request({ method: 'eth_accounts' }),
      client.transport.ready(),
    ]
    const ended = Promise.allSettled(requests)
    await client.transport.close()
    await client.transport.close()
    const names = (await ended).map((end) => (end as PromiseRejectedResult).reason?.name)
    expect(names).toEqual(requests.map(() => 'TransportClosedError'))
    await expect(sibling.request({ method: 'eth_chainId' })).rejects.toMatchObject(closed)
    await expect(client.transport.ready()).rejects.toMatchObject(closed)
    expect(client.transport.status().requests.total).toBeGreaterThan(0)
    p1.behave({})
    expect(await clientOf(transport).getBlockNumber()).toBe(100n)
    expect(await clientOf(transport.with({ timeout: 9_000 })).getBlockNumber()).toBe(100n)
    await expect(client.getBlockNumber()).rejects.toMatchObject(closed)
  })

  test('behavior: React in strict mode: made, closed, made again', async () => {
    await using fleet = await createFleet(1)
    const transport = failover([fleet.providers[0].url])
    const mount = () => clientOf(transport)
    const first = mount()
    await first.transport.close()
    const second = mount()
    expect(await second.getBlockNumber()).toBe(100n)
    await first.transport.close()
    expect(await second.getBlockNumber()).toBe(100n)
    expect(await mount().getBlockNumber()).toBe(100n)
  })

  test('behavior: `await using`, one chain only', async () => {
    await using fleet = await createFleet(1)
    const transport = failover([fleet.providers[0].url], { verifyChain: false })
    const other = createPublicClient({ transport })
    const client = clientOf(transport)
    {
      await using resource = client.transport
      expect(await client.getBlockNumber()).toBe(100n)
      expect(resource.status().requests.total).toBe(1)
    }
    await expect(client.getBlockNumber()).rejects.toMatchObject(closed)
    expect(await other.getBlockNumber()).toBe(100n)
  })

  test('behavior: a wallet that never answers lets go', async () => {
    const wallet = createWalletClient({ transport: failover([custom({ request: () => new Promise(() => {}) })]) })
    const asked = wallet.requestAddresses()
    const { close } = wallet.transport as unknown as { close(): Promise<void> }
    await close()
    await expect(asked).rejects.toMatchObject(closed)
  })
})

describe('ready', () => {
  test('default: with a chain, and without one', async () => {
    await using fleet = await createFleet([{ wrongChain: 5 }, {}])
    const transport = failover(fleet.providers.map(({ id, url }) => ({ id, http: url })))
    const status = await clientOf(transport).transport.ready()
    expect(status.providers.map(({ wrongChain }) => wrongChain)).toEqual([true, false])
    const free = createPublicClient({ transport })
    expect((await free.transport.ready()).providers.map(({ wrongChain }) => wrongChain)).toEqual([false, false])
    expect(await free.getChainId()).toBe(5)
  })

  test('error: given up', async () => {
    await using fleet = await createFleet([{ status: 503 }])
    const [{ url }] = fleet.providers
    for (const client of [
      clientOf(failover([url])),
      createPublicClient({ transport: failover([url], { timeout: 50 }) }),
    ]) {
      const controller = new AbortController()
      const ready = client.transport.ready({ signal: controller.signal })
      controller.abort(new Error('enough'))
      await expect(ready).rejects.toThrow('enough')
    }
  })
})
