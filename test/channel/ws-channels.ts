// Socket channels: to real servers on the loopback interface, and over scripted sockets where a frame must come at an exact
// moment.

import { EventEmitter, once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { vi } from 'vitest'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import type { SocketChange, WsChannelOptions } from '../../src/channel/ws'
import { createWsChannel } from '../../src/channel/ws'
import type { SocketState } from '../../src/types'
import { createManualClock } from '../support/manual-clock'
import type { ScriptedSocketsOptions } from '../support/scripted-sockets'
import { createScriptedSockets } from '../support/scripted-sockets'
import { afterwards } from './loopback'

export const head = { method: 'eth_blockNumber' }

/** A channel to a real URL. */
export function connect(url: string, options: Partial<WsChannelOptions> = {}) {
  const changes: SocketChange[] = []
  const told = new EventEmitter()
  const channel = createWsChannel({
    url,
    provider: 'p1',
    onSocket(change) {
      changes.push(change)
      told.emit('change', change)
    },
    ...options,
  })
  afterwards(channel.close)
  /** Resolves with the next change to this state. */
  const next = (state: SocketState) =>
    new Promise<SocketChange>((resolve) => {
      const look = (change: SocketChange) => {
        if (change.to !== state) return
        told.off('change', look)
        resolve(change)
      }
      told.on('change', look)
    })
  return { channel, changes, next }
}

/** A channel over scripted sockets. */
export function script(options: ScriptedSocketsOptions = {}, given: Partial<WsChannelOptions> = {}) {
  const clock = createManualClock()
  const sockets = createScriptedSockets(options)
  const changes: SocketChange[] = []
  const channel = createWsChannel({
    url: 'wss://one.example/0123456789abcdef',
    provider: 'p1',
    clock,
    random: () => 0.5,
    open: sockets.open,
    onSocket: (change) => changes.push(change),
    ...given,
  })
  return { clock, sockets, channel, changes }
}

export function sink() {
  return { onData: vi.fn(), onError: vi.fn() }
}

/** A server that hands each frame to the test. */
export async function serve(onFrame: (frame: any, socket: WebSocket) => void) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket) => socket.on('message', (data) => onFrame(JSON.parse(data.toString()), socket)))
  afterwards(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
