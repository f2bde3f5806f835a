// An EIP-1193 provider over an engine, for ethers, web3.js and wallets. What it is asked goes to the transport as it is; it adds
// the events, subscription ids of its own, and errors with code and data where EIP-1193 has them.

import type { Chain } from 'viem'
import { createConnection } from './eip1193/connection'
import type { ProviderEventMap, ProviderEventName, ProviderPayloads } from './eip1193/events'
import { createSubscriptionIds } from './eip1193/subscription-ids'
import { TransportClosedError } from './errors'
import { createEvents } from './events'
import type { FailoverTransport } from './failover'
import { refuse } from './shape'
import type { RpcRequest } from './types'
import type { FailoverValue } from './value'

export type Eip1193Provider = {
  /**
   * Answers as `client.transport.request` does, and throws its errors, with `code` and `data` at the top.
   * `eth_subscribe` gives an id that is unique here; its events come as `message`, the first one in a later turn of the event
   * loop than the id. `eth_unsubscribe` tells whether the subscription was still open; an id that was never given out is an
   * error of code 4200.
   */
  request<returnType = unknown>(request: RpcRequest): Promise<returnType>
  /**
   * Calls `listener` for each event. What a listener throws harms nobody.
   * The first one for `connect`, `disconnect` or `chainChanged` has one small question sent, so that there is something to tell.
   */
  on<name extends ProviderEventName>(name: name, listener: ProviderEventMap[name]): void
  /** Takes away one of the times `listener` was added. */
  removeListener<name extends ProviderEventName>(name: name, listener: ProviderEventMap[name]): void
  /**
   * Ends all its subscriptions; later requests reject with `TransportClosedError` of code 4900. Idempotent.
   * Made from a transport, it is the user of the engine and ends it, as `client.transport.close()` does: for everything made
   * from that transport for that chain. Made from a client, it leaves the engine to that client.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A client over `failover()`. */
export type ProviderClient = {
  readonly transport: Pick<FailoverValue, 'request' | 'subscribe' | 'on' | 'status' | 'close'>
}

type Source = ProviderClient['transport']

/**
 * An EIP-1193 provider on the engine of a transport or a client.
 *
 * @throws InvalidOptionsError for what is neither, or without a chain
 * @example new BrowserProvider(createProvider(failover(urls), { chain: mainnet }))
 */
export function createProvider(transport: FailoverTransport, options: { chain: Chain }): Eip1193Provider
/** An EIP-1193 provider on the engine of a client. @throws InvalidOptionsError for what is no client over `failover()` */
export function createProvider(client: ProviderClient): Eip1193Provider
export function createProvider(
  from: FailoverTransport | ProviderClient,
  options?: { chain: Chain } | undefined,
): Eip1193Provider {
  const isOwner = typeof from === 'function'
  const source = isOwner ? sourceOf(from, options?.chain) : readClient(from)
  const events = createEvents<ProviderPayloads>()
  const offs = new Map<string, Map<unknown, (() => void)[]>>()
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

  // An `async` function by its own right: web3.js looks at that to tell it from older kinds.
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
      throw (error as Error | undefined)?.name === 'TransportClosedError' ? closed() : withData(error)
    }
  }

  function on<name extends ProviderEventName>(name: name, listener: ProviderEventMap[name]) {
    const listeners = offs.get(name) ?? new Map()
    offs.set(name, listeners)
    const off = events.on(name, listener as never) // of this very name: the compiler cannot follow
    listeners.set(listener, [...(listeners.get(listener) ?? []), off])
    connection.follow()
  }

  function removeListener<name extends ProviderEventName>(name: name, listener: ProviderEventMap[name]) {
    const listeners = offs.get(name)
    const [off, ...others] = listeners?.get(listener) ?? []
    off?.()
    if (others.length > 0) listeners?.set(listener, others)
    else listeners?.delete(listener)
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

/** EIP-1193's code for "disconnected". */
function closed() {
  return Object.assign(new TransportClosedError(), { code: 4900 })
}

/** viem's classes for some codes leave the data to their cause; those who read EIP-1193 errors look at the top only. */
function withData(error: unknown): unknown {
  const top = error as { data?: unknown; code?: unknown; cause?: unknown } | undefined
  if (typeof top?.code !== 'number' || top.data !== undefined) return error
  const data = (top.cause as { data?: unknown } | undefined)?.data
  try {
    if (data !== undefined) top.data = data
  } catch {
    // Whoever froze it wanted it so.
  }
  return error
}
