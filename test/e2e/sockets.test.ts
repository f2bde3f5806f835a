// Sockets under `failover()`: lists of sockets only, mixed lists, lost sockets.

import { createPublicClient } from 'viem'
import { mainnet } from 'viem/chains'
import { afterEach, describe, expect, test } from 'vitest'
import type { FailoverOptions, ProviderEntry, SocketState } from '../../src'
import { failover } from '../../src'
import { createFleet } from '../support/fleet'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

function connect(list: readonly ProviderEntry[], options: FailoverOptions = {}) {
  const client = createPublicClient({ chain: mainnet, transport: failover(list, { share: false, ...options }) })
  const { transport } = client
  cleanups.push(transport.close)
  const ask = (method = 'eth_blockNumber', params: unknown[] = []) => transport.request({ method, params })
  const socketOf = (id: string) =>
    transport.status().providers.find((provider) => provider.id === id)?.channels.ws?.socket
  const breakerOf = (id: string) => transport.breaker(id, 'ws').state
  /** Resolves once a socket gets into this state. */
  const socketIs = (id: string, state: SocketState) =>
    new Promise<void>((resolve) => {
      const off = transport.on('connection', ({ provider, to }) => {
        if (provider !== id || to !== state) return
        off()
        resolve()
      })
    })
  return { client, transport, ask, socketOf, socketIs, breakerOf }
}

describe('lists of sockets only', () => {
  test('default: given none connected yet, a request waits for the connection', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const { client, transport } = connect([p1.wsUrl, p2.wsUrl])
    expect(await client.getBlockNumber()).toBe(100n)
    expect(await client.getBlock({ blockNumber: 7n })).toMatchObject({ number: 7n })
    expect([p1.sockets.total, p2.sockets.total]).toEqual([1, 0])
    const [first, second] = transport.status().providers
    expect([first?.channels.ws?.socket, second?.channels.ws?.socket]).toEqual(['open', 'idle'])
    const status = transport.status()
    expect(JSON.parse(JSON.stringify(status))).toEqual(status)
  })

  test('behavior: given frames that belong to nobody, then they are counted in the status', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const { transport, ask } = connect([p1.wsUrl])
    const strays = () => transport.status().providers[0]?.channels.ws?.strays
    expect(strays()).toBe(0)
    await ask()
    for (const frame of ['{"id":99,"result":"0x1"}', 'not JSON']) p1.sockets.send(frame)
    await ask()
    expect(strays()).toBe(2)
  })

  test('behavior: one that refuses the handshake is passed over, one that hangs within the deadline', async () => {
    await using fleet = await createFleet([
      { methods: 'handshake', status: 403 },
      { methods: 'handshake', hang: true },
      {},
    ])
    const [p1, p2, p3] = fleet.providers
    const { ask } = connect(fleet.providers.map(({ id, wsUrl }) => ({ id, ws: wsUrl })))
    expect(await ask()).toBe('0x64')
    expect([p1.sockets.total, p2.sockets.total, p3.sockets.total]).toEqual([0, 0, 1])
    for (let count = 0; count < 20; count++) expect(await ask()).toBe('0x64')
    // No hammering of the one that refused, and the open one is asked first.
    expect(p1.connections.total).toBe(1)
    expect(p3.count('eth_blockNumber')).toBe(21)
  })

  test.each([
    ['before it is open', false],
    ['while it is open', true],
  ])('behavior: 600 reads at once over one socket wait for its slots, and all are answered: %s', async (_, isOpen) => {
    await using fleet = await createFleet([{ latency: 5 }])
    const [p1] = fleet.providers
    const { client, transport, ask, breakerOf } = connect([{ id: 'p1', ws: p1.wsUrl }])
    const failures: unknown[] = []
    transport.on('attempt', (attempt) => attempt.outcome !== 'success' && failures.push(attempt))
    if (isOpen) await ask()
    const blocks = await Promise.all(
      Array.from({ length: 600 }, (_, index) => client.getBlock({ blockNumber: BigInt(index % 100) })),
    )
    expect(blocks.map(({ number }) => number)).toEqual(Array.from({ length: 600 }, (_, index) => BigInt(index % 100)))
    expect([failures, p1.count('eth_getBlockByNumber'), p1.sockets.total, breakerOf('p1')]).toEqual([
      [],
      600,
      1,
      'closed',
    ])
    expect(transport.status().requests).toMatchObject({ failed: 0, hedged: 0, retried: 0 })
  })

  test('behavior: all clients of one `failover()` share the sockets', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const transport = failover([p1.wsUrl])
    const clients = [1, 2, 3].map(() => createPublicClient({ chain: mainnet, transport }))
    await Promise.all(clients.map((client) => client.getBlockNumber({ cacheTime: 0 })))
    expect(p1.sockets.total).toBe(1)
    await clients[0]?.transport.close()
  })

  test('behavior: close() ends the sockets, and a client made afterwards has new ones', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const given = failover([p1.wsUrl])
    const first = createPublicClient({ chain: mainnet, transport: given })
    await first.getBlockNumber()
    const pending = first.request({ method: 'eth_getBalance', params: ['0x', 'latest'] }).catch(({ name }) => name)
    await first.transport.close()
    await first.transport.close()
    expect(await pending).toBe('TransportClosedError')
    expect(first.transport.status().providers[0]?.channels.ws?.socket).toBe('closed')
    const second = createPublicClient({ chain: mainnet, transport: given })
    expect(await second.getBlockNumber()).toBe(100n)
    expect(p1.sockets.total).toBe(2)
    await second.transport.close()
  })
})

describe('mixed lists', () => {
  test('behavior: the first request that would have preferred a socket starts its dial and goes the next way; later ones take it', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const { ask, socketIs } = connect(
      [
        { id: 'p1', ws: p1.wsUrl },
        { id: 'p2', http: p2.url },
      ],
      { consistency: 'none', hedge: false },
    )
    const open = socketIs('p1', 'open')
    expect(await ask()).toBe('0x64')
    expect([p1.count(), p2.count()]).toEqual([0, 1])
    await open
    for (let count = 0; count < 5; count++) await ask()
    expect([p1.count(), p2.count(), p1.sockets.total]).toEqual([5, 1, 1])
  })

  test.each(['priority', 'fastest', 'load-balanced'] as const)(
    'behavior: a provider that can be reached over HTTP gets no socket for unary requests (%s)',
    async (strategy) => {
      await using fleet = await createFleet(2)
      const [p1, p2] = fleet.providers
      const list = fleet.providers.map(({ id, url, wsUrl }) => ({ id, http: url, ws: wsUrl }))
      const { ask, socketOf } = connect(list, { strategy, hedge: false })
      for (let count = 0; count < 10; count++) await ask('eth_gasPrice')
      expect([socketOf('p1'), socketOf('p2'), p1.count() + p2.count()]).toEqual(['idle', 'idle', 10])
    },
  )

  test('behavior: given 3 requests in flight when the socket drops, all 3 fail over at once', async () => {
    await using fleet = await createFleet([{ methods: 'eth_call', hang: true }, {}])
    const [p1, p2] = fleet.providers
    const { ask, socketIs, breakerOf, transport } = connect(
      [
        { id: 'p1', ws: p1.wsUrl },
        { id: 'p2', http: p2.url },
      ],
      { hedge: false, timeout: 15_000 },
    )
    const open = socketIs('p1', 'open')
    await ask()
    await open
    await ask() // now p1 is known to have the block that was shown
    const calls = [1, 2, 3].map((id) => ask('eth_call', [{ to: `0x${`${id}`.repeat(40)}` }, 'latest']))
    await ask()
    expect(p2.count('eth_call')).toBe(0)
    p1.cut()
    await Promise.all(calls)
    expect(p2.count('eth_call')).toBe(3)
    // One socket has ended: that is one failure, not three in a row.
    expect([breakerOf('p1'), transport.status().providers[0]?.channels.ws?.breaker.failures]).toEqual(['closed', 1])
  })

  test('behavior: given a provider whose socket was lost and is reconnecting, it is not a candidate while others are', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const { ask, socketIs, transport } = connect([
      { id: 'p1', ws: p1.wsUrl },
      { id: 'p2', http: p2.url },
    ])
    const open = socketIs('p1', 'open')
    await ask()
    await open
    p1.behave({ methods: 'handshake', hang: true })
    const connecting = socketIs('p1', 'connecting')
    p1.sockets.close(1001)
    await connecting
    for (let count = 0; count < 5; count++) await ask()
    expect(p2.count()).toBe(6)
    expect(transport.status().requests).toMatchObject({ failed: 0, hedged: 0, retried: 0 })
  })

  test('behavior: failed dials that nobody waited for open the breaker; a polite close on an idle link does not', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const { ask, socketIs, breakerOf } = connect([
      { id: 'p1', ws: p1.wsUrl },
      { id: 'p2', http: p2.url },
    ])
    const open = socketIs('p1', 'open')
    await ask()
    await open
    for (const code of [1000, 1001, 1012, 1001]) {
      const again = socketIs('p1', 'open')
      p1.sockets.close(code)
      await again
    }
    expect(breakerOf('p1')).toBe('closed')
    await p1.kill()
    while (breakerOf('p1') === 'closed') {
      await ask()
      // The socket's own events come between the requests.
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(breakerOf('p1')).toBe('open')
  })

  test('behavior: given 256 pending on a socket, the 257th goes to another candidate', async () => {
    await using fleet = await createFleet([{ methods: 'eth_call', hang: true }, {}])
    const [p1, p2] = fleet.providers
    const { ask, socketIs, breakerOf, transport } = connect(
      [
        { id: 'p1', ws: p1.wsUrl },
        { id: 'p2', http: p2.url },
      ],
      { hedge: false, timeout: 0 },
    )
    const open = socketIs('p1', 'open')
    await ask()
    await open
    await ask() // now p1 is known to have the block that was shown
    const hanging = Array.from({ length: 256 }, (_, nth) =>
      ask('eth_call', [{ nonce: `0x${nth.toString(16)}` }, 'latest']),
    )
    await ask('eth_call', [{ nonce: '0xffff' }, 'latest'])
    expect([p1.count('eth_call') <= 256, p2.count('eth_call'), breakerOf('p1')]).toEqual([true, 1, 'closed'])
    await transport.close()
    const ended = await Promise.allSettled(hanging)
    expect(ended.every(({ status }) => status === 'rejected')).toBe(true)
  })

  test('behavior: a connection that complains, comes and goes is told; no endpoint is in it', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const { ask, transport } = connect([{ id: 'p1', ws: `${p1.wsUrl}/v2/SECRETSECRET` }])
    const told: unknown[] = []
    const complained = new Promise<void>((resolve) =>
      transport.on('connection', (event) => {
        told.push(event)
        if (event.from === event.to) resolve()
      }),
    )
    await ask()
    p1.sockets.send('{"id":null,"error":{"code":-32700,"message":"bad frame at SECRETSECRET"}}')
    await complained
    expect(told).toEqual([
      { provider: 'p1', from: 'idle', to: 'connecting', attempt: 1 },
      { provider: 'p1', from: 'connecting', to: 'open', attempt: 1 },
      { provider: 'p1', from: 'open', to: 'open', attempt: 1, why: 'bad frame at ***' },
    ])
  })
})
