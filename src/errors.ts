// Our error classes, over viem's BaseError. Users match them by `name`, never by `instanceof`.
// No message holds an endpoint, a param of a request or a header value: the code that makes an error passes clean parts.

import { BaseError } from 'viem'
import { describeValue, formatRows } from './base/describe'
import type { ChannelType, FailureKind } from './types'

/** How one attempt of a failed request ended. */
export type AttemptSummary = {
  /** Id of the provider that was asked. */
  provider: string
  /** The channel over which it was asked. */
  channel: ChannelType
  /** The kind of failure. */
  kind: FailureKind
  /** How long the attempt took (in ms). */
  duration: number
  /** The error itself, for inspection. The message does not print it. */
  error: unknown
}

/** Characters of a body that an error shows. */
const LONGEST_DETAILS = 512

/** Thrown when every provider that could be asked failed, and none gave a JSON-RPC error that could be passed on. */
export class AllProvidersFailedError extends BaseError {
  override name = 'AllProvidersFailedError' as const
  /** Method of the request that failed. */
  readonly method: string
  /** All attempts, in the order in which they ended. */
  readonly attempts: readonly AttemptSummary[]
  /** Time after which a provider may be able to answer again (in ms from when the request failed), if that is known. */
  readonly retryAfter: number | undefined

  constructor({
    method,
    attempts,
    retryAfter,
    timeout,
    idle = [],
    cause,
  }: {
    method: string
    attempts: readonly AttemptSummary[]
    retryAfter?: number | undefined
    /** The timeout of the request (in ms), if that ended it. */
    timeout?: number | undefined
    /** If there was no attempt: a row for each channel, with what kept it from being asked. */
    idle?: readonly string[][] | undefined
    cause?: Error | undefined
  }) {
    const rows = attempts.map(({ provider, channel, kind, duration, error }) => [
      provider,
      channel,
      // An endpoint of another chain is the commonest mistake in a list, but has no failure kind of its own.
      error instanceof ChainMismatchError ? 'is on another chain' : kind,
      `${Math.round(duration)} ms`,
    ])
    super(`No provider could answer "${method}".`, {
      cause,
      metaMessages: [
        ...(timeout === undefined ? [] : [`Timeout: ${Math.round(timeout)} ms`]),
        ...(retryAfter === undefined ? [] : [`Retry after: ${Math.ceil(retryAfter)} ms`]),
        rows.length ? 'Attempts:' : 'Attempts: none',
        ...formatRows(rows.length ? rows : idle),
      ],
    })
    this.method = method
    this.attempts = attempts
    this.retryAfter = retryAfter
  }
}

/** Thrown when no provider may be asked: excluded, declared away, walled off, or on another chain. Nothing was sent. */
export class NoProviderError extends BaseError {
  override name = 'NoProviderError' as const
  /** Method of the request. */
  readonly method: string
  /** For each provider, why it may not be asked. */
  readonly reasons: readonly { provider: string; reason: string }[]

  constructor({ method, reasons }: { method: string; reasons: readonly { provider: string; reason: string }[] }) {
    super(`No provider may be asked for "${method}".`, {
      metaMessages: formatRows(reasons.map(({ provider, reason }) => [provider, reason])),
    })
    this.method = method
    this.reasons = reasons
  }
}

/** Thrown for an `eth_getLogs` that would take more requests than `logs.maxRequests` allows. Nothing was sent. */
export class LogRangeTooWideError extends BaseError {
  override name = 'LogRangeTooWideError' as const
  /** How many requests the range would take. */
  readonly requests: number
  /** How many requests `logs.maxRequests` allows. */
  readonly maxRequests: number

  constructor(plan: { method: string; blocks: number; requests: number; maxRequests: number }) {
    super(
      `"${plan.method}" over ${plan.blocks} blocks takes ${plan.requests} requests, but \`logs.maxRequests\` allows ${plan.maxRequests}.`,
      { metaMessages: ['Ask for fewer blocks or addresses, or raise `logs.maxRequests`.'] },
    )
    this.requests = plan.requests
    this.maxRequests = plan.maxRequests
  }
}

/** In `attempts`: a provider sent a response that is not JSON-RPC, or not the answer to this request. */
export class InvalidResponseError extends BaseError {
  override name = 'InvalidResponseError' as const
  /** HTTP status of the response, if it came over HTTP. */
  readonly status: number | undefined

  constructor({
    provider,
    method,
    reason,
    status,
    body,
  }: {
    provider: string
    method: string
    /** What is wrong with the response. */
    reason: string
    status?: number | undefined
    /** The response as text, without secrets. Its first 512 characters become `details`. */
    body?: string | undefined
  }) {
    super('The provider sent a response that is not JSON-RPC.', {
      details: body?.slice(0, LONGEST_DETAILS),
      metaMessages: [
        `Provider: ${provider}`,
        `Method: ${method}`,
        ...(status === undefined ? [] : [`Status: ${status}`]),
        `Reason: ${reason}`,
      ],
    })
    this.status = status
  }
}

/** In `attempts`: a provider is on another chain than the client. Its answer was dropped; only wallet methods still go to it. */
export class ChainMismatchError extends BaseError {
  override name = 'ChainMismatchError' as const
  /** Id of the provider. */
  readonly provider: string
  /** Id of the chain that the provider is on. */
  readonly chainId: number | undefined

  constructor({ provider, chainId }: { provider: string; chainId: number | undefined }) {
    super(`Provider "${provider}" is on another chain than the client.`, {
      details: `"${provider}" is on chain ${chainId}.`,
    })
    this.provider = provider
    this.chainId = chainId
  }
}

/** A socket ended while calls waited for answers. Only later versions of viem have this class; ours works with every version. */
export class SocketClosedError extends BaseError {
  override name = 'SocketClosedError' as const
  /** Id of the provider, in place of the endpoint. */
  readonly url: string

  constructor({ url }: { url: string }) {
    super('The socket has been closed.', { metaMessages: [`URL: ${url}`] })
    this.url = url
  }
}

/** A response body is over the size limit. viem has this class from 2.54 on; ours works with every version. */
export class ResponseBodyTooLargeError extends BaseError {
  override name = 'ResponseBodyTooLargeError' as const
  /** The size limit (in bytes). */
  readonly maxSize: number
  /** The declared size, or what had come when reading was stopped (in bytes). */
  readonly size: number

  constructor({ maxSize, size }: { maxSize: number; size: number }) {
    super('HTTP response body exceeded the size limit.', {
      details: `The response is larger than ${maxSize} bytes.`,
      metaMessages: [`Max: ${maxSize} bytes`, `Received: ${size} bytes`],
    })
    this.maxSize = maxSize
    this.size = size
  }
}

/** Thrown when an option or an argument breaks a rule. The message describes the value, but never shows an endpoint. */
export class InvalidOptionsError extends BaseError {
  override name = 'InvalidOptionsError' as const
  /** Where the value stands, such as `providers[0].http`. */
  readonly path: string
  /** The rule that the value breaks, such as `must be a finite number above 0`. */
  readonly rule: string

  constructor({
    path,
    rule,
    value,
    isSecret,
  }: {
    path: string
    rule: string
    value: unknown
    /** Whether the value may be a secret, or is part of a request: then the message tells only its type. */
    isSecret?: boolean | undefined
  }) {
    super(`Option \`${path}\` ${rule}, but it is ${describeValue(value, isSecret)}.`)
    this.path = path
    this.rule = rule
  }
}

/** Goes to `onError` of a subscription: events of these blocks are missing. The stream goes on after them. */
export class SubscriptionGapError extends BaseError {
  override name = 'SubscriptionGapError' as const
  /** The first block whose events are missing. */
  readonly from: bigint
  /** The last block whose events are missing. */
  readonly to: bigint

  constructor({ from, to, why }: { from: bigint; to: bigint; why: string }) {
    super(`Events of the blocks ${from} to ${to} are missing from the subscription.`, {
      metaMessages: [`Reason: ${why}`],
    })
    this.from = from
    this.to = to
  }

  /** For `JSON.stringify`, which takes no bigint. */
  toJSON(): object {
    return { ...this, from: Number(this.from), to: Number(this.to) }
  }
}

/** The transport was closed: pending and later calls reject with this error, and open subscriptions end with it. */
export class TransportClosedError extends BaseError {
  override name = 'TransportClosedError' as const

  constructor() {
    super('The transport is closed.')
  }
}
