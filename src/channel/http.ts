// A Channel over HTTP POST, strict about what counts as an answer. Its errors are of viem's classes and hold no endpoint,
// header or param. Knows no policy: no retries, and no deadline but the caller's signal. Batches are gathered in batch.ts.

import { refusalOf } from '../rpc/batch-refusal'
import type { Failure } from '../rpc/failure'
import { failureOf } from '../rpc/failure'
import type { NoResult, RpcMessage } from '../rpc/message'
import { buildBatch, buildMessage, readBatch, readBody } from '../rpc/message'
import type { ErrorRule, RpcRequest } from '../types'
import type { BatchAnswer, Member, Outgoing } from './batch'
import { createBatches } from './batch'
import type { Channel, ChannelRequestOptions } from './channel'
import { createChannelErrors } from './channel-errors'
import type { HeadersOption } from './headers'
import type { Posted } from './post'
import { createPost } from './post'
import type { Redactor } from './secrets'
import { createRedactor } from './secrets'

export type HttpChannelOptions = {
  /** The endpoint. User info in the URL is sent as an `Authorization` header. */
  url: string
  /** Id of the provider, which errors show in place of the endpoint. */
  provider: string
  /** Headers of every request. */
  headers?: HeadersOption | undefined
  /** Longest response body that is read (in bytes). @default 10_485_760 */
  maxResponseBodySize?: number | undefined
  /** Used instead of the platform's `fetch`. */
  fetch?: typeof fetch | undefined
  /** The provider's redactor; it learns the secrets of this channel. */
  redactor?: Redactor | undefined
  /** Options for gathering requests into batches. @default each request leaves alone and at once */
  batches?: HttpBatchOptions | undefined
}

export type HttpBatchOptions = {
  /** Most HTTP requests in flight at a time. @default 8, and only requests that may share a batch need a slot */
  concurrency?: number | undefined
  /** Called when a batch was refused, with the number of requests that the provider takes at a time, if that is known. */
  onRefused?: ((most: number) => void) | undefined
  /** The declared rules for the provider's errors. */
  rules?: readonly ErrorRule[] | undefined
}

type Answered = Extract<Posted, { type: 'response' }>

export function createHttpChannel(options: HttpChannelOptions): Channel {
  const { url, provider, headers = {}, maxResponseBodySize = 10_485_760, redactor = createRedactor() } = options
  const post = createPost({ url, headers, maxResponseBodySize, fetch: options.fetch, provider, redactor })
  const { concurrency, onRefused, rules } = options.batches ?? {}
  const batches = options.batches && createBatches({ concurrency, onRefused, provider, sendOne, isAnswer, sendAll })
  const errors = createChannelErrors(provider, redactor)
  let lastId = 0

  function request(args: RpcRequest, { signal, travel }: ChannelRequestOptions = {}): Promise<unknown> {
    const id = ++lastId
    try {
      const call: Outgoing = { id, method: args.method, message: buildMessage(args, id) }
      return batches ? batches.request(call, signal, travel) : sendOne(call, signal)
    } catch (error) {
      return Promise.reject(error) // the params cannot be JSON
    }
  }

  async function sendOne({ id, method, message }: Outgoing, signal: AbortSignal | undefined): Promise<unknown> {
    const posted = await post(message, method, signal)
    if (posted.type === 'failure') throw errors.unanswered(method, posted.cause)
    const answer = readBody(posted.text, id)
    if (answer.type === 'result') return answer.result
    throw unusable(method, posted, answer)
  }

  function isAnswer({ method }: Outgoing, error: unknown) {
    return failureOf(error, { method, rules }).verdict === 'final'
  }

  /** Each call gets an error object of its own: it names the method of the call, and `attempts` are attached to it later. */
  async function sendAll(calls: readonly Outgoing[], signal: AbortSignal | undefined): Promise<BatchAnswer> {
    const posted = await post(buildBatch(calls.map(({ message }) => message)), calls[0]?.method ?? '', signal)
    if (posted.type === 'failure') return toAll(calls, (method) => errors.unanswered(method, posted.cause))
    const ids = calls.map(({ id }) => id)
    const batch = readBatch(posted.text, ids)
    if (batch.type !== 'members') return toAll(calls, (method) => unusable(method, posted, batch))
    const members = batch.members.map((message, index) => memberOf(message, calls[index] as Outgoing, posted))
    return { members, most: members.some(Boolean) ? undefined : 1 }
  }

  function memberOf(
    message: RpcMessage | undefined,
    { method }: Outgoing,
    { response, text }: Answered,
  ): Member | undefined {
    if (!message || message.type === 'result') return message
    // An error under an id of ours is an answer to that call, whatever the HTTP status.
    if (message.type === 'error') return { type: 'error', error: errors.rpc(method, message.error, response) }
    return { type: 'error', error: errors.invalid(method, message.reason, text, response) }
  }

  /** Takes one error for a whole batch: as a refusal of the batch, or as the answer to each of its members. */
  function toAll(calls: readonly Outgoing[], errorFor: (method: string) => Error): BatchAnswer {
    const failures = calls.map(({ method }) => failureOf(errorFor(method), { method, rules }))
    // Calls with short answers take a body over the limit for an invalid response; in a batch another call may have caused it.
    const failure = failures.find(({ kind }) => kind === 'result-too-large') ?? (failures[0] as Failure)
    const refusal = refusalOf(failure, calls.length)
    if (refusal) return { members: calls.map(() => undefined), most: refusal.most }
    const members = calls.map((call): Member => ({ type: 'error', error: errorFor(call.method) }))
    return { members, isLost: failure.blame === 'channel' }
  }

  /** The error of a call that got a response without a result. */
  function unusable(method: string, { response, text }: Answered, message: NoResult): Error {
    if (message.type === 'invalid') return errors.invalid(method, message.reason, text, response)
    // An error without a code is no JSON-RPC. Under an error status, the status counts, as it does for viem.
    if (message.isUncoded && !response.ok) return errors.invalid(method, '', text, response)
    return errors.rpc(method, message.error, response)
  }

  return {
    type: 'http',
    signals: 'platform',
    request,
    ...(batches && { load: batches.load }),
    close() {},
  }
}
