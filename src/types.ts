// Public types that several parts share. Types only: nothing at run time.

/** One way to talk to a provider: by HTTP requests or over a socket. */
export type ChannelType = 'http' | 'ws'

/** State of a socket. Only an open one takes requests at once. `'waiting'`: until it connects again. */
export type SocketState = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed'

/** State of a circuit breaker. `'half-open'`: a probe is due or in flight. */
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

/** A JSON-RPC request, in the form of viem and EIP-1193. */
export type RpcRequest = {
  readonly method: string
  readonly params?: unknown
}

/**
 * Your own rule for the errors of a provider. Rules go before the built-in ones; the first match wins. At least one of `code`
 * and `message` is needed; if both are given, both must match.
 */
export type ErrorRule = {
  /** JSON-RPC error code that the error must have. */
  code?: number | undefined
  /** A text that the error's message must contain (case is ignored), or a pattern that it must match. */
  message?: string | RegExp | undefined
  /** The kind of failure that such an error is. */
  kind: FailureKind
}
