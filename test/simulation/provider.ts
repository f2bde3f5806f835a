// A simulated provider without sockets or timers of the platform: a node over the common chain, a channel for http, and what
// lies behind the sockets of the real socket channel.

import type { Channel } from '../../src/channel/channel'
import type { Socket, SocketEvents } from '../../src/channel/socket'
import type { Chain } from '../support/chain'
import { RpcFault } from '../support/chain-rpc'
import { createStandpoint } from '../support/chain-standpoint'
import { httpError, networkError, rpcError } from '../support/errors'
import { createNode } from '../support/node'
import type { Overlay } from '../support/overlay'
import { createOverlay } from '../support/overlay'
import type { Conditions } from './conditions'
import { healthy } from './conditions'
import type { Peer } from './peer'
import { createPeer } from './peer'

/** What a node shares with the far ends of its sockets. */
export type Site = {
  readonly chain: Chain
  headOf(): number
  answer(method: string, params: readonly any[]): unknown
  now(): number
  /** Runs it later (in ms), in the world's time. */
  after(ms: number, run: () => void): void
  /** Of one way (in ms). */
  latency(): number
  random(): number
}

export type SimProvider = {
  readonly id: string
  readonly ward: Overlay<Conditions>
  readonly http: Channel
  /** For the socket channel. */
  open(events: SocketEvents): Socket
  /** Cuts all sockets. */
  cut(): void
  moveTo(chain: Chain): void
  /** Requests over http that wait for their answer. */
  readonly pending: number
  readonly sockets: number
  /** The params of the upstream subscriptions that are open. */
  readonly subscriptions: readonly (readonly unknown[])[]
}

export type SimProviderOptions = Pick<Site, 'now' | 'after' | 'latency' | 'random'> & {
  readonly id: string
  readonly chain: Chain
  readonly canPing: boolean
}

export function createSimProvider(options: SimProviderOptions): SimProvider {
  const { id, now, after, latency, random, canPing } = options
  const chain = createStandpoint(options.chain)
  const peers = new Map<Socket, { peer: Peer; end: () => void }>()
  const ward = createOverlay(healthy, flush)
  const headOf = () => Math.max(0, chain.head.number - ward.now.lag)
  const node = createNode({ chain, headOf, onPending() {} })
  let pending = 0
  let opened = 0
  const site: Site = {
    chain,
    headOf,
    answer: (method, params) => node.answer(method, params, { head: headOf(), chainId: 1 }),
    now,
    after,
    latency,
    random,
  }
  chain.onChange(flush)

  function flush() {
    for (const { peer } of peers.values()) peer.flush()
  }

  /** As a channel would throw it. */
  function faultOf(error: unknown) {
    return error instanceof RpcFault ? rpcError(error.code, error.message, error.data) : error
  }

  function request(args: { method: string; params?: unknown }, signal: AbortSignal | undefined): Promise<unknown> {
    const answer = () => site.answer(args.method, (args.params ?? []) as any[])
    const state = ward.now.http
    // Half of the latency lies before the node looks at its chain, or all of it.
    const isEarly = random() < 0.5
    return new Promise((resolve, reject) => {
      const settle = (run: () => void) => {
        if (isSettled) return
        isSettled = true
        pending--
        signal?.removeEventListener('abort', abort)
        run()
      }
      const abort = () => settle(() => reject(signal?.reason))
      const tell = (find: () => unknown) => {
        try {
          const value = find()
          return () => settle(() => resolve(value))
        } catch (error) {
          return () => settle(() => reject(faultOf(error)))
        }
      }
      let isSettled = false
      pending++
      signal?.addEventListener('abort', abort)
      if (signal?.aborted) return abort()
      if (state === 'hanging') return
      if (state === 'refused') return after(latency(), () => settle(() => reject(networkError())))
      if (state === 'failing') return after(latency(), () => settle(() => reject(httpError(503))))
      if (isEarly) after(latency(), tell(answer))
      else after(latency(), () => isSettled || tell(answer)())
    })
  }

  function open(events: SocketEvents): Socket {
    let peer: Peer | undefined
    let isOver = false
    const socket: Socket = {
      send(text) {
        if (!peer || isOver) throw new Error('The socket is not open.')
        peer.receive(text)
      },
      ping() {
        if (canPing) peer?.ping()
        return canPing
      },
      hold() {},
      drop: leave,
    }

    function leave() {
      isOver = true
      peer?.end()
      peers.delete(socket)
    }

    function end() {
      if (isOver) return
      leave()
      events.onEnd({ code: 1006, reason: 'cut' })
    }

    after(latency(), () => {
      if (isOver) return
      const { handshakes } = ward.now
      if (handshakes === 'refused') return end()
      if (handshakes === 'hanging') return
      peer = createPeer({ site, events, conditions: () => ward.now, seed: `${id} ${++opened}` })
      peers.set(socket, { peer, end })
      events.onOpen()
    })
    return socket
  }

  return {
    id,
    ward,
    http: {
      type: 'http',
      canAbort: true,
      request: (args, { signal } = {}) => request(args, signal),
      close() {},
    },
    open,
    cut() {
      for (const { end } of [...peers.values()]) end()
    },
    moveTo: chain.moveTo,
    get pending() {
      return pending
    },
    get sockets() {
      return peers.size
    },
    get subscriptions() {
      return [...peers.values()].flatMap(({ peer }) => peer.subscriptions)
    },
  }
}
