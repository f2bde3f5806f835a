// One WebSocket made and wrapped: the only import of isomorphic-ws. What platforms do differently stays in here. Knows no
// JSON-RPC, and nothing of the sockets before and after it.

import platformSocket from 'isomorphic-ws'

/** How a socket ended, or why there was none. */
export type SocketEnd = {
  readonly reason: string
  /** The close code; 1006 where it broke without one. */
  readonly code?: number | undefined
  /** HTTP status of a refused handshake, where the platform tells it. */
  readonly status?: number | undefined
  readonly cause?: unknown
  /** Whether another one would end the same way: the platform has no sockets, or refuses the URL. */
  readonly isPermanent?: boolean | undefined
}

/** None is called before `openSocket` has returned, and none after `onEnd` or `drop`. */
export type SocketEvents = {
  onOpen(): void
  /** A text, or the bytes of a binary frame. */
  onFrame(data: unknown): void
  /** A ping or a pong. */
  onAlive(): void
  onEnd(end: SocketEnd): void
}

export type Socket = {
  /** Throws unless it is open. */
  send(text: string): void
  /** Asks for a sign of life; `false` where the platform cannot. */
  ping(): boolean
  /** Whether it keeps the process alive. @default true */
  hold(isHeld: boolean): void
  /** Closes it at once, however dead the other side is. Idempotent. */
  drop(): void
}

export type SocketOptions = {
  url: string
  /** Headers of the handshake; browsers send none. */
  headers?: (() => Record<string, string> | Promise<Record<string, string>>) | undefined
}

/** What we use of the platform's socket and of `ws`, whose types must not leak. */
type PlatformSocket = {
  binaryType: string
  readonly readyState: number
  addEventListener(name: string, listener: (event: PlatformEvent) => void): void
  send(text: string): void
  close(code: number): void
  // Of `ws` only.
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

const OPEN = 1
/** SyntaxError and SecurityError: what platforms throw for a URL that they refuse. */
const REFUSES_URL = /^S/
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
      // React Native takes headers, and prints a warning of whatever else.
      raw = new Platform(url, [], { headers: own, ...('on' in Platform.prototype && { perMessageDeflate: false }) })
      listen(raw)
    } catch (error) {
      // No platform for it, a `headers` function that failed, a URL the platform refuses, or a bad moment for it.
      fail(messageOf(error), error, !Platform || REFUSES_URL.test((error as Error | undefined)?.name as string))
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
      whileUp(({ message, error }) => fail(message || messageOf(error), error)),
    )
    for (const sign of ['ping', 'pong']) socket.on?.(sign, () => isOver || events.onAlive())
  }

  function fail(reason: string, cause: unknown, isPermanent = false) {
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
      // `close` alone would wait for the other side.
      raw?.terminate?.()
    } catch {
      // It is closed already, or the platform forbids it: nobody listens to it any more.
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
      // Some drop what is sent while they close, without a word.
      if (isOver || raw?.readyState !== OPEN) throw new Error('The socket is not open.')
      raw.send(text)
    },
    ping() {
      // React Native's pings too, but never tells of the pong.
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

/** `null` where there is none; a bundler may hand over the whole module. */
function constructorOf(module: unknown): PlatformConstructor | undefined {
  const inner = (module as { default?: unknown } | null)?.default ?? module
  return typeof inner === 'function' ? (inner as PlatformConstructor) : undefined
}

function messageOf(error: unknown): string {
  const { message, code } = (error ?? {}) as { message?: string; code?: unknown }
  return message || String(code ?? 'it could not be opened')
}
