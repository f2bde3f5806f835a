// One client over two providers with a real node behind them, watched in every way, and hands to break what is between.

import { createPublicClient } from 'viem'
import { anvil as chain } from 'viem/chains'
import type { FailoverOptions, ProviderConfig } from '../../src'
import { failover } from '../../src'
import type { GivenHead } from '../support/stream-judge'
import type { TcpProxy } from '../support/tcp-proxy'
import { createTcpProxy } from '../support/tcp-proxy'
import type { ChainNode } from './anvil-chain'
import { startChainNode } from './anvil-chain'
import type { Watchers } from './anvil-watchers'
import { startWatchers } from './anvil-watchers'

export type SceneProvider = {
  readonly id: string
  readonly http: TcpProxy
  readonly ws: TcpProxy
  kill(): Promise<unknown>
  revive(): Promise<unknown>
  stall(): void
  resume(): void
  halfOpen(): void
}

export type SceneClient = ReturnType<typeof clientOf>

export type Pump = {
  /** The next block that it makes. */
  next(): Promise<GivenHead>
  stop(): Promise<void>
}

export type Scene = {
  /** Where the providers lead: both to the first one, or each to its own. */
  readonly nodes: readonly ChainNode[]
  /** The first one. */
  readonly node: ChainNode
  readonly p1: SceneProvider
  readonly p2: SceneProvider
  readonly client: SceneClient
  /** Starts every way to watch; once. */
  watch(): Promise<Watchers>
  /** The same block at these nodes (at all of them), with so many events that were never there before; its head. */
  mine(count?: number, at?: readonly ChainNode[]): Promise<GivenHead>
  /** Numbers for events that were never there before. */
  events(count: number): number[]
  /** A block with one event every so many ms. */
  pump(every: number, at?: readonly ChainNode[]): Pump
  /** Ends a node and starts it again from nothing, at the same place. */
  restart(index: number): Promise<ChainNode>
  /** Makes two last blocks, waits until all have them, and judges; empty if all is right. By the last node. */
  finish(): Promise<Record<string, unknown>>
  [Symbol.asyncDispose](): Promise<void>
}

export type SceneOptions = FailoverOptions & {
  nodes?: 1 | 2 | undefined
  /** The ways that the providers have. @default both */
  ways?: 'http' | 'ws' | undefined
}

/** So many blocks are waited for what comes late. */
const LAST_BLOCKS = 10

export async function startScene({ nodes: count = 1, ways, ...options }: SceneOptions = {}): Promise<Scene> {
  const nodes = await Promise.all(Array.from({ length: count }, () => startChainNode()))
  const last = () => nodes.at(-1) as ChainNode
  const [p1, p2] = await Promise.all([startProvider('p1', nodes[0] as ChainNode), startProvider('p2', last())])
  const client = clientOf([p1, p2], ways, options)
  let watching: Promise<Watchers> | undefined
  let start = 0n
  let lastX = 0
  const pumps = new Set<Pump>()

  const events = (count: number) => Array.from({ length: count }, () => ++lastX)

  async function mine(count = 1, at: readonly ChainNode[] = nodes) {
    const xs = events(count)
    const heads = await Promise.all(at.map((node) => node.mine(...xs)))
    return heads.at(-1) as GivenHead
  }

  function pump(every: number, at?: readonly ChainNode[]): Pump {
    let isStopped = false
    let waiting: ((head: GivenHead) => void)[] = []
    const running = (async () => {
      while (!isStopped) {
        const head = await mine(1, at)
        const told = waiting
        waiting = []
        for (const tell of told) tell(head)
        await new Promise((resolve) => setTimeout(resolve, every))
      }
    })()
    const one: Pump = {
      // Not the one under way: it may have been made before what the test has just done.
      next: async () => {
        await new Promise<GivenHead>((resolve) => waiting.push(resolve))
        return new Promise<GivenHead>((resolve) => waiting.push(resolve))
      },
      async stop() {
        isStopped = true
        pumps.delete(one)
        await running
      },
    }
    pumps.add(one)
    return one
  }

  return {
    nodes,
    get node() {
      return nodes[0] as ChainNode
    },
    p1,
    p2,
    client,
    async watch() {
      start = await last().height()
      watching ??= startWatchers(client as never)
      return watching
    },
    mine,
    events,
    pump,
    async restart(index) {
      const { port, kill } = (nodes[index] as ChainNode).anvil
      await kill()
      const node = await startChainNode(port)
      nodes[index] = node
      return node
    },
    async finish() {
      const watchers = await watching
      if (!watchers) throw new Error('nobody watches')
      let wrong: Record<string, unknown> = {}
      // After the first one came, nothing of before is to come, but what comes late: the next ones would bring it to light.
      for (let block = 0; block < LAST_BLOCKS && (block < 2 || Object.keys(wrong).length > 0); block++) {
        await watchers.reached(await mine())
        wrong = watchers.judge(await last().truth(start))
      }
      return wrong
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...pumps].map((one) => one.stop()))
      await (await watching?.catch(() => undefined))?.stop()
      await client.transport.close()
      await Promise.all([p1.http, p1.ws, p2.http, p2.ws].map((proxy) => proxy.close()))
      await Promise.all(nodes.map(({ anvil }) => anvil.close()))
    },
  }
}

async function startProvider(id: string, { url }: ChainNode): Promise<SceneProvider> {
  const [http, ws] = await Promise.all([createTcpProxy(url), createTcpProxy(url)])
  const both = [http, ws]
  const each = (act: (proxy: TcpProxy) => void) => () => {
    for (const proxy of both) act(proxy)
  }
  return {
    id,
    http,
    ws,
    kill: () => Promise.all(both.map((proxy) => proxy.kill())),
    revive: () => Promise.all(both.map((proxy) => proxy.revive())),
    stall: each((proxy) => proxy.stall()),
    resume: each((proxy) => proxy.resume()),
    halfOpen: each((proxy) => proxy.halfOpen()),
  }
}

function clientOf(providers: readonly SceneProvider[], ways: SceneOptions['ways'], options: FailoverOptions) {
  const list = providers.map(
    ({ id, http, ws }): ProviderConfig => ({
      id,
      ...(ways === 'ws' ? {} : { http: http.url }),
      ...(ways === 'http' ? {} : { ws: ws.wsUrl }),
    }),
  )
  // Without sockets viem would poll by itself: here it is to subscribe all the same.
  const transport = failover(list, { subscriptions: true, ...options })
  return createPublicClient({ chain, cacheTime: 0, pollingInterval: 100, transport })
}
