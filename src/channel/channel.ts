// The Channel: one way to talk to one provider. Knows bytes, not policy: no retries, no breaker, no routing.

import type { ChannelType, RpcRequest } from '../types'

export type ChannelRequestOptions = {
  /** Aborts the call; the channel rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

export type Channel = {
  readonly type: ChannelType
  /** Whether `request` can use an `AbortSignal`; no controller is made for channels that cannot. */
  readonly canAbort: boolean
  /**
   * One request, sent once. Resolves with the `result`; rejects with an error of viem's classes
   * (`RpcRequestError`, `HttpRequestError`, `TimeoutError`, ...) that carries no endpoint.
   */
  request(args: RpcRequest, options?: ChannelRequestOptions | undefined): Promise<unknown>
  close(): void
}
