// What a test has opened on the loopback interface, closed when it has ended.

import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'
import { listen as listenAt } from '../support/listening'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

export function afterwards(cleanup: () => unknown) {
  cleanups.push(cleanup)
}

/** A server of its own port. */
export async function listen(listener: RequestListener) {
  const server = createServer(listener)
  let sockets = 0
  server.on('connection', () => sockets++)
  await listenAt(server, 0)
  afterwards(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { server, port, url: `http://127.0.0.1:${port}/v2/a-very-secret-key`, sockets: () => sockets }
}
