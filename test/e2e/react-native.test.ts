// Where `URL`, signals and errors are what React Native has: requests, batches, pieces, filters and streams as elsewhere.

import { createPublicClient, webSocket } from 'viem'
import { mainnet } from 'viem/chains'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ProviderEntry } from '../../src'
import { failover } from '../../src'
import { createFleet } from '../support/fleet'
import { HttpUrl, OldAbortController, OldUrl } from '../support/react-native'

const fails = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    ({ name, message }) => `${name}: ${message}`,
  )

describe.each([
  ['0.72', OldUrl],
  ['0.88', HttpUrl],
])('on React Native %s', (_, Url) => {
  // Only while it is made: Node's own fetch looks for a whole one.
  function clientOf(list: readonly ProviderEntry[], options = {}) {
    const whole = URL
    vi.stubGlobal('URL', Url)
    try {
      return createPublicClient({
        chain: mainnet,
        cacheTime: 0,
        transport: failover(list, { timeout: 2_000, ...options }),
      })
    } finally {
      vi.stubGlobal('URL', whole)
    }
  }

  beforeEach(() => {
    vi.stubGlobal('AbortController', OldAbortController)
  })

  afterEach(() => {
    vi.unstubAllGlobals()
  })

  test('default: it reads, by http and by a socket, and names them by host', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const client = clientOf([`${p1.url}/v2/key`, p2.wsUrl])
    expect(await client.getBlockNumber()).toBe(100n)
    expect(await client.transport.request({ method: 'eth_blockNumber' }, { channel: 'ws' })).toBe('0x64')
    const hostOf = (url: string) => url.replace(/^\w+:\/\//, '')
    expect(client.transport.status().providers.map(({ id }) => id)).toEqual([p1.url, p2.wsUrl].map(hostOf))
    expect(client.transport.status().requests.failed).toBe(0)
    await client.transport.close()
  })

  test('behavior: user info of a URL goes into a header, by itself and whole', async () => {
    await using fleet = await createFleet(1)
    const [{ url, calls }] = fleet.providers
    const client = clientOf([url.replace('//', '//user:p%40ss@')])
    await client.getBlockNumber()
    expect(calls.map(({ headers }) => headers.authorization)).toContain(`Basic ${btoa('user:p@ss')}`)
    await client.transport.close()
  })

  test.each(['url', 'wsUrl'] as const)(
    'behavior: given the first one hangs (%s), the next one answers',
    async (way) => {
      await using fleet = await createFleet([{ hang: true }, {}])
      const [p1, p2] = fleet.providers
      const client = clientOf([p1[way], p2[way]], { hedge: { delay: 20 } })
      expect(await client.getBlockNumber()).toBe(100n)
      await client.transport.close()
    },
  )

  test('behavior: logs in pieces, filters and `ready` take signals that say no more than that', async () => {
    await using fleet = await createFleet(1)
    const [{ url, wsUrl }] = fleet.providers
    const client = clientOf([{ http: url, ws: wsUrl, capabilities: { logs: { maxBlockRange: 40 } } }])
    const { signal } = new AbortController()
    await client.transport.ready({ signal })
    const logs = await client.getLogs({ fromBlock: 1n, toBlock: 100n })
    expect([logs[0]?.blockNumber, logs.at(-1)?.blockNumber]).toEqual([1n, 100n])
    const filter = await client.createBlockFilter()
    expect(await client.getFilterChanges({ filter })).toEqual([])
    await client.transport.close()
  })

  test.each([
    ['of the library', (url: string) => url],
    ["of viem's", (url: string) => webSocket(url)],
  ])('behavior: a stream over a socket %s', async (_, entryOf) => {
    await using fleet = await createFleet(1)
    const client = clientOf([entryOf(fleet.providers[0].wsUrl)])
    const sources: unknown[] = []
    client.transport.on('subscription', ({ to, channel }) => sources.push([to, channel]))
    const { unsubscribe } = await client.transport.subscribe({ params: ['newHeads'], onData() {}, onError() {} })
    expect(sources).toEqual([['live', 'ws']])
    await unsubscribe()
    await client.transport.close()
  })

  test('error: an abort without a reason is an AbortError', async () => {
    await using fleet = await createFleet([{ hang: true }])
    const [{ url }] = fleet.providers
    const client = clientOf([url])
    const controller = new AbortController()
    const { signal } = controller
    const wide = { method: 'eth_getLogs', params: [{ fromBlock: '0x1', toBlock: '0x64' }] }
    const calls = [
      client.transport.request({ method: 'eth_blockNumber' }, { signal }),
      client.transport.request(wide, { signal }),
      client.transport.ready({ signal }),
    ].map(fails)
    controller.abort()
    const late = [client.transport.request(wide, { signal }), client.transport.ready({ signal })].map(fails)
    expect(new Set(await Promise.all([...calls, ...late]))).toEqual(new Set(['AbortError: This operation was aborted']))
    await client.transport.close()
  })
})
