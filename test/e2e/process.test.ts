// What keeps a process alive, and what does not: a transport by being made never, a call until it is answered, a watcher
// until it leaves.

import { execFile } from 'node:child_process'
import { build } from 'esbuild'
import { beforeAll, describe, expect, test } from 'vitest'
import { deadUrl } from '../support/dead-url'
import { createFleet } from '../support/fleet'

/** viem and the library, as one text that programs begin with: module by module they take seconds to load. */
let library: string
beforeAll(async () => {
  const contents = `
    export { createPublicClient, createWalletClient, http, webSocket } from 'viem'
    export { mainnet } from 'viem/chains'
    export { failover } from './src/index.ts'`
  const stdin = { contents, resolveDir: process.cwd(), loader: 'ts' as const }
  const options = { bundle: true, platform: 'node', format: 'iife', globalName: 'library', write: false } as const
  const { outputFiles } = await build({ stdin, ...options })
  library = outputFiles[0]?.text as string
})

/** Runs a program in a process of its own, to its end (within 40 s); returns the JSON it printed. */
function run(program: string, ...args: string[]): Promise<any> {
  const text = `${library}
    const { createPublicClient, createWalletClient, http, webSocket, mainnet, failover } = library
    const [a, b] = process.argv.slice(2)
    // What keeps the process alive, but for its pipes to us.
    const held = () => process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|FSReq|CloseReq|TickObject|Immediate/.test(name))
    const print = (value) => process.stdout.write(JSON.stringify(value))
    void (async () => {
      ${program}
    })()`
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, ['-', ...args], { timeout: 40_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${stdout}\n${stderr}`, { cause: error }))
      else resolve(JSON.parse(stdout))
    })
    child.stdin?.end(text)
  })
}

describe.concurrent('a program', () => {
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

  test('behavior: nor does a socket that is open', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const program = `
      const client = createPublicClient({ chain: mainnet, transport: failover([a]) })
      const height = Number(await client.getBlockNumber())
      process.on('exit', () => print([height, client.transport.status().providers[0].channels.ws.socket]))`
    expect(await run(program, p1.wsUrl)).toEqual([100, 'open'])
    expect(p1.count('eth_blockNumber')).toBe(1)
  })

  test('behavior: nor does a socket that is dialled, and whose handshake is never answered', async () => {
    await using fleet = await createFleet([{ methods: 'handshake', hang: true }, {}])
    const [p1, p2] = fleet.providers
    const program = `
      const client = createPublicClient({ chain: mainnet, transport: failover([a, b]) })
      const height = Number(await client.getBlockNumber())
      process.on('exit', () => print([height, client.transport.status().providers[0].channels.ws.socket]))`
    expect(await run(program, p1.wsUrl, p2.url)).toEqual([100, 'connecting'])
  })

  test('behavior: given a call over a socket and close(), no handle is left', async () => {
    await using fleet = await createFleet(1)
    const program = `
      const client = createPublicClient({ chain: mainnet, transport: failover([a]) })
      await client.getBlockNumber()
      await client.transport.close()
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      print([client.transport.status().providers[0].channels.ws.socket, held().filter((name) => /TCP|Timeout/.test(name))])`
    expect(await run(program, fleet.providers[0].wsUrl)).toEqual(['closed', []])
  })
})

test('a program that waits for ready() goes on while the provider hangs', async () => {
  const program = `
    const request = () => new Promise(() => {})
    const hanging = () => ({ config: { key: 'a', name: 'a', type: 'own', request }, request })
    const client = createPublicClient({ chain: mainnet, transport: failover([{ http: hanging, wallet: false }]) })
    const signal = AbortSignal.timeout(1_000)
    print(await client.transport.ready({ signal }).then(() => 'ready', ({ name }) => name))`
  expect(await run(program)).toBe('TimeoutError')
})

describe.concurrent('a program that watches', () => {
  /** Says how it goes on; a timer that does not hold the process fires only while something else does. */
  const watching = `
      const said = []
      const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref())
      const beAlone = async () => { for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve)) }
      process.on('exit', () => print(said))
      const client = createPublicClient({
        chain: mainnet,
        // viem ends a subscription that is under way once it is there: at the latest after this time.
        transport: failover([a, b].map((http) => ({ http, ws: http.replace('http', 'ws') })), { timeout: 3_000 }),
      })
      const onError = () => {}
      /** Ends with 3 if the process outlives this by so many ms. */
      const endWithin = (ms) => setTimeout(() => { said.push('still there'); process.exit(3) }, ms).unref()`

  test('behavior: with every provider down it stays alive until it unwatches, and then ends', async () => {
    const down = [deadUrl(), deadUrl()]
    const program = `${watching}
      const unwatch = client.watchEvent({ onLogs() {}, onError })
      await later(3_000)
      said.push('alive')
      unwatch()
      endWithin(5_000)`
    expect(await run(program, ...down)).toEqual(['alive'])
  })

  test('behavior: so does one that lost its providers while it watched', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const program = `${watching}
      const unwatch = client.watchEvent({ onLogs() {}, onError })
      await later(3_000)
      said.push('alive')
      unwatch()
      endWithin(5_000)`
    const said = run(program, p1.url, p2.url)
    // That it watches is told by what it asks.
    const ended = said.then(
      () => true,
      () => true,
    )
    const isEnded = () => Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))])
    while (!p1.count('eth_subscribe') && !p2.count('eth_subscribe')) if (await isEnded()) break
    await Promise.all([p1.kill(), p2.kill()])
    expect(await said).toEqual(['alive'])
  })

  test('behavior: given close(), nothing holds it', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const program = `${watching}
      client.watchBlocks({ onBlock() {}, onError })
      client.watchEvent({ onLogs() {}, onError })
      await client.transport.subscribe({ params: ['newHeads'], onData() {}, onError })
      await client.transport.close()
      await beAlone()
      said.push(held().filter((name) => /TCP|Timeout/.test(name)))
      endWithin(5_000)`
    expect(await run(program, p1.url, p2.url)).toEqual([[]])
    expect([p1, p2].flatMap(({ sockets }) => sockets.subscriptions)).toEqual([])
  })

  test('behavior: given close() with every provider down, nothing holds it', async () => {
    const down = [deadUrl(), deadUrl()]
    const program = `${watching}
      client.watchBlocks({ onBlock() {}, onError })
      await later(500)
      await client.transport.close()
      await beAlone()
      said.push(held().filter((name) => /TCP|Timeout/.test(name)))
      endWithin(5_000)`
    expect(await run(program, ...down)).toEqual([[]])
  })

  test('behavior: given the last watcher has left and the linger has passed, it ends by itself', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const program = `${watching}
      const { unsubscribe } = await client.transport.subscribe({ params: ['newHeads'], onData() {}, onError })
      await unsubscribe()
      said.push('left')
      endWithin(10_000)`
    expect(await run(program, p1.url, p2.url)).toEqual(['left'])
  })

  test('behavior: given the last watcher has left and the lingers have passed, no handle is left', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const program = `${watching}
      const { unsubscribe } = await client.transport.subscribe({ params: ['newHeads'], onData() {}, onError })
      await unsubscribe()
      // Alive by a timer of its own until the socket has gone, after that of the subscription and its own.
      const clock = setInterval(() => {}, 1_000)
      await new Promise((resolve) => client.transport.on('connection', ({ to }) => to === 'idle' && resolve()))
      clearInterval(clock)
      await beAlone()
      said.push(client.transport.status().subscriptions, held().filter((name) => /TCP|Timeout/.test(name)))`
    expect(await run(program, p1.url, p2.url)).toEqual([[], []])
    expect([...p1.sockets.subscriptions, ...p2.sockets.subscriptions]).toEqual([])
  })
})
