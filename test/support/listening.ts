// Starts a server on a loopback port and stops it, so that it can be started again on the same port.

import type { Server } from 'node:net'

export function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Stops a server. @param cut ends its connections: the server would wait for them. */
export function stop(server: Server, cut: () => void): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve()
    server.close(() => resolve())
    cut()
  })
}
