// The listening side of a simulated provider: one HTTP server that can be killed and revived on its port.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { listen, stop } from './listening'

export type FleetListener = {
  /** Resolves when the server listens: the first time on a port that the system chooses, later on the same one. */
  listen(): Promise<void>
  /** Stops listening and cuts all connections; idempotent. */
  stop(): Promise<void>
  /** Cuts all connections. */
  cut(): void
  readonly port: number
  readonly connections: { readonly open: number; readonly total: number }
}

export type FleetListenerOptions = {
  serve: (request: IncomingMessage, response: ServerResponse) => void
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

export function createFleetListener({ serve, upgrade }: FleetListenerOptions): FleetListener {
  const open = new Set<Duplex>()
  let total = 0
  let port = 0

  const server = createServer(serve)
  server.keepAliveTimeout = 0 // a connection closed for its age would be a fault that no script asked for
  server.on('upgrade', upgrade)
  server.on('connection', (connection) => {
    total++
    open.add(connection)
    connection.on('error', () => connection.destroy())
    connection.once('close', () => open.delete(connection))
  })

  function cut() {
    for (const connection of open) connection.destroy()
  }

  return {
    async listen() {
      if (server.listening) return
      await listen(server, port)
      port = (server.address() as AddressInfo).port
    },
    stop: () => stop(server, cut),
    cut,
    get port() {
      return port
    },
    get connections() {
      return { open: open.size, total }
    },
  }
}
