// The WebSocket side of a simulated provider: handshakes, frames both ways, pings and pushes, as the script says.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Hash } from 'viem'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import type { Chain } from './chain'
import type { Reply } from './fleet-reply'
import type { Node } from './node'
import { createNodeSubscriptions } from './node-subscriptions'
import type { Decision } from './provider-behaviour'

export type FleetSockets = {
  readonly open: number
  /** Number of handshakes that succeeded. */
  readonly total: number
  /** Params of the upstream subscriptions that are open now, over all sockets. */
  readonly subscriptions: readonly (readonly any[])[]
  /** Sends a raw frame on all open sockets: text, or bytes for a binary frame. */
  send(frame: string | Uint8Array): void
  /** Closes all sockets with a close frame. @default code 1001 */
  close(code?: number, reason?: string): void
  /** Cuts all sockets without a close frame. HTTP connections stay, and new sockets are taken. */
  cut(): void
}

export type FleetSocketsInside = FleetSockets & {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  flush(): void
  addPending(hash: Hash): void
}

export type FleetSocketsOptions = {
  id: string
  chain: Chain
  headOf: () => number
  node: Node
  /** Answers a frame; `node` knows the subscriptions of its socket. */
  receive: (
    text: string,
    source: { channel: 'ws'; headers: IncomingMessage['headers'] },
    node: Pick<Node, 'answer'>,
  ) => Promise<Reply>
  isCutEarly: () => boolean
  /** The decision of the script for a push, a ping or a handshake. */
  decide: (event: 'eth_subscription' | 'ping' | 'handshake') => Decision
  /** Calls `fn` after the latency of the decision, at once without one. */
  delay: (decision: Decision, fn: () => void) => void
}

type Peer = { socket: WebSocket; subscriptions: ReturnType<typeof createNodeSubscriptions> }

export function createFleetSockets(options: FleetSocketsOptions): FleetSocketsInside {
  const { decide, delay } = options
  const server = new WebSocketServer({ noServer: true, autoPong: false })
  const peers = new Set<Peer>()
  let total = 0

  function welcome(socket: WebSocket, headers: IncomingMessage['headers']) {
    const peer = createPeer(socket, headers, `${options.id} ${++total}`, options)
    peers.add(peer)
    socket.once('close', () => peers.delete(peer))
  }

  return {
    upgrade(request, socket, head) {
      const decision = decide('handshake')
      if (decision.hang) return
      if (decision.reset) return void socket.destroy()
      const { status } = decision
      delay(decision, () => {
        if (socket.destroyed) return
        if (status) socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
        else server.handleUpgrade(request, socket, head, (open) => welcome(open, request.headers))
      })
    },
    flush() {
      for (const { subscriptions } of peers) subscriptions.flush()
    },
    addPending(hash) {
      for (const { subscriptions } of peers) subscriptions.addPending(hash)
    },
    get open() {
      return peers.size
    },
    get total() {
      return total
    },
    get subscriptions() {
      return [...peers].flatMap(({ subscriptions }) => subscriptions.list())
    },
    send(frame) {
      for (const { socket } of peers) socket.send(frame)
    },
    close(code = 1001, reason = '') {
      for (const { socket } of peers) socket.close(code, reason)
    },
    cut() {
      for (const { socket } of [...peers]) socket.terminate()
      peers.clear()
    },
  }
}

function createPeer(
  socket: WebSocket,
  headers: IncomingMessage['headers'],
  seed: string,
  options: FleetSocketsOptions,
): Peer {
  const { chain, headOf, node, receive, isCutEarly, decide } = options
  const push = createPush(socket, options)
  const subscriptions = createNodeSubscriptions({
    chain,
    headOf,
    seed,
    notify: (subscription, result) =>
      push(
        subscription,
        JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription, result } }),
      ),
  })
  const ownNode: Pick<Node, 'answer'> = {
    answer(method, params, view) {
      if (method === 'eth_subscribe') return subscriptions.open(params)
      if (method === 'eth_unsubscribe') return subscriptions.close(params[0])
      return node.answer(method, params, view)
    },
  }

  async function answer(text: string) {
    if (isCutEarly()) return socket.terminate()
    const reply = await receive(text, { channel: 'ws', headers }, ownNode)
    if (reply === 'hang') return
    if (reply === 'reset') return socket.terminate()
    socket.send(reply.text)
    subscriptions.release()
  }

  socket.on('message', (data) => void answer(data.toString()))
  socket.on('ping', (data) => {
    if (!decide('ping').hang) socket.pong(data)
  })
  socket.on('error', () => socket.terminate())
  return { socket, subscriptions }
}

/** Pushes the events of subscriptions; the script may drop or double a frame, or let the next one overtake it. */
function createPush(socket: WebSocket, { decide, delay }: FleetSocketsOptions) {
  const held = new Map<string, string[]>()
  return (subscription: string, text: string) => {
    const decision = decide('eth_subscription')
    if (decision.reset) return socket.terminate()
    if (decision.hang || decision.frames === 'drop') return
    const overtaken = held.get(subscription) ?? []
    if (decision.frames === 'swap') return void held.set(subscription, [...overtaken, text])
    const texts = [text, ...(decision.frames === 'double' ? [text] : []), ...overtaken]
    held.delete(subscription)
    delay(decision, () => {
      for (const one of texts) socket.send(one, () => {}) // the callback: a socket closed meanwhile is no error here
    })
  }
}
