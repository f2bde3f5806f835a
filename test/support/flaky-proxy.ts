// A small HTTP proxy in front of one node, with a switch for faults. WebSocket upgrades pass through, and hang or are cut
// with it. It has no dependencies, so that a demo can use it, and knows bytes, not JSON-RPC.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request as sendRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { listen, stop } from './listening'

/**
 * - `refuse`: does not listen: new connections are refused, open ones are cut.
 * - `hang`: takes requests, but never answers and forwards nothing.
 * - `take-and-hang`: forwards requests to the node, but never passes its answers back.
 * - `html`: answers 200 with a page in place of JSON. `error503`: answers 503 with a page.
 * - `reset`: cuts the connection when a request arrives.
 * - `latency`: holds each request back for that many ms.
 *
 * An open WebSocket goes on, except that `refuse` and `reset` cut it, and `hang` and `take-and-hang` hold its bytes back
 * until the next fault.
 */
export type Fault =
  | 'none'
  | 'refuse'
  | 'hang'
  | 'take-and-hang'
  | 'html'
  | 'error503'
  | 'reset'
  | { readonly latency: number }

export type FlakyProxy = {
  readonly url: string
  readonly wsUrl: string
  readonly port: number
  /** Number of requests and upgrades that arrived, whatever happened to them. */
  readonly count: number
  /** Sets the fault for requests that arrive after it has resolved; only `refuse` also cuts those in flight. */
  set(fault: Fault): Promise<void>
  /** Cuts all connections and stops listening; idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const page = '<html><body><h1>Service unavailable</h1></body></html>'

/** Starts a proxy. @param upstreamUrl `http:` URL of the node; requests to `/` go to its path. */
export async function createFlakyProxy(upstreamUrl: string): Promise<FlakyProxy> {
  const upstream = new URL(upstreamUrl)
  const connections = new Set<Duplex>()
  const upgrades = new Set<Upgrade>()
  let fault: Fault = 'none'
  let count = 0

  const server = createServer((request, response) => {
    count++
    serve(request, response)
  })
  server.keepAliveTimeout = 0 // a connection closed for its age would look like one more fault
  server.on('connection', track)
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    count++
    if (isHanging()) return
    if (fault === 'reset') socket.destroy()
    else if (fault === 'html' || fault === 'error503') socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n')
    else delayed(socket, () => keep(passUpgrade(upstream, request, socket, head)))
  })

  const isHanging = () => fault === 'hang' || fault === 'take-and-hang'

  function keep(upgrade: Upgrade) {
    upgrades.add(upgrade)
    upgrade.socket.once('close', () => upgrades.delete(upgrade))
    pass(upgrade)
  }

  function pass({ socket, link }: Upgrade) {
    socket.unpipe(link).pause()
    link.unpipe(socket).pause()
    if (fault === 'reset') socket.destroy()
    else if (!isHanging()) socket.pipe(link).pipe(socket)
  }

  function track(connection: Duplex) {
    connections.add(connection)
    connection.on('error', () => connection.destroy())
    connection.once('close', () => connections.delete(connection))
  }

  function serve(request: IncomingMessage, response: ServerResponse) {
    if (fault === 'hang') request.resume()
    else if (fault === 'reset') request.socket.destroy()
    else if (fault === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end(page)
    else if (fault === 'error503') response.writeHead(503, { 'content-type': 'text/html' }).end(page)
    else if (fault === 'take-and-hang') forward(upstream, request)
    else delayed(request.socket, () => forward(upstream, request, response))
  }

  function delayed(connection: Duplex, pass: () => void) {
    if (typeof fault !== 'object') return pass()
    const timer = setTimeout(pass, fault.latency)
    connection.once('close', () => clearTimeout(timer))
  }

  const end = () =>
    stop(server, () => {
      for (const connection of connections) connection.destroy()
    })

  await listen(server, 0)
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    port,
    get count() {
      return count
    },
    async set(next) {
      fault = next
      if (next === 'refuse') await end()
      else if (!server.listening) await listen(server, port)
      for (const upgrade of upgrades) pass(upgrade)
    },
    close: end,
    [Symbol.asyncDispose]: end,
  }
}

/** Forwards a request; without a `response` the node's answer is dropped, and the client waits. */
function forward(upstream: URL, request: IncomingMessage, response?: ServerResponse) {
  const target = request.url === '/' ? upstream : new URL(request.url ?? '/', upstream)
  const sent = sendRequest(target, {
    method: request.method ?? 'POST',
    headers: endToEnd(request.headers),
    agent: false,
  })
  sent.on('response', (answer) => {
    if (!response) return void answer.resume()
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers))
    answer.on('error', () => request.socket.destroy())
    answer.pipe(response)
  })
  // The node is away or has cut the connection: the client's connection is cut as well.
  sent.on('error', () => request.socket.destroy())
  response?.on('close', () => sent.destroy())
  request.pipe(sent)
}

/** The sockets of an upgrade: the client's, and the one to the node. */
type Upgrade = { readonly socket: Duplex; readonly link: Duplex }

/** Repeats a handshake unchanged to the node. The two sockets end together. */
function passUpgrade(upstream: URL, request: IncomingMessage, socket: Duplex, head: Buffer): Upgrade {
  const link = connect(Number(upstream.port) || 80, upstream.hostname)
  const lines = [`${request.method} ${request.url} HTTP/1.1`]
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`)
  }
  link.write(`${lines.join('\r\n')}\r\n\r\n`)
  link.write(head)
  link.on('error', () => link.destroy())
  link.on('close', () => socket.destroy())
  socket.on('close', () => link.destroy())
  return { socket, link }
}

/** Headers without those that concern one connection only. */
function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const {
    host: _host,
    connection: _connection,
    'keep-alive': _keepAlive,
    'transfer-encoding': _encoding,
    ...rest
  } = headers
  return rest
}
