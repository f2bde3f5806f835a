// Makes one WebSocket and wraps it: the only import of isomorphic-ws. The differences between platforms stay in this file.
// Knows no JSON-RPC, and nothing of earlier and later sockets.

import platformSocket from 'isomorphic-ws'
import { wordsOf } from '../base/describe'
import { field } from '../base/fields'
import type { HeadersSource } from './headers'

/** How a socket ended, or why it could not be made. */
export type SocketEnd = {
  readonly reason: string
  /** The close code (RFC 6455, 7.4.1); 1006 if the socket broke without one. */
  readonly code?: number | undefined
  /** HTTP status of a refused handshake, if the platform tells it. */
  readonly status?: number | undefined
  readonly cause?: unknown
  /** Whether every further socket would end the same way: the platform has none, or refuses the URL. */
  readonly isPermanent?: boolean | undefined
}

/** No event is called before `openSocket` has returned, and none after `onEnd` or `drop`. */
export type SocketEvents = {
  onOpen(): void
  /** Gets a text, or the bytes of a binary frame. */
  onFrame(data: unknown): void
  /** A ping or a pong came. */
  onAlive(): void
  onEnd(end: SocketEnd): void
}

export type Socket = {
  /** Sends a text frame. Throws unless the socket is open. */
  send(text: string): void
  /** Sends a ping, so that the other side gives a sign of life. Returns `false` where the platform cannot. */
  ping(): boolean
  /** Sets whether the socket keeps the process alive. @default true */
  hold(isHeld: boolean): void
  /** Closes the socket at once, without waiting for the other side. Idempotent. */
  drop(): void
}

export type SocketOptions = {
  url: string
  /** Headers of the handshake; browsers send none. */
  headers?: HeadersSource | undefined
}

/** The parts of the platform's socket and of `ws` that are used. The types of `ws` must not leak into ours. */
type PlatformSocket = {
  binaryType: string
  readonly readyState: number
  addEventListener(name: string, listener: (event: PlatformEvent) => void): void
  send(text: string): void
  close(code: number): void
  // Only `ws` has the rest, but for `ping`, which React Native has too.
  on?(name: string, listener: () => void): void
  ping?(): void
  terminate?(): void
  _socket?: Handle | null
  _req?: { socket?: Handle | null; once?(name: string, listener: () => void): void } | null
}
type Handle = { ref?(): void; unref?(): void }
type PlatformEvent = { data?: unknown; code?: number; reason?: string; message?: string; error?: unknown }
type PlatformConstructor = {
  new (
    url: string,
    protocols: string[],
    options: { headers: Record<string, string>; perMessageDeflate?: boolean },
  ): PlatformSocket
  readonly prototype: PlatformSocket
}

/** The `readyState` of an open socket. */
const OPEN = 1
/** Matches SyntaxError and SecurityError, which platforms throw for a URL that they refuse. */
const REFUSES_URL = /^S/
/** The HTTP status in the message of a refused handshake. */
const REFUSED = /response\D+(\d{3})\b/i

export function openSocket({ url, headers }: SocketOptions, events: SocketEvents): Socket {
  let raw: PlatformSocket | undefined
  let isOver = false
  let isHeld = true

  async function start() {
    const Platform = constructorOf(platformSocket)
    try {
      const own = (await headers?.()) ?? {}
      if (isOver) return
      if (!Platform) throw new Error('There is no WebSocket on this platform.')
      // React Native takes headers, and prints a warning about any other option.
      raw = new Platform(url, [], { headers: own, ...('on' in Platform.prototype && { perMessageDeflate: false }) })
      listen(raw)
    } catch (error) {
      // There is no WebSocket, the `headers` function failed, or the platform refuses the URL, or a socket at this moment.
      fail(error, wordsOf(error), !Platform || REFUSES_URL.test(String(field(error, 'name'))))
    }
  }

  // The listeners stay for good: a late error of a socket that nobody listens to would end the process.
  function listen(socket: PlatformSocket) {
    const whileUp = (listener: (event: PlatformEvent) => void) => (event: PlatformEvent) => {
      if (!isOver) listener(event)
    }
    socket.binaryType = 'arraybuffer'
    socket._req?.once?.('socket', applyHold)
    socket.addEventListener('open', whileUp(events.onOpen))
    socket.addEventListener(
      'message',
      whileUp(({ data }) => events.onFrame(data)),
    )
    socket.addEventListener(
      'close',
      whileUp(({ code, reason }) => end({ code, reason: reason || `closed with ${code}` })),
    )
    socket.addEventListener(
      'error',
      whileUp(({ message, error }) => fail(error, message || wordsOf(error))),
    )
    for (const sign of ['ping', 'pong']) socket.on?.(sign, () => isOver || events.onAlive())
  }

  function fail(cause: unknown, words: string, isPermanent = false) {
    const reason = words || 'it could not be opened'
    const status = Number(REFUSED.exec(reason)?.[1]) || undefined
    end({ code: 1006, reason, status, cause, isPermanent })
  }

  function end(given: SocketEnd) {
    if (isOver) return
    drop()
    events.onEnd(given)
  }

  function drop() {
    if (isOver) return
    isOver = true
    try {
      raw?.close(1000)
      // After `close` alone, `ws` would wait for the other side.
      raw?.terminate?.()
    } catch {
      // The socket is closed already, or the platform forbids it. Its events are ignored from now on in any case.
    }
  }

  function applyHold() {
    const handle = raw?._socket ?? raw?._req?.socket
    if (isHeld) handle?.ref?.()
    else handle?.unref?.()
  }

  void start()
  return {
    send(text) {
      // Some platforms silently drop what is sent while the socket closes.
      if (isOver || raw?.readyState !== OPEN) throw new Error('The socket is not open.')
      raw.send(text)
    },
    ping() {
      // Only `ws` has `on`. React Native can ping too, but does not report the pong.
      if (!raw?.on) return false
      raw.ping?.()
      return true
    },
    hold(isHeldNow) {
      isHeld = isHeldNow
      applyHold()
    },
    drop,
  }
}

/** The constructor in what isomorphic-ws gives: `null` without a WebSocket, and in some bundles a module object around it. */
function constructorOf(module: unknown): PlatformConstructor | undefined {
  const inner = (module as { default?: unknown } | null)?.default ?? module
  return typeof inner === 'function' ? (inner as PlatformConstructor) : undefined
}
