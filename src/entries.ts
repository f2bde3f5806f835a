// Reads the list: what each entry is (a URL, a transport, a provider), its id and setup, and how its channels are made.
// Endpoints do not leave this file and the channels.

import type { Transport } from 'viem'
import { defined } from './base/fields'
import { partsOf, protocolOf } from './base/url'
import type { Channel } from './channel/channel'
import { createHttpChannel } from './channel/http'
import type { Redactor } from './channel/secrets'
import { createRedactor, secretLabels } from './channel/secrets'
import { createViemChannel } from './channel/viem'
import type { SocketChange } from './channel/ws'
import { createWsChannel } from './channel/ws'
import type { ProviderConfig, ProviderEntry } from './options'
import type { BreakerOptions } from './provider/breaker'
import type { ProviderSetup } from './provider/provider'
import { refuse } from './shape'
import type { ChannelType } from './types'

/** What viem passes to the factory of a transport. It is passed on to the transports in the list. */
export type FactoryParameters = Parameters<Transport>[0]

/** The list, read for one chain. */
export type ReadList = {
  readonly setups: readonly ProviderSetup[]
  /** Whether the first entry is a socket or any provider object has `ws`: then viem's `watch*` subscribe by default. */
  readonly hasSocketFirst: boolean
  /** The channels of one client, by slot. Transports are built for this client; channels of URLs are shared by all clients. */
  connect(parameters: FactoryParameters): Channel[]
  /** Closes the shared channels. */
  close(): void
}

/** One way to a provider. `built`: the transport, made once to learn its type, key and methods. */
type Way = {
  readonly type: ChannelType
  readonly endpoint: string | Transport
  readonly built?: ReturnType<Transport>
}

/** `channel`: that of a URL, which all clients share. */
type OpenWay = Way & { readonly channel: Channel | undefined }

/** One provider of the list, with the preferred way first. */
type Listed = {
  readonly id: string
  readonly config: ProviderConfig
  readonly ways: readonly OpenWay[]
  readonly redactor: Redactor
}

/**
 * The property by which a `failover()` transport gives its list, so that a plain one can be flattened into another list. It
 * is a function, so that printing the transport does not print endpoints and headers.
 */
export const LIST: unique symbol = Symbol.for('viem-lasso.list') as never
/** `isPlain`: nothing but a list, without options or `with()`. */
type Inner = { readonly list: readonly ProviderEntry[]; readonly isPlain: boolean }

/** Types of viem transports that become a ws channel. */
const SOCKETS = ['webSocket', 'ipc']
/** Types of transports that are not taken for a wallet by default. */
const NO_WALLETS = ['http', 'webSocket', 'ipc', 'fallback', 'failover']

/** Called for the channels that all clients share, with the id of the provider. */
export type ListListeners = {
  onSocket?: ((id: string, change: SocketChange) => void) | undefined
  /** A batch was refused; `most` is how many requests the provider takes at a time. Without this, no batches are gathered. */
  onBatchRefused?: ((id: string, most: number) => void) | undefined
}

/** Reads a list that was checked. @param breaker the list's own options, as defaults for all providers. */
export function readList(
  list: readonly ProviderEntry[],
  parameters: FactoryParameters,
  breaker: BreakerOptions,
  { onSocket, onBatchRefused }: ListListeners = {},
): ReadList {
  const entries = flatten(list)
  const configs = entries.map(toConfig)
  const allWays = configs.map((config, index) => waysOf(config, parameters, index))
  const ids = namesOf(configs, (index) => allWays[index]?.[0]?.built?.config.key ?? 'provider') as string[]
  const providers = configs.map((config, index): Listed => {
    const own = { id: ids[index] as string, config, redactor: createRedactor() }
    const ways = (allWays[index] as Way[]).map((way) => ({ ...way, channel: sharedChannel(own, way) }))
    return { ...own, ways }
  })

  function setupOf({ id, config, ways }: Listed, index: number): ProviderSetup {
    const built = ways.flatMap((way) => way.built?.config ?? [])
    const sharedOf = (asked: ChannelType) => ways.find(({ type }) => type === asked)?.channel
    const { socket, strays } = sharedOf('ws') ?? {}
    return {
      id,
      priority: config.priority ?? index,
      weight: config.weight ?? 1,
      cost: config.cost ?? 1,
      isBackup: config.backup ?? false,
      isPrivate: isPrivate(config),
      isWallet: config.wallet ?? built.some(({ type }) => !NO_WALLETS.includes(type)),
      channels: ways.map(({ type }) => type),
      capabilities: {
        ...config.capabilities,
        methods: config.capabilities?.methods ?? built.find(({ methods }) => methods)?.methods,
      },
      limits: config.limits ?? {},
      breaker: { ...breaker, ...defined<BreakerOptions>(config.breaker ?? {}) },
      socket,
      strays,
      load: sharedOf('http')?.load,
    }
  }

  function sharedChannel({ id, config, redactor }: Omit<Listed, 'ways'>, { type, endpoint: url }: Way) {
    if (typeof url !== 'string') return undefined
    const { headers, limits, capabilities } = config
    const options = { url, headers, provider: id, redactor }
    const batches = onBatchRefused && {
      concurrency: limits?.concurrency,
      rules: capabilities?.errors,
      onRefused: (most: number) => onBatchRefused(id, most),
    }
    return type === 'http'
      ? createHttpChannel({ ...options, batches })
      : createWsChannel({ ...options, onSocket: (change) => onSocket?.(id, change) })
  }

  function clientChannel({ id, redactor }: Listed, { type, endpoint }: Way, clientParameters: FactoryParameters) {
    const transport = build(endpoint as Transport, clientParameters)
    return createViemChannel({ transport, type, provider: id, redactor })
  }

  return {
    setups: providers.map(setupOf),
    hasSocketFirst:
      providers[0]?.ways[0]?.type === 'ws' ||
      entries.some((entry) => typeof entry === 'object' && entry.ws !== undefined),
    connect: (clientParameters) =>
      providers.flatMap((provider) =>
        provider.ways.map((way) => way.channel ?? clientChannel(provider, way, clientParameters)),
      ),
    close() {
      for (const { ways } of providers) for (const { channel } of ways) channel?.close()
    },
  }
}

/** The ids of the providers of a list; `undefined` for one that depends on the key of a transport, which must be made for that. */
export function idsOf(list: readonly ProviderEntry[]): (string | undefined)[] {
  return namesOf(flatten(list).map(toConfig), () => undefined)
}

/** The ids as they are given, else unique ones by the hosts. @param keyOf gives the key of a transport */
function namesOf(configs: readonly ProviderConfig[], keyOf: (index: number) => string | undefined) {
  const taken = new Set(configs.map(({ id }) => id))
  return configs.map(({ id: given, ws, http = ws }, index) => {
    const name = typeof http === 'string' ? nameOfHost(http) : keyOf(index)
    let id = given ?? name
    for (let count = 2; given === undefined && name !== undefined && taken.has(id); count++) id = `${name}-${count}`
    taken.add(id)
    return id
  })
}

function flatten(list: readonly ProviderEntry[]): ProviderEntry[] {
  return list.flatMap((entry) => {
    const inner = innerOf(entry)
    return inner?.isPlain ? flatten(inner.list) : [entry]
  })
}

function innerOf(entry: unknown): Inner | undefined {
  return typeof entry === 'function' ? (entry as { [LIST]?: () => Inner })[LIST]?.() : undefined
}

/** Whether a provider is private: as declared, or because it is a nested `failover()` that has a private provider. */
function isPrivate(entry: ProviderEntry): boolean {
  const { private: own, http, ws } = toConfig(entry)
  return own ?? [http, ws].some((endpoint) => innerOf(endpoint)?.list.some(isPrivate))
}

function toConfig(entry: ProviderEntry): ProviderConfig {
  if (typeof entry === 'function') return { http: entry }
  if (typeof entry === 'string') return /^wss?:$/.test(protocolOf(entry) ?? '') ? { ws: entry } : { http: entry }
  return entry
}

function waysOf({ http, ws }: ProviderConfig, parameters: FactoryParameters, index: number): Way[] {
  const wayOf = (type: ChannelType, endpoint: string | Transport | undefined): Way[] => {
    if (endpoint === undefined) return []
    if (typeof endpoint === 'string') return [{ type, endpoint }]
    const built = build(endpoint, parameters)
    if (typeof built?.config?.type !== 'string')
      refuse(`providers[${index}]`, 'must be a viem transport, such as http(url): this function makes none', endpoint)
    return [{ type: SOCKETS.includes(built.config.type) ? 'ws' : 'http', endpoint, built }]
  }
  const ways = [...wayOf('http', http), ...wayOf('ws', ws)]
  const [first, second] = ways
  if (first && first.type === second?.type)
    refuse(`providers[${index}].ws`, `must be another channel than http (both are ${first.type})`, ws)
  // The http channel comes first, even if a socket was given as `http` and an HTTP transport as `ws`.
  return first?.type === 'ws' ? ways.reverse() : ways
}

function build(transport: Transport, parameters: FactoryParameters): ReturnType<Transport> {
  return transport({ ...parameters, retryCount: 0 })
}

/** The host without labels that look random, and the port if it is unusual. */
function nameOfHost(url: string): string {
  const { hostname, port } = partsOf(url)
  const hidden = secretLabels(hostname)
  const name = hostname
    .split('.')
    .filter((label) => !hidden.includes(label))
    .join('.')
  return `${name || 'provider'}${port && `:${port}`}`
}
