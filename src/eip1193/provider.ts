// An EIP-1193 provider over an engine, for ethers, web3.js and wallets. Requests go to the transport as they are. It adds the
// events, subscription ids of its own, and errors with `code` and `data` at the top, as EIP-1193 demands.

import type { Chain } from 'viem'
import { assign, field } from '../base/fields'
import { TransportClosedError } from '../errors'
import { createEvents } from '../events'
import type { FailoverTransport } from '../failover'
import { refuse } from '../shape'
import type { RpcRequest } from '../types'
import type { FailoverValue } from '../value'
import { createConnection } from './connection'
import type { ProviderEventMap, ProviderEventName, ProviderPayloads } from './events'
import { createSubscriptionIds } from './subscription-ids'

/** An EIP-1193 provider, as ethers, web3.js and wallets take it. */
export type Eip1193Provider = {
  /**
   * Sends a request as `client.transport.request` does, and rejects with its errors, with `code` and `data` at the top
   * (EIP-1193). `eth_subscribe` resolves with an id that is unique in this provider; its events come as `message`, the first
   * one at least a turn of the event loop after the id. `eth_unsubscribe` resolves with whether the subscription was still
   * open; for an id that was never given out it rejects with code 4200.
   */
  request<returnType = unknown>(request: RpcRequest): Promise<returnType>
  /**
   * Calls `listener` for each event. What a listener throws is dropped. The first listener for `connect`, `disconnect` or
   * `chainChanged` has one small request sent, to find out whether it is connected.
   */
  on<name extends ProviderEventName>(name: name, listener: ProviderEventMap[name]): void
  /** Removes `listener`; if it was added more than once, only one of these. */
  removeListener<name extends ProviderEventName>(name: name, listener: ProviderEventMap[name]): void
  /**
   * Ends all subscriptions of this provider; later requests reject with a `TransportClosedError` of code 4900. Idempotent. A
   * provider made from a transport also ends the engine, as `client.transport.close()` does, for everything that was made
   * from that transport for that chain. A provider made from a client leaves the engine to the client.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A viem client whose transport is of `failover()`. */
export type ProviderClient = {
  readonly transport: Pick<FailoverValue, 'request' | 'subscribe' | 'on' | 'status' | 'close'>
}

type Source = ProviderClient['transport']

/**
 * Makes an EIP-1193 provider on the engine of a transport (with a chain) or of a client.
 *
 * @throws InvalidOptionsError unless it is a transport of `failover()` with a viem chain, or a client over one
 * @example new BrowserProvider(createProvider(failover(urls), { chain: mainnet }))
 */
export function createProvider(transport: FailoverTransport, options: { chain: Chain }): Eip1193Provider
/** Makes an EIP-1193 provider on the engine of a client. @throws InvalidOptionsError unless it is a client over `failover()` */
export function createProvider(client: ProviderClient): Eip1193Provider
export function createProvider(
  from: FailoverTransport | ProviderClient,
  options?: { chain: Chain } | undefined,
): Eip1193Provider {
  const isOwner = typeof from === 'function'
  const source = isOwner ? sourceOf(from, options?.chain) : readClient(from)
  const events = createEvents<ProviderPayloads>()
  const listening: { readonly name: string; readonly listener: unknown; off(): void }[] = []
  const connection = createConnection({ source, events })
  const subscriptions = createSubscriptionIds({
    subscribe: source.subscribe,
    onMessage(message) {
      if (message.type === 'eth_subscription') connection.onPush()
      else connection.onFailure(message.data.error)
      events.emit('message', message)
    },
  })
  let isClosed = false

  // It must be declared `async`: by that, web3.js tells an EIP-1193 provider from older kinds.
  async function request<returnType>(args: RpcRequest): Promise<returnType> {
    if (isClosed) throw closed()
    if (typeof args?.method !== 'string') return refuse('method', 'must be a text', args?.method)
    const { method, params } = args
    if (method === 'eth_unsubscribe') return subscriptions.end(params) as returnType
    try {
      if (method === 'eth_subscribe') return (await subscriptions.open(params)) as returnType
      const result = await source.request<returnType>({ method, params })
      connection.onAnswer(method, result)
      return result
    } catch (error) {
      connection.onFailure(error)
      throw field(error, 'name') === 'TransportClosedError' ? closed() : withData(error)
    }
  }

  function on<name extends ProviderEventName>(name: name, listener: ProviderEventMap[name]) {
    const off = events.on(name, listener as never) // of this very name: the compiler cannot follow
    listening.push({ name, listener, off })
    connection.follow()
  }

  function removeListener<name extends ProviderEventName>(name: name, listener: ProviderEventMap[name]) {
    const index = listening.findIndex((one) => one.name === name && one.listener === listener)
    if (index >= 0) listening.splice(index, 1)[0]?.off()
    connection.follow()
  }

  async function close() {
    if (isClosed) return
    isClosed = true
    subscriptions.close()
    connection.close()
    if (isOwner) await source.close()
  }

  return { request, on, removeListener, close, [Symbol.asyncDispose]: close }
}

function sourceOf(transport: FailoverTransport, chain: Chain | undefined): Source {
  if (!Number.isSafeInteger(chain?.id)) return refuse('chain', 'must be a chain of viem', chain)
  const { value } = transport({ chain })
  return isOurs(value) ? value : refuse('transport', 'must be what failover() returned', transport)
}

function readClient(client: ProviderClient): Source {
  const source = client?.transport as Partial<Source> | undefined
  return isOurs(source) ? source : refuse('client', 'must be a client over failover()', client)
}

function isOurs(source: Partial<Source> | undefined): source is Source {
  return [source?.request, source?.subscribe, source?.on, source?.status].every((fn) => typeof fn === 'function')
}

/** The error after `close()`, with EIP-1193's code for "disconnected". */
function closed() {
  return Object.assign(new TransportClosedError(), { code: 4900 })
}

/**
 * Copies `data` to the top of an error. For some codes viem's classes have it in their cause only, where EIP-1193 has it on
 * top.
 */
function withData(error: unknown): unknown {
  const top = error as { data?: unknown; code?: unknown; cause?: unknown } | undefined
  if (typeof top?.code !== 'number' || top.data !== undefined) return error
  const data = (top.cause as { data?: unknown } | undefined)?.data
  return data === undefined ? error : assign(top, { data })
}
