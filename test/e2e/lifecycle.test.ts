// What a transport starts, keeps and ends: nothing by being made, nothing after its calls, everything when it is closed.

import { execFile } from 'node:child_process'
import { build } from 'esbuild'
import { createPublicClient, createWalletClient, custom } from 'viem'
import { mainnet } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import type { FailoverTransport } from '../../src'
import { failover } from '../../src'
import { createFleet } from '../support/fleet'

const closed = { name: 'TransportClosedError' }

const clientOf = (transport: FailoverTransport) => createPublicClient({ chain: mainnet, cacheTime: 0, transport })

/** Runs a program in a process of its own, to its end; returns the JSON it printed. */
async function run(program: string, ...args: string[]): Promise<any> {
  const contents = `
    import { createPublicClient, createWalletClient, http, webSocket } from 'viem'
    import { mainnet } from 'viem/chains'
    import { failover } from './src/index.ts'
    const [a, b] = process.argv.slice(2)
    // What keeps the process alive, but for its pipes to us.
    const held = () => process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|FSReq|CloseReq|TickObject|Immediate/.test(name))
    const print = (value) => process.stdout.write(JSON.stringify(value))
    void (async () => {
      ${program}
    })()`
  // One file: the modules of viem take seconds to load one by one.
  const stdin = { contents, resolveDir: process.cwd(), loader: 'ts' as const }
  const { outputFiles } = await build({ stdin, bundle: true, platform: 'node', format: 'cjs', write: false })
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, ['-', ...args], (error, stdout, stderr) => {
      if (error) reject(new Error(stderr, { cause: error }))
      else resolve(JSON.parse(stdout))
    })
    child.stdin?.end(outputFiles[0]?.text)
  })
}

describe('a program', () => {
  test('default: making clients starts nothing', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const program = `
      const before = held()
      const transport = failover([{ http: a, ws: a.replace('http', 'ws') }, b, http(b), webSocket(b.replace('http', 'ws'))])
      const clients = [createPublicClient({ chain: mainnet, transport }), createWalletClient({ transport: transport.with({ timeout: 5 }) })]
      const status = clients[0].transport.status()
      print({ started: held().length - before.length, total: status.requests.total })`
    expect(await run(program, p1.url, p2.url)).toEqual({ started: 0, total: 0 })
    expect([p1, p2].map(({ connections }) => connections.total)).toEqual([0, 0])
  })

  test('default: one call, and it ends by itself', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const program = `
      const client = createPublicClient({ chain: mainnet, transport: failover([a, b]) })
      const height = Number(await client.getBlockNumber())
      print({ height, timers: held().filter((name) => name === 'Timeout') })`
    expect(await run(program, p1.url, p2.url)).toEqual({ height: 100, timers: [] })
  })

  test('behavior: one that hangs does not keep it', async () => {
    await using fleet = await createFleet([{ hang: true }, {}])
    const [p1, p2] = fleet.providers
    const program = `
      const client = createPublicClient({ chain: mainnet, transport: failover([a, b], { hedge: { delay: 1 } }) })
      const height = Number(await client.getBlockNumber())
      await client.transport.request({ method: 'eth_gasPrice' }, { provider: 'none' }).catch(() => {})
      print({ height, timers: held().filter((name) => name === 'Timeout') })`
    expect(await run(program, p1.url, p2.url)).toEqual({ height: 100, timers: [] })
  })

  test('behavior: nor does a socket', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const program = `
      const client = createPublicClient({ chain: mainnet, transport: failover([a]) })
      print({ height: Number(await client.getBlockNumber()) })`
    expect(await run(program, p1.wsUrl)).toEqual({ height: 100 })
    expect(p1.calls.every(({ channel }) => channel === 'ws')).toBe(true)
  })
})

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
    expect(await clientOf(transport.with({ timeout: 900 })).getBlockNumber()).toBe(100n)
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
