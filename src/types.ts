// Public data shapes, types only. No values, no imports at run time.
// What each part can be told lies beside its code in options.ts; what it shows lies here.

/** One way to talk to a provider. */
export type ChannelType = 'http' | 'ws'

/** What a socket is doing; only an open one can take a request at once. */
export type SocketState = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed'

/** State of a circuit breaker. */
export type BreakerStateName = 'closed' | 'open' | 'half-open'

/**
 * What went wrong with one attempt, whatever words and codes the provider chose for it.
 * The README's table says what each kind does to the request.
 */
export type FailureKind =
  | 'network'
  | 'timeout'
  | 'server-error'
  | 'invalid-response'
  | 'auth'
  | 'rate-limit'
  | 'quota'
  | 'unsupported-method'
  | 'range-too-large'
  | 'result-too-large'
  | 'missing-state'
  | 'block-not-available'
  | 'filter-not-found'
  | 'batch-refused'
  | 'reverted'
  | 'invalid-params'
  | 'invalid-request'
  | 'transaction-rejected'
  | 'already-known'
  | 'user-rejected'
  | 'parse-error'
  | 'unknown'

/** A JSON-RPC request as viem and EIP-1193 hand it over. */
export type RpcRequest = {
  readonly method: string
  readonly params?: unknown
}

/** A rule of a provider's own for its errors; asked before the built-in rules, the first match wins. */
export type ErrorRule = {
  /** JSON-RPC error code that must be equal. */
  code?: number | undefined
  /** Text the message must contain (case-insensitive), or a pattern it must match. */
  message?: string | RegExp | undefined
  /** What such an error means. */
  kind: FailureKind
}
