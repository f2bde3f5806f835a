// Our error classes over viem's BaseError. Users match them by `name`, never by `instanceof`.
// No message holds an endpoint, a parameter of a request or a header value: whoever makes an error hands in clean parts.

import { BaseError } from 'viem'
import { describeValue, formatRows } from './base/describe'
import type { ChannelType, FailureKind } from './types'

/** How one attempt of a failed request ended. */
export type AttemptSummary = {
  /** Id of the provider that was asked. */
  provider: string
  /** The way it was asked. */
  channel: ChannelType
  /** What went wrong. */
  kind: FailureKind
  /** How long it took (in ms). */
  duration: number
  /** The error itself. Kept for inspection, not printed in the message. */
  error: unknown
}

const LONGEST_DETAILS = 512

/** Every provider that could be asked failed, and none gave a JSON-RPC error that could be passed on. */
export class AllProvidersFailedError extends BaseError {
  override name = 'AllProvidersFailedError' as const
  /** Method of the request that failed. */
  readonly method: string
  /** Every attempt in the order they ended. */
  readonly attempts: readonly AttemptSummary[]
  /** When a provider may be able to answer again (in ms from now), if one is known to. */
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
    /** The deadline, if it ended the request (in ms). */
    timeout?: number | undefined
    /** Where nobody was asked: the channels, and what kept them. */
    idle?: readonly string[][] | undefined
    cause?: Error | undefined
  }) {
    const rows = attempts.map(({ provider, channel, kind, duration, error }) => [
      provider,
      channel,
      // The commonest mistake in a list has no kind of its own.
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

/** No provider may be asked: excluded, declared away, or walled off by the `methods` option. Nothing was sent. */
export class NoProviderError extends BaseError {
  override name = 'NoProviderError' as const
  /** Method of the request. */
  readonly method: string
  /** Why each provider is out. */
  readonly reasons: readonly { provider: string; reason: string }[]

  constructor({ method, reasons }: { method: string; reasons: readonly { provider: string; reason: string }[] }) {
    super(`No provider may be asked for "${method}".`, {
      metaMessages: formatRows(reasons.map(({ provider, reason }) => [provider, reason])),
    })
    this.method = method
    this.reasons = reasons
  }
}

/** An `eth_getLogs` that would have to be split into more requests than `logs.maxRequests` allows. */
export class LogRangeTooWideError extends BaseError {
  override name = 'LogRangeTooWideError' as const
  /** How many requests it would take. */
  readonly requests: number
  /** How many are allowed. */
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

/** A provider answered, but not with JSON-RPC, or not to this request. */
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
    /** The response as text, without secrets; its beginning becomes `details`. */
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

/** A provider is on another chain than the client: its answer was thrown away, and it is not used again. */
export class ChainMismatchError extends BaseError {
  override name = 'ChainMismatchError' as const
  /** Id of the provider. */
  readonly provider: string
  /** The chain that it is on. */
  readonly chainId: number | undefined

  constructor({ provider, chainId }: { provider: string; chainId: number | undefined }) {
    super(`Provider "${provider}" is on another chain than the client.`, {
      details: `"${provider}" is on chain ${chainId}.`,
    })
    this.provider = provider
    this.chainId = chainId
  }
}

/** A socket went away with calls on it. viem has this class in later versions only; ours serves every version. */
export class SocketClosedError extends BaseError {
  override name = 'SocketClosedError' as const
  /** Id of the provider. */
  readonly url: string

  constructor({ url }: { url: string }) {
    super('The socket has been closed.', { metaMessages: [`URL: ${url}`] })
    this.url = url
  }
}

/** A response longer than what is read of one. viem has this class from 2.54 on; ours serves every version. */
export class ResponseBodyTooLargeError extends BaseError {
  override name = 'ResponseBodyTooLargeError' as const
  /** What is read at most (in bytes). */
  readonly maxSize: number
  /** What was declared or had come until then (in bytes). */
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

/** An option given to the library breaks a rule. The value is described, never an endpoint printed. */
export class InvalidOptionsError extends BaseError {
  override name = 'InvalidOptionsError' as const
  /** Where the value stands, such as `providers[0].http`. */
  readonly path: string
  /** The rule it breaks, such as `must be a positive number`. */
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
    /** It may be one, or belongs to a request: what it says is not shown. */
    isSecret?: boolean | undefined
  }) {
    super(`Option \`${path}\` ${rule}, but it is ${describeValue(value, isSecret)}.`)
    this.path = path
    this.rule = rule
  }
}

/** Blocks of a subscription that could not be had, or were too many; the stream goes on after them. */
export class SubscriptionGapError extends BaseError {
  override name = 'SubscriptionGapError' as const
  /** First block that is missing. */
  readonly from: bigint
  /** Last block that is missing. */
  readonly to: bigint

  constructor({ from, to, why }: { from: bigint; to: bigint /** Why they are missing. */; why: string }) {
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

/** The transport was closed; calls that were pending and calls made later end with this. */
export class TransportClosedError extends BaseError {
  override name = 'TransportClosedError' as const

  constructor() {
    super('The transport is closed.')
  }
}
