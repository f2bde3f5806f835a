// A TCP proxy in front of one node, with the faults of a network: connections that are cut, silent, or open at one end only.
// It knows bytes, not HTTP or JSON-RPC. Faults of these protocols are made by flaky-proxy.ts.

import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { listen, stop } from './listening'

export type TcpProxy = {
  readonly url: string
  readonly wsUrl: string
  readonly port: number
  /** Number of connections to the node, or that wait for one. */
  readonly open: number
  /** Number of connections that were ever accepted. */
  readonly total: number
  /** Resets all connections; new ones are taken. */
  cut(): void
  /** Resets all connections; new ones are refused until `revive`. */
  kill(): Promise<void>
  revive(): Promise<void>
  /** Holds all bytes back, both ways, and hides the end of connections. New connections are taken and hang. */
  stall(): void
  /** Lets everything pass again, first what was held back. */
  resume(): void
  /** Ends the node's side of all connections without telling the clients. New connections work. */
  halfOpen(): void
  /** Resolves when no connection is open. */
  drained(): Promise<void>
  /** Cuts all connections and stops listening. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A client's connection, with its connection to the node: none before that is made and after it was lost. */
type Pair = { readonly client: Socket; node?: Socket | undefined; isHalf: boolean }

/** Starts a proxy. @param nodeUrl `http:` URL of the node */
export async function createTcpProxy(nodeUrl: string): Promise<TcpProxy> {
  const { hostname, port: nodePort } = new URL(nodeUrl)
  const pairs = new Set<Pair>()
  let isStalled = false
  let total = 0
  let onDrained: (() => void)[] = []

  // The end of one side is passed on to the other side, not answered by the proxy.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const pair: Pair = { client, isHalf: false }
    total++
    pairs.add(pair)
    client.on('error', () => {}) // `close` follows
    client.once('close', () => settle(pair))
    if (!isStalled) dial(pair)
  })

  function dial(pair: Pair) {
    const node = connect({ host: hostname, port: Number(nodePort), allowHalfOpen: true })
    pair.node = node
    node.on('error', () => {})
    node.once('close', () => settle(pair))
    join(pair)
  }

  function join({ client, node }: Pair) {
    if (node) client.pipe(node).pipe(client)
  }

  /** One side has ended for good: ends the other one too, unless the proxy is stalled. */
  function settle(pair: Pair) {
    const { client, node, isHalf } = pair
    if (isStalled && !client.destroyed) return
    if (client.destroyed) node?.destroy()
    else if (node?.destroyed && !isHalf) cutOff(client)
    if (client.destroyed) pairs.delete(pair)
    checkDrained()
  }

  function openCount() {
    return [...pairs].filter(({ isHalf }) => !isHalf).length
  }

  function checkDrained() {
    if (openCount() > 0) return
    for (const resolve of onDrained) resolve()
    onDrained = []
  }

  function cut() {
    for (const { client } of pairs) client.resetAndDestroy()
  }

  const end = () => stop(server, cut)

  await listen(server, 0)
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    port,
    get open() {
      return openCount()
    },
    get total() {
      return total
    },
    cut,
    kill: end,
    async revive() {
      if (!server.listening) await listen(server, port)
    },
    stall() {
      isStalled = true
      for (const { client, node } of pairs) {
        client.unpipe().pause()
        node?.unpipe().pause()
      }
    },
    resume() {
      isStalled = false
      for (const pair of pairs) {
        if (pair.isHalf) continue
        if (!pair.node) dial(pair)
        else if (pair.node.destroyed) settle(pair)
        else join(pair)
      }
    },
    halfOpen() {
      for (const pair of pairs) {
        pair.isHalf = true
        pair.client.unpipe().resume() // what is sent is taken and lost
        pair.node?.unpipe().destroy()
      }
      checkDrained()
    },
    drained: () =>
      new Promise((resolve) => {
        onDrained.push(resolve)
        checkDrained()
      }),
    close: end,
    [Symbol.asyncDispose]: end,
  }
}

/** Ends a client's connection: bytes that the node sent before its end arrive, then comes a reset, as if the node had died. */
function cutOff(client: Socket) {
  if (client.writableEnded) client.destroySoon()
  else client.resetAndDestroy()
}
