// The type Channel: one way to talk to one provider. A channel knows bytes, not policy: no retries, no breaker, no routing. And
// the bound for calls that wait for a slot of a channel, which is the same for all.

import type { ChannelType, RpcRequest, SocketState } from '../types'

export type ChannelRequestOptions = {
  /** Aborts the call. The channel then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
  /** In place of a signal, for channels with a `load`: the call may wait for a slot. @default it leaves alone and at once */
  travel?: Travel | undefined
}

/** How a call may travel over a channel that lets calls wait for a slot, and may gather them into batches. */
export type Travel = {
  /** Whether the call shares no batch. */
  readonly isAlone: boolean
  /** Only calls with the same key share a batch. */
  readonly key: unknown
  /** Most calls of a batch with this one, asked when it leaves. */
  size(): number
  /** The call leaves now, in this batch or alone. Called again if it is sent again singly. */
  onLeave(batch: Batch | undefined): void
  /** Gives the call up; the channel sets it. An `AbortSignal` for each call would cost more than all the rest. */
  giveUp: (() => void) | undefined
}

/** One HTTP request with several calls in it. All of them get the same object. */
export type Batch = {
  /** Whether a call of the batch has a result: then those without one have failed by themselves. */
  hasResult: boolean
  /** What calls of the batch have noted for it as a whole, so that it counts once. */
  readonly noted: Set<string>
}

/** Takes the frames of one upstream subscription, until it is unsubscribed. */
export type SubscriptionSink = {
  /** Gets the `params` of an `eth_subscription` notification: `{ subscription, result }`. */
  onData(data: unknown): void
  /** The stream has ended: the socket is gone, or the provider ended it. Only viem's own socket may go on with it later. */
  onError(error: unknown): void
}

/** A confirmed `eth_subscribe`. */
export type UpstreamSubscription = {
  /** Sends `eth_unsubscribe`, once; best effort. */
  unsubscribe(): Promise<unknown>
}

export type Channel = {
  readonly type: ChannelType
  /**
   * Which signals `request` can use: those of the platform, or any `Signal` (base/abort.ts), so that a cheap one will do. If none,
   * no controller is made for a call.
   */
  readonly signals?: 'platform' | 'any' | undefined
  /**
   * Sends one request, once. Resolves with the `result`; rejects with an error of viem's classes
   * (`RpcRequestError`, `HttpRequestError`, `TimeoutError`, ...) that carries no endpoint.
   */
  request(args: RpcRequest, options?: ChannelRequestOptions | undefined): Promise<unknown>
  /** Sends `eth_subscribe` with these params; only channels with a socket have it. */
  subscribe?(
    params: readonly unknown[],
    sink: SubscriptionSink,
    options?: ChannelRequestOptions | undefined,
  ): Promise<UpstreamSubscription>
  /** State of the socket; only channels over a link have it. */
  socket?(): SocketState
  /** Number of frames that belonged to no call and no subscription, since the start. */
  strays?(): number
  /** Connects if the socket is idle, for the requests that come next. */
  dial?(): void
  /** Keeps the socket up, with reconnects for ever, until the off-function is called. */
  keep?(): () => void
  /**
   * How busy the channel is; only channels where calls wait for slots have it. Over HTTP: the slots that are taken plus the
   * calls that wait for one. Over a socket: the same as a share of all its slots.
   */
  load?(): number
  close(): void
}

/** Most calls that wait at one channel; over a socket, those that have left and are not answered yet count too. */
export const MOST_WAITING = 100_000

/** The error of a call beyond that bound. By its name, rpc/failure.ts knows that nobody is to blame and nothing was sent. */
export function fullError(provider: string): Error {
  return Object.assign(new Error(`${MOST_WAITING} requests wait for ${provider}.`), { name: 'ChannelFullError' })
}
