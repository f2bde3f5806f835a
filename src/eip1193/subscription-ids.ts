// `eth_subscribe` and `eth_unsubscribe` of an EIP-1193 provider: ids of its own over the subscriptions of the engine, which
// reconnect and fill gaps. Events are held back until the caller can know the id.

import type { Hex } from 'viem'
import { numberToHex, ProviderRpcError } from 'viem'
import { realClock } from '../base/clock'
import { field } from '../base/fields'
import { TransportClosedError } from '../errors'
import { paramOf } from '../rpc/params'
import type { Subscription } from '../subscription/hub'
import type { SubscribeOptions } from '../subscription/subscriptions'
import type { ProviderMessage } from './events'

export type SubscriptionIdsOptions = {
  readonly subscribe: (options: SubscribeOptions) => Promise<Subscription>
  readonly onMessage: (message: ProviderMessage) => void
}

export type SubscriptionIds = {
  /** Subscribes. Resolves with the id; its first event comes in a later turn of the event loop. */
  open(params: unknown): Promise<Hex>
  /**
   * Ends a subscription. Returns whether it was still open.
   * @throws ProviderRpcError (4200) for an id that was never given out
   */
  end(params: unknown): boolean
  /** Ends all subscriptions, those that are being opened included. */
  close(): void
}

export function createSubscriptionIds({ subscribe, onMessage }: SubscriptionIdsOptions): SubscriptionIds {
  const streams = new Map<Hex, Stream>()
  const opening = new Set<Stream>()
  let count = 0

  function open(params: unknown) {
    return new Promise<Hex>((resolve, reject) => {
      const stream = createStream({
        onMessage,
        onEnd(id, why) {
          opening.delete(stream)
          if (id !== undefined) streams.delete(id)
          reject(why) // does nothing if the subscription was open already
        },
      })
      opening.add(stream)
      const start = async () => {
        const upstream = await subscribe({
          params: (params ?? []) as readonly unknown[],
          onData: stream.onData,
          onError: stream.onError,
        })
        // The stream was ended meanwhile, so nobody waits for the subscription.
        if (!opening.delete(stream)) return endQuietly(upstream)
        const id = numberToHex(++count)
        streams.set(id, stream)
        stream.start(id, upstream)
        resolve(id)
      }
      start().catch(stream.end)
    })
  }

  function end(params: unknown) {
    const id = paramOf(params, 0) as Hex
    const stream = streams.get(id)
    if (!stream && !wasGivenOut(id))
      throw new ProviderRpcError(new Error('It was not given out by this provider.'), {
        code: 4200,
        shortMessage: 'There is no subscription of this id.',
      })
    stream?.end()
    return stream !== undefined
  }

  function wasGivenOut(id: unknown) {
    return typeof id === 'string' && /^0x[1-9a-f][0-9a-f]*$/.test(id) && Number(id) <= count
  }

  function close() {
    for (const stream of [...opening, ...streams.values()]) stream.end(new TransportClosedError())
  }

  return { open, end, close }
}

type StreamOptions = {
  readonly onMessage: (message: ProviderMessage) => void
  /** Called once. `id` is `undefined` if the stream was never started. */
  readonly onEnd: (id: Hex | undefined, why: unknown) => void
}

type Stream = {
  /** The subscription is confirmed, and the caller is about to get the id. */
  start(id: Hex, upstream: Subscription): void
  onData(data: unknown): unknown
  onError(error: unknown): void
  end(why?: unknown): void
}

/**
 * One subscription. Events that come before the caller can know the id wait for that, in order. They are few: a stream of the
 * engine gives its next event once the last one was taken, or after 10 s.
 */
function createStream({ onMessage, onEnd }: StreamOptions): Stream {
  let opened: { readonly id: Hex; readonly upstream: Subscription } | undefined
  let isReleased = false
  let isOver = false
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = () => {
      isReleased = true
      resolve()
    }
  })

  function start(id: Hex, upstream: Subscription) {
    opened = { id, upstream }
    // One turn of the event loop later: by then a caller who awaits the id has it, through however many promises.
    realClock.after(0, release)
  }

  function pass(tell: (id: Hex) => void): Promise<void> | undefined {
    if (!isReleased) return released.then(() => pass(tell))
    if (opened && !isOver) tell(opened.id)
    return undefined
  }

  const onData = (data: unknown) =>
    pass((id) => {
      const { result } = (data ?? {}) as { result?: unknown }
      onMessage({ type: 'eth_subscription', data: Object.freeze({ subscription: id, result }) })
    })

  function onError(error: unknown) {
    void pass((id) => {
      onMessage({ type: 'eth_subscription_error', data: Object.freeze({ id, error }) })
      if (field(error, 'name') === 'TransportClosedError') end()
    })
  }

  function end(why?: unknown) {
    if (isOver) return
    isOver = true
    release()
    if (opened) endQuietly(opened.upstream)
    onEnd(opened?.id, why)
  }

  return { start, onData, onError, end }
}

/** Unsubscribes; whether that succeeds does not matter any more. */
function endQuietly({ unsubscribe }: Subscription) {
  unsubscribe().catch(() => {})
}
