// The Channel: one way to talk to one provider. Knows bytes, not policy: no retries, no breaker, no routing.

import type { ChannelType, RpcRequest, SocketState } from '../types'

export type ChannelRequestOptions = {
  /** Aborts the call; the channel rejects with the signal's reason. */
  signal?: AbortSignal | undefined
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
  /** The provider's id for it. */
  readonly id: string
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
  /** Connects, unless it does or is; for whoever comes next. */
  dial?(): void
  /** Keeps the socket up, for ever, until the off-function is called. */
  keep?(): () => void
  close(): void
}
