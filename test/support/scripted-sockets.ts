// Sockets that do what a test says: a factory for links and socket channels, and all that was made by it.

import type { Socket, SocketEnd, SocketEvents } from '../../src/channel/socket'

export type ScriptedSocket = {
  /** What was sent, parsed. */
  readonly sent: any[]
  readonly pings: number
  readonly isHeld: boolean
  readonly isDropped: boolean
  open(): void
  /** A frame: a text as it is, anything else as JSON. */
  receive(frame: unknown): void
  /** A binary frame. */
  receiveBytes(bytes: Uint8Array): void
  pong(): void
  end(end?: Partial<SocketEnd>): void
}

export type ScriptedSockets = {
  readonly open: (events: SocketEvents) => Socket
  readonly all: readonly ScriptedSocket[]
  /** The newest one. */
  readonly last: ScriptedSocket
}

export type ScriptedSocketsOptions = {
  /** @default true */
  canPing?: boolean | undefined
  /** Called before a frame is taken; may throw. */
  onSend?: ((frame: any) => void) | undefined
}

/** The events of a dropped socket still arrive: what does not listen to them must not depend on that. */
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
