// One simulated provider: a real HTTP server with a real WebSocket server on the same port. It answers as its script says, and
// records what it is asked.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Chain } from './chain'
import { createStandpoint } from './chain-standpoint'
import { createFleetListener } from './fleet-listener'
import type { Reply, WireRequest } from './fleet-reply'
import { replyTo } from './fleet-reply'
import type { FleetSockets } from './fleet-sockets'
import { createFleetSockets } from './fleet-sockets'
import type { Node } from './node'
import { createNode } from './node'
import type { BehaviourScript, Decision } from './provider-behaviour'
import { createScript, drawLatency, mergeEffects } from './provider-behaviour'
import { seededRandom } from './seeded-random'

export type FleetCall = {
  readonly method: string
  readonly params: any
  readonly channel: 'http' | 'ws'
  /** Headers of the HTTP request, or of the handshake. */
  readonly headers: IncomingHttpHeaders
  /** When the request arrived (`performance.now()`, in ms). */
  readonly at: number
  /** Size of the body that held the request (in bytes). */
  readonly bytes: number
  /** Number of requests in that body if it was a batch, else 0. */
  readonly batch: number
}

export type FleetProvider = {
  readonly id: string
  /** `http://127.0.0.1:port` */
  readonly url: string
  /** `ws://127.0.0.1:port` */
  readonly wsUrl: string
  /** The requests that arrived; members of batches singly. */
  readonly calls: readonly FleetCall[]
  /** Number of requests of one method, members of batches included; by default of all but `eth_chainId`, which is upkeep. */
  count(method?: string): number
  forgetCalls(): void
  /** Replaces the behaviour, and starts its counters anew. `{}` makes a healthy provider. */
  behave(script: BehaviourScript): void
  readonly connections: { readonly open: number; readonly total: number }
  readonly sockets: FleetSockets
  /** Stops listening and cuts all connections; new ones are refused. The node behind keeps its state. */
  kill(): Promise<void>
  /** Listens on the same port again. */
  revive(): Promise<void>
  /** Cuts all connections; new ones are taken. */
  cut(): void
  /** Puts the node on another branch (a fork of its chain, or that chain again): it tells the difference as a reorg. */
  moveTo(chain: Chain): void
  /** Makes all filter ids unknown, as a restart of the node behind does. */
  forgetFilters(): void
  close(): Promise<void>
}

export type FleetProviderOptions = { id: string; chain: Chain; chainId: number; script: BehaviourScript; seed: number }

type Source = Pick<FleetCall, 'channel' | 'headers'>

const invalid: Reply = {
  status: 400,
  headers: { 'content-type': 'application/json' },
  text: '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}',
}

/** Starts a provider. Resolves when it listens. */
export async function createFleetProvider(options: FleetProviderOptions): Promise<FleetProvider> {
  const { id, chainId, seed } = options
  const chain = createStandpoint(options.chain)
  const random = seededRandom(seed)
  const calls: FleetCall[] = []
  let script = createScript(options.script, random)

  function delay({ latency }: Decision, fn: () => void) {
    if (latency === undefined) fn()
    else setTimeout(fn, drawLatency(latency, random)).unref() // the server keeps the process alive
  }

  async function receive(text: string, source: Source, ownNode: Pick<Node, 'answer'>): Promise<Reply> {
    const payload = parsePayload(text)
    if (!payload) return invalid
    const at = performance.now()
    const isBatch = Array.isArray(payload)
    const requests: readonly WireRequest[] = isBatch ? payload : [payload]
    const carried = { ...source, at, bytes: Buffer.byteLength(text), batch: isBatch ? requests.length : 0 }
    for (const { method, params } of requests) calls.push({ method, params, ...carried })
    const decisions = requests.map(({ method }) => script.decide(method, source.channel, at))
    // The answer is made when the request arrives: the latency is that of the way back.
    const truth = { head: chain.head.number, chainId }
    const reply = await replyTo({ payload, decisions, node: ownNode, truth })
    await new Promise<void>((resolve) => delay(mergeEffects(decisions), resolve))
    return reply
  }

  async function serve(request: IncomingMessage, response: ServerResponse) {
    if (script.isCutEarly('http', performance.now())) return request.socket.destroy()
    const reply = await receive(await readBody(request), { channel: 'http', headers: request.headers }, node)
    if (reply === 'hang') return
    if (reply === 'reset') return request.socket.destroy()
    response.writeHead(reply.status, reply.headers).end(reply.text)
  }

  const headOf = () => Math.max(0, chain.head.number - (script.standing.lag ?? 0))
  const node = createNode({ chain, headOf, onPending: (hash) => sockets.addPending(hash) })
  const sockets = createFleetSockets({
    id,
    chain,
    headOf,
    node,
    receive,
    isCutEarly: () => script.isCutEarly('ws', performance.now()),
    decide: (event) => script.decide(event, 'ws', performance.now()),
    delay,
  })
  const listener = createFleetListener({
    serve: (request, response) => void serve(request, response),
    upgrade: sockets.upgrade,
  })
  chain.onChange(sockets.flush)
  await listener.listen()

  return {
    id,
    url: `http://127.0.0.1:${listener.port}`,
    wsUrl: `ws://127.0.0.1:${listener.port}`,
    calls,
    count: (method) => calls.filter((call) => (method ? call.method === method : call.method !== 'eth_chainId')).length,
    forgetCalls: () => void calls.splice(0),
    behave(next) {
      script = createScript(next, random)
      sockets.flush()
    },
    get connections() {
      return listener.connections
    },
    sockets,
    kill: listener.stop,
    revive: listener.listen,
    cut: listener.cut,
    moveTo: chain.moveTo,
    forgetFilters: node.forgetFilters,
    close() {
      chain.leave()
      return listener.stop()
    },
  }
}

function parsePayload(text: string): WireRequest | readonly WireRequest[] | undefined {
  try {
    const payload: unknown = JSON.parse(text)
    const requests: readonly unknown[] = Array.isArray(payload) ? payload : [payload]
    const isValid = requests.every((one) => typeof (one as WireRequest | null)?.method === 'string')
    return isValid ? (payload as WireRequest) : undefined
  } catch {
    return undefined // no JSON: the reply says so
  }
}

/** Resolves with the body as text; never, if the request is cut off before its end. */
function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(Buffer.concat(chunks).toString()))
  })
}
