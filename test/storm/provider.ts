// One provider of a storm: a node over the common chain or another one, its `fetch`, and the far ends of its sockets. Records
// what it is asked.

import type { Hash } from 'viem'
import type { Socket, SocketEvents } from '../../src/channel/socket'
import type { Chain } from '../support/chain'
import { RpcFault } from '../support/chain-rpc'
import type { ChainStandpoint } from '../support/chain-standpoint'
import { createStandpoint } from '../support/chain-standpoint'
import { createNode } from '../support/node'
import type { Draw } from './draw'
import { errorRows, isSaidOf } from './faults'
import type { Peer, Site } from './peer'
import { createPeer } from './peer'
import { createPool } from './pool'
import type { PostOffice, Reply } from './post-office'
import { createPostOffice } from './post-office'
import { refuse } from './reverts'
import type { ProviderPlan } from './storm'
import type { Troubles } from './troubles'
import { createTroubles } from './troubles'

/** A request that a provider got, and when. */
export type Asked = {
  readonly provider: number
  readonly at: number
  readonly method: string
  readonly params: readonly unknown[]
}

export type StormProvider = {
  readonly plan: ProviderPlan
  readonly troubles: Troubles
  readonly chain: ChainStandpoint
  /** Number of the newest block that the provider shows. */
  headOf(): number
  readonly office: PostOffice
  /** Makes a socket, for the ws channel. */
  open(events: SocketEvents): Socket
  /** Ends all its sockets. */
  cut(): void
  /** All its sockets die without any event. */
  lose(): void
  /** Ends all its sockets and forgets its filters. */
  restart(): void
  /** A transaction reaches the pool of the node. */
  hear(hash: Hash): void
  readonly sockets: number
  /** How many upstream subscriptions are open. */
  readonly subscriptions: number
}

export type StormProviderOptions = {
  readonly index: number
  readonly plan: ProviderPlan
  readonly chain: Chain
  readonly draw: Draw
  readonly random: () => number
  now(): number
  after(ms: number, run: () => void): void
  /** Calls `run` in the process of the library, which may be asleep. */
  arrive(run: () => void): void
  onAsked(asked: Asked): void
  onPending(hash: Hash): void
  /** Called when the head that the provider shows has changed. */
  onView(): void
}

const SECOND = 1_000
const SUBSCRIBE = 'eth_subscribe'
export const chainId = 1

export function createStormProvider(options: StormProviderOptions): StormProvider {
  const { index, plan, draw, now, after, arrive, random, onAsked, onPending, onView } = options
  const { archive, maxBlockRange, rate, latency: bounds } = plan
  const chain = createStandpoint(options.chain)
  const troubles = createTroubles(now, onChange)
  const headOf = () => Math.max(0, chain.head.number - troubles.now.lag)
  const node = createNode({ chain, headOf })
  const pool = createPool(chain)
  const peers = new Map<Socket, { peer: Peer; end: () => void }>()
  const taken: number[] = []
  let opened = 0
  chain.onChange(onChange)

  function onChange() {
    onView()
    for (const { peer } of [...peers.values()]) peer.flush()
  }

  function hear(hash: Hash) {
    node.hear(hash)
    onPending(hash)
    for (const { peer } of [...peers.values()]) peer.hear(hash)
    return hash
  }

  function latency() {
    return draw.between(bounds[0], bounds[1]) + troubles.now.slow
  }

  function admits() {
    if (rate === undefined) return true
    while (taken[0] !== undefined && taken[0] <= now() - SECOND) taken.shift()
    return taken.length < rate && taken.push(now()) > 0
  }

  function resultOf(method: string, params: readonly any[]): unknown {
    onAsked({ provider: index, at: now(), method, params })
    if (plan.lacks.includes(method)) throw new RpcFault(-32601, `the method ${method} does not exist/is not available`)
    if (method === 'eth_sendRawTransaction') return hear(pool.send(params[0]))
    const logs = maxBlockRange === undefined ? undefined : { maxBlockRange }
    const view = { head: headOf(), chainId: plan.isForeign ? chainId + 1 : chainId, archive, logs }
    const value = node.answer(method, params, view)
    refuse(method, params)
    return method === 'eth_getTransactionByHash' ? (value ?? pool.find(params[0])) : value
  }

  function answer({ method, params = [] }: { method: string; params?: readonly unknown[] }): Reply {
    try {
      return { result: resultOf(method, params) }
    } catch (error) {
      if (!(error instanceof RpcFault)) throw error
      const { code, message, data } = error
      return { error: { code, message, ...(data !== undefined && { data }) } }
    }
  }

  /** What the present trouble makes the provider say over a socket, where there is a form for it. */
  function overSocket(method: string, params: readonly any[]): unknown {
    const { says, share, row } = troubles.now
    const words = says === 'an error' && draw.chance(share) ? errorRows[row] : undefined
    if (words?.error && isSaidOf(words, method)) throw new RpcFault(words.error.code as number, words.error.message)
    if (!admits() || (says === 'too many requests' && draw.chance(share)))
      throw new RpcFault(-32005, 'too many requests, try again in 1s')
    return resultOf(method, params)
  }

  const site: Site = { chain, headOf, answer: overSocket, now, after, latency, random }

  function open(near: SocketEvents): Socket {
    const events: SocketEvents = {
      onOpen: () => arrive(near.onOpen),
      onFrame: (data) => arrive(() => near.onFrame(data)),
      onAlive: () => arrive(near.onAlive),
      onEnd: (end) => arrive(() => near.onEnd(end)),
    }
    let peer: Peer | undefined
    let isOver = false
    const leave = () => {
      isOver = true
      peer?.end()
      peers.delete(socket)
    }
    const end = () => {
      if (isOver) return
      leave()
      events.onEnd({ code: 1006, reason: 'cut' })
    }
    const socket: Socket = {
      send(text) {
        if (!peer || isOver) throw new Error('The socket is not open.')
        // Other requests are recorded when they are answered.
        if (text.includes(SUBSCRIBE)) onAsked({ provider: index, at: now(), method: SUBSCRIBE, params: [] })
        peer.receive(text)
      },
      ping() {
        if (plan.canPing) peer?.ping()
        return plan.canPing
      },
      hold() {},
      drop: leave,
    }
    after(latency(), () => {
      if (isOver) return
      const { handshakes } = troubles.now
      if (handshakes === 'refused') return end()
      if (handshakes === 'hanging') return
      const trouble = () => (plan.subscribes ? troubles.now : { ...troubles.now, subscribe: 'refused' as const })
      peer = createPeer({ site, events, trouble, refuses: plan.refuses, seed: `${index} ${++opened}` })
      peers.set(socket, { peer, end })
      events.onOpen()
    })
    return socket
  }

  function cut() {
    for (const { end } of [...peers.values()]) end()
  }

  const { trouble, chance } = { trouble: () => troubles.now, chance: draw.chance }
  return {
    plan,
    troubles,
    chain,
    headOf,
    office: createPostOffice({ trouble, admits, canBatch: plan.canBatch, answer, after, arrive, latency, chance }),
    open,
    cut,
    lose() {
      for (const { peer } of peers.values()) peer.end()
    },
    restart() {
      node.forgetFilters()
      cut()
    },
    hear,
    get sockets() {
      return peers.size
    },
    get subscriptions() {
      return [...peers.values()].reduce((sum, { peer }) => sum + peer.subscriptions.length, 0)
    },
  }
}
