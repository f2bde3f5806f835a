// The far end of one scripted socket: a node that answers frames and pushes the events of its subscriptions, in order, each
// after a latency of its own, and with the present troubles of its provider.

import type { Hash } from 'viem'
import type { SocketEvents } from '../../src/channel/socket'
import type { Chain } from '../support/chain'
import { RpcFault } from '../support/chain-rpc'
import { createNodeSubscriptions } from '../support/node-subscriptions'
import type { Trouble } from './faults'

/** What a node shares with the far ends of its sockets. */
export type Site = {
  readonly chain: Chain
  headOf(): number
  answer(method: string, params: readonly any[]): unknown
  now(): number
  /** Calls `run` after `ms` in the time of the world. */
  after(ms: number, run: () => void): void
  /** Draws the latency of one way (in ms). */
  latency(): number
  random(): number
}

export type Peer = {
  /** Takes a frame of the near end. */
  receive(text: string): void
  ping(): void
  /** The chain has changed: pushes what is new. */
  flush(): void
  /** A transaction is pending: pushes its hash. */
  hear(hash: Hash): void
  /** Params of the open subscriptions that the near end knows of. */
  readonly subscriptions: readonly (readonly unknown[])[]
  /** Ends the socket: no frame goes in or out any more. */
  end(): void
}

type PeerOptions = {
  readonly site: Site
  readonly events: SocketEvents
  readonly trouble: () => Trouble
  /** Kinds of subscriptions that the node refuses. */
  readonly refuses: readonly string[]
  /** Makes its subscription ids differ from those of other peers. */
  readonly seed: string
}

type Message = { readonly id: number; readonly method: string; readonly params?: readonly any[] | undefined }

/** How long before the confirmation early frames are pushed (in ms). */
const EARLY = 2_000

const refusal = new RpcFault(-32000, 'too many subscriptions')

export function createPeer({ site, events, trouble, refuses, seed }: PeerOptions): Peer {
  const { after, latency, random } = site
  const frames: (() => void)[] = []
  /** Frames that a later one will overtake, by subscription. */
  const held = new Map<string, string[]>()
  const unconfirmed = new Set<string>()
  const open = new Map<string, readonly unknown[]>()
  let isOver = false
  let arrivesAt = 0
  const subscriptions = createNodeSubscriptions({ chain: site.chain, headOf: site.headOf, seed, notify })

  /** Frames keep their order, whatever their latencies. */
  function deliver(run: () => void) {
    if (isOver || trouble().silence === 'all') return
    frames.push(run)
    const now = site.now()
    arrivesAt = Math.max(arrivesAt, now + latency())
    after(arrivesAt - now, () => {
      const next = frames.shift()
      if (!isOver) next?.()
    })
  }

  function send(message: object | string) {
    const text = typeof message === 'string' ? message : JSON.stringify(message)
    deliver(() => events.onFrame(text))
  }

  function notify(subscription: string, result: unknown) {
    const { silence, dropped, doubled, swapped } = trouble()
    if (silence !== 'none' || chance(dropped)) return
    const text = JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription, result } })
    const overtaken = held.get(subscription) ?? []
    if (chance(swapped)) return void held.set(subscription, [...overtaken, text])
    held.delete(subscription)
    for (const one of [text, ...(chance(doubled) ? [text] : []), ...overtaken]) send(one)
  }

  /** Draws only if the probability is not 0, so that other seeds stay the same. */
  function chance(probability: number) {
    return probability > 0 && random() < probability
  }

  function answer({ id, method, params = [] }: Message) {
    const isSubscribe = method === 'eth_subscribe'
    if (isSubscribe && trouble().subscribe === 'unconfirmed') return
    try {
      const result = resultOf(method, params, isSubscribe)
      if (isSubscribe) unconfirmed.add(result as string)
      const confirm = () =>
        deliver(() => {
          if (isSubscribe && unconfirmed.delete(result as string)) open.set(result as string, params)
          events.onFrame(JSON.stringify({ jsonrpc: '2.0', id, result }))
        })
      const isEarly = isSubscribe && trouble().subscribe === 'early'
      if (isEarly) after(EARLY * random(), confirm)
      else confirm()
      if (isSubscribe) subscriptions.release()
    } catch (error) {
      const { code, message, data } = error as RpcFault
      if (!(error instanceof RpcFault)) throw error
      send({ jsonrpc: '2.0', id, error: { code, message, data } })
    }
  }

  function resultOf(method: string, params: readonly any[], isSubscribe: boolean) {
    if (isSubscribe && trouble().subscribe === 'refused') throw refusal
    if (isSubscribe && refuses.includes(params[0]))
      throw new RpcFault(-32601, `no "${params[0]}" subscription in eth namespace`)
    if (isSubscribe) return subscriptions.open(params)
    if (method !== 'eth_unsubscribe') return site.answer(method, params)
    unconfirmed.delete(params[0])
    open.delete(params[0])
    return subscriptions.close(params[0])
  }

  return {
    receive(text) {
      if (isOver) return
      const message: Message = JSON.parse(text)
      after(latency(), () => isOver || answer(message))
    },
    ping: () => deliver(events.onAlive),
    flush: () => isOver || subscriptions.flush(),
    hear: (hash) => isOver || subscriptions.addPending(hash),
    get subscriptions() {
      return [...open.values()]
    },
    end() {
      isOver = true
      frames.length = 0
      open.clear()
    },
  }
}
