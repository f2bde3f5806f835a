// A socket channel that does what a test says. It answers requests by a script, like scripted-channel.ts; it confirms,
// refuses or ignores subscriptions, pushes to them, and loses them.

import type { SubscriptionSink, UpstreamSubscription } from '../../src/channel/channel'
import type { SocketState } from '../../src/types'
import { socketClosedError } from './errors'
import type { ScriptedChannel, ScriptedChannelOptions } from './scripted-channel'
import { createScriptedChannel } from './scripted-channel'

/** What happens to an `eth_subscribe`; `after` in ms. */
type Answer = 'ignore' | { after: number } | { error: unknown; after?: number }

export type ScriptedFeed = ScriptedChannel & {
  /** From now on each `eth_subscribe` is confirmed, at once or after a while (in ms). This is the default. */
  confirm(after?: number): void
  /** From now on each `eth_subscribe` is refused, at once or after a while (in ms). */
  refuse(error: unknown, after?: number): void
  /** From now on no `eth_subscribe` is answered, until `confirmNow`. */
  ignore(): void
  /** Confirms each `eth_subscribe` that was ignored so far, even if it was given up. */
  confirmNow(): void
  /** Params of each `eth_subscribe`, in order. */
  readonly subscribed: readonly (readonly unknown[])[]
  /** When each `eth_subscribe` came (in ms of the clock). */
  readonly subscribedAt: readonly number[]
  /** Params of the subscriptions that are confirmed and not unsubscribed. */
  readonly live: readonly (readonly unknown[])[]
  readonly unsubscribed: number
  /** Number of `eth_subscribe`s that were given up before they were answered. */
  readonly givenUp: number
  /** Pushes to all subscriptions of the kind, even to those that are not confirmed yet. */
  push(result: unknown, kind?: string): void
  /** Ends all subscriptions, as the end of the socket does. */
  drop(error?: unknown): void
  become(state: SocketState): void
  /** How many users keep the socket up (`Channel.keep`). */
  readonly kept: number
  socket(): SocketState
}

type Own = { params: readonly unknown[]; sink: SubscriptionSink; state: 'asked' | 'live' | 'over'; settle: () => void }

export function createScriptedFeed(options: Omit<ScriptedChannelOptions, 'type'>): ScriptedFeed {
  const { clock } = options
  const channel = createScriptedChannel({ ...options, type: 'ws' })
  const all: Own[] = []
  const subscribedAt: number[] = []
  let answer: Answer = { after: 0 }
  let socket: SocketState = 'open'
  let unsubscribed = 0
  let givenUp = 0
  let kept = 0

  function subscribe(
    params: readonly unknown[],
    sink: SubscriptionSink,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<UpstreamSubscription> {
    subscribedAt.push(clock.now())
    return new Promise((resolve, reject) => {
      const own: Own = { params, sink, state: 'asked', settle: confirm }
      function confirm() {
        if (own.state !== 'asked') return
        own.state = 'live'
        resolve({
          async unsubscribe() {
            if (own.state === 'over') return false
            own.state = 'over'
            unsubscribed++
            return true
          },
        })
      }
      all.push(own)
      // As over a real socket, a confirmation that is on its way still comes after the abort.
      signal?.addEventListener('abort', () => {
        if (own.state === 'asked') givenUp++
      })
      if (answer === 'ignore') return
      const now = answer
      const act = () => {
        if (!('error' in now)) return confirm()
        own.state = 'over'
        reject(now.error)
      }
      if (now.after) clock.after(now.after, act)
      else act()
    })
  }

  return define(channel, {
    subscribe,
    socket: () => socket,
    dial() {},
    keep() {
      kept++
      let isOff = false
      return () => {
        if (!isOff) kept--
        isOff = true
      }
    },
    confirm(after = 0) {
      answer = { after }
    },
    refuse(error: unknown, after = 0) {
      answer = { error, after }
    },
    ignore() {
      answer = 'ignore'
    },
    confirmNow() {
      for (const own of all) own.settle()
    },
    get subscribed() {
      return all.map(({ params }) => params)
    },
    subscribedAt,
    get live() {
      return all.filter(({ state }) => state === 'live').map(({ params }) => params)
    },
    get unsubscribed() {
      return unsubscribed
    },
    get givenUp() {
      return givenUp
    },
    push(result: unknown, kind = 'newHeads') {
      for (const [index, { params, sink, state }] of [...all].entries())
        if (state !== 'over' && params[0] === kind) sink.onData({ subscription: `0x${index}`, result })
    },
    drop(error: unknown = socketClosedError()) {
      for (const own of [...all]) {
        if (own.state === 'over') continue
        own.state = 'over'
        own.sink.onError(error)
      }
    },
    become(state: SocketState) {
      socket = state
    },
    get kept() {
      return kept
    },
  }) as ScriptedFeed
}

/** Adds properties with their getters: `Object.assign` would read the getters once. */
function define<base extends object>(base: base, own: object): base {
  return Object.defineProperties(base, Object.getOwnPropertyDescriptors(own))
}
