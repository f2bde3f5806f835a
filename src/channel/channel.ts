// The Channel: one way to talk to one provider. Knows bytes, not policy: no retries, no breaker, no routing.

import type { ChannelType, RpcRequest, SocketState } from '../types'

export type ChannelRequestOptions = {
  /** Aborts the call; the channel rejects with the signal's reason. */
  signal?: AbortSignal | undefined
  /** For channels with a `load`, in place of a signal: it may wait for a slot. @default it leaves alone and at once */
  travel?: Travel | undefined
}

/** How a request may travel over a channel that lets it wait for a slot, and may gather batches. */
export type Travel = {
  /** Whether it shares no batch. */
  readonly isAlone: boolean
  /** Only requests with the same one share a batch. */
  readonly key: unknown
  /** Most requests in its batch, asked when it leaves. */
  size(): number
  /** It leaves now, in this batch or alone. Called again if it is sent again by itself. */
  onLeave(batch: Batch | undefined): void
  /** Set by the channel while it is asked: gives it up. An `AbortSignal` for each would cost more than all the rest. */
  giveUp: (() => void) | undefined
}

/** One HTTP request with several calls in it; the same object for each of them. */
export type Batch = {
  /** Whether one of them has a result: then those that have none have failed alone. */
  hasResult: boolean
  /** What those in it have noted of it as a whole: it counts once. */
  readonly noted: Set<string>
}

/** Where the frames of one upstream subscription go; silent after `onError` or after it was unsubscribed. */
export type SubscriptionSink = {
  /** The `params` of an `eth_subscription` notification: `{ subscription, result }`. */
  onData(data: unknown): void
  /** The stream has ended: the socket is gone, or the provider ended it. */
  onError(error: unknown): void
}

/** A confirmed `eth_subscribe`. */
export type UpstreamSubscription = {
  /** Ends it, once; best effort. */
  unsubscribe(): Promise<unknown>
}

export type Channel = {
  readonly type: ChannelType
  /** Whether `request` can use an `AbortSignal`; no controller is made for channels that cannot. */
  readonly canAbort: boolean
  /** Whether any `Signal` (base/abort.ts) will do for that: then it is given a cheap one. */
  readonly takesAnySignal?: boolean
  /**
   * One request, sent once. Resolves with the `result`; rejects with an error of viem's classes
   * (`RpcRequestError`, `HttpRequestError`, `TimeoutError`, ...) that carries no endpoint.
   */
  request(args: RpcRequest, options?: ChannelRequestOptions | undefined): Promise<unknown>
  /** `eth_subscribe` with these params; only channels with a socket have it. */
  subscribe?(
    params: readonly unknown[],
    sink: SubscriptionSink,
    options?: ChannelRequestOptions | undefined,
  ): Promise<UpstreamSubscription>
  /** What its socket is doing; channels without one do not have it. */
  socket?(): SocketState
  /** Frames on its sockets that belonged to nobody, since the start. */
  strays?(): number
  /** Connects, unless it does or is; for whoever comes next. */
  dial?(): void
  /** Keeps the socket up, for ever, until the off-function is called. */
  keep?(): () => void
  /**
   * HTTP requests under way, and calls that wait for a slot, of a socket as a share of its slots; only channels where calls
   * wait for slots have it.
   */
  load?(): number
  close(): void
}
