// A server on a loopback port that can be started again on the same one.

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

/** @param cut ends the connections, or the server would wait for them. */
export function stop(server: Server, cut: () => void): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve()
    server.close(() => resolve())
    cut()
  })
}
