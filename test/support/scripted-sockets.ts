// Sockets that do what a test says: a factory for links and socket channels, which keeps all sockets that it made.

import type { Socket, SocketEnd, SocketEvents } from '../../src/channel/socket'

export type ScriptedSocket = {
  /** The frames that were sent, parsed. */
  readonly sent: any[]
  readonly pings: number
  readonly isHeld: boolean
  readonly isDropped: boolean
  open(): void
  /** Receives a frame: a text as it is, anything else as JSON. */
  receive(frame: unknown): void
  /** Receives a binary frame. */
  receiveBytes(bytes: Uint8Array): void
  pong(): void
  end(end?: Partial<SocketEnd>): void
}

export type ScriptedSockets = {
  readonly open: (events: SocketEvents) => Socket
  readonly all: readonly ScriptedSocket[]
  /** The newest socket. */
  readonly last: ScriptedSocket
}

export type ScriptedSocketsOptions = {
  /** @default true */
  canPing?: boolean | undefined
  /** Called before a frame is sent. It may throw, as `send` may. */
  onSend?: ((frame: any) => void) | undefined
}

/**
 * Makes the factory. Unlike real ones, its sockets still have events after `drop`: code under test must not depend on
 * silence.
 */
export function createScriptedSockets({ canPing = true, onSend }: ScriptedSocketsOptions = {}): ScriptedSockets {
  const all: ScriptedSocket[] = []

  function open(events: SocketEvents): Socket {
    const state = { pings: 0, isHeld: true, isDropped: false }
    const sent: any[] = []
    all.push({
      sent,
      get pings() {
        return state.pings
      },
      get isHeld() {
        return state.isHeld
      },
      get isDropped() {
        return state.isDropped
      },
      open: events.onOpen,
      receive: (frame) => events.onFrame(typeof frame === 'string' ? frame : JSON.stringify(frame)),
      receiveBytes: (bytes) => events.onFrame(bytes.buffer),
      pong: events.onAlive,
      end: (end) => events.onEnd({ code: 1006, reason: 'scripted', ...end }),
    })
    return {
      send(text) {
        const frame: unknown = JSON.parse(text)
        onSend?.(frame)
        sent.push(frame)
      },
      ping() {
        if (canPing) state.pings++
        return canPing
      },
      hold(isHeld) {
        state.isHeld = isHeld
      },
      drop() {
        state.isDropped = true
      },
    }
  }

  return {
    open,
    all,
    get last() {
      const last = all.at(-1)
      if (!last) throw new Error('No socket was made.')
      return last
    },
  }
}
