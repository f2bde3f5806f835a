// The list -> providers: what each entry is (a URL, a transport, a provider), its id and setup, and how its channels are made.
// Endpoints stay in here and in the channels.

import type { Transport } from 'viem'
import type { Channel } from './channel/channel'
import { createHttpChannel } from './channel/http'
import type { Redactor } from './channel/secrets'
import { createRedactor, secretLabels } from './channel/secrets'
import { createViemChannel } from './channel/viem'
import type { SocketChange } from './channel/ws'
import { createWsChannel } from './channel/ws'
import { protocolOf } from './checks'
import type { ProviderConfig, ProviderEntry } from './options'
import type { BreakerOptions } from './provider/breaker'
import type { ProviderSetup } from './provider/provider'
import { traitsOf } from './rpc/methods'
import { refuse } from './shape'
import type { ChannelType } from './types'

/** What viem hands to a transport's factory; given on to transports in the list. */
export type FactoryParameters = Parameters<Transport>[0]

/** The list, read for one chain. */
export type ReadList = {
  readonly setups: readonly ProviderSetup[]
  /** Whether the first entry is a socket, or any provider has one beside it: what viem's `watch*` want to know. */
  readonly hasSocketFirst: boolean
  /** The channels of one client, by slot: transports are built for it, the rest is shared. */
  connect(parameters: FactoryParameters): Channel[]
  /** Closes what is shared. */
  close(): void
}

/** One way to a provider, and what is known of it. */
type Way = {
  readonly type: ChannelType
  readonly endpoint: string | Transport
  readonly built: ReturnType<Transport> | undefined
}

/** Where the list of a `failover()` transport stands on it, so that it can be flattened into another one. */
export const LIST: unique symbol = Symbol.for('viem-lasso.list') as never

const SOCKETS = ['webSocket', 'ipc']
const NO_WALLETS = ['http', 'webSocket', 'ipc', 'fallback', 'failover']

/** What is told of the channels that all clients share, with their providers' ids. */
export type ListListeners = {
  onSocket?: ((id: string, change: SocketChange) => void) | undefined
  /** Told how many requests a provider takes at a time. Without it, no batches are gathered. */
  onBatchRefused?: ((id: string, most: number) => void) | undefined
}

/** @param breaker defaults for all providers. */
export function readList(
  list: readonly ProviderEntry[],
  parameters: FactoryParameters,
  breaker: BreakerOptions,
  { onSocket, onBatchRefused }: ListListeners = {},
): ReadList {
  const entries = flatten(list)
  const configs = entries.map(toConfig)
  const ways = configs.map((config, index) => waysOf(config, parameters, index))
  const ids = idsOf(configs, ways)
  const redactors = configs.map(() => createRedactor())
  const shared = new Map<Way, Channel>()
  const setups = configs.map((config, index): ProviderSetup => {
    const own = ways[index] as Way[]
    const [httpWay, socketWay] = (['http', 'ws'] as const).map((asked) =>
      own.find(({ type, endpoint }) => type === asked && typeof endpoint === 'string'),
    )
    return {
      id: ids[index] as string,
      priority: config.priority ?? index,
      weight: config.weight ?? 1,
      cost: config.cost ?? 1,
      isBackup: config.backup ?? false,
      isPrivate: config.private ?? false,
      isWallet:
        config.wallet ?? own.some(({ built }) => built !== undefined && !NO_WALLETS.includes(built.config.type)),
      channels: own.map(({ type }) => type),
      capabilities: {
        ...config.capabilities,
        methods: config.capabilities?.methods ?? own.find(({ built }) => built?.config.methods)?.built?.config.methods,
      },
      limits: config.limits ?? {},
      breaker: { ...breaker, ...given(config.breaker ?? {}) },
      ...(socketWay && { socket: () => shared.get(socketWay)?.socket?.() ?? 'idle' }),
      ...(onBatchRefused && httpWay && { load: () => shared.get(httpWay)?.load?.() ?? 0 }),
    }
  })

  /** Shared by all clients: it knows nothing of them. */
  function sharedChannel(index: number, way: Way, url: string): Channel {
    let channel = shared.get(way)
    if (!channel) {
      const provider = ids[index] as string
      const options = { url, headers: configs[index]?.headers, provider, redactor: redactors[index] }
      channel =
        way.type === 'http'
          ? createHttpChannel({ ...options, batches: batchesOf(index) })
          : createWsChannel({ ...options, onSocket: (change) => onSocket?.(provider, change) })
      shared.set(way, channel)
    }
    return channel
  }

  function batchesOf(index: number) {
    const { limits, capabilities } = configs[index] as ProviderConfig
    const onRefused = (most: number) => onBatchRefused?.(ids[index] as string, most)
    return onBatchRefused && { concurrency: limits?.concurrency, rules: capabilities?.errors, onRefused }
  }

  function connect(clientParameters: FactoryParameters): Channel[] {
    return configs.flatMap((_, index) =>
      (ways[index] as Way[]).map((way) => {
        if (typeof way.endpoint === 'string') return sharedChannel(index, way, way.endpoint)
        const options = { provider: ids[index] as string, redactor: redactors[index] as Redactor }
        return createViemChannel({
          transport: build(way.endpoint, clientParameters),
          type: way.type,
          allowsUndefined: isWalletMethod,
          ...options,
        })
      }),
    )
  }

  return {
    setups,
    hasSocketFirst:
      ways[0]?.[0]?.type === 'ws' || entries.some((entry) => typeof entry === 'object' && entry.ws !== undefined),
    connect,
    close() {
      for (const channel of shared.values()) channel.close()
    },
  }
}

function flatten(list: readonly ProviderEntry[]): ProviderEntry[] {
  return list.flatMap((entry) => {
    const inner = typeof entry === 'function' ? (entry as { [LIST]?: readonly ProviderEntry[] })[LIST] : undefined
    return inner ? flatten(inner) : [entry]
  })
}

function toConfig(entry: ProviderEntry): ProviderConfig {
  if (typeof entry === 'function') return { http: entry }
  if (typeof entry === 'string') return /^wss?:$/.test(protocolOf(entry) ?? '') ? { ws: entry } : { http: entry }
  return entry
}

/** Without the fields that are `undefined`: those leave the default. */
function given<options extends object>(options: options): Partial<options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<options>
}

function waysOf({ http, ws }: ProviderConfig, parameters: FactoryParameters, index: number): Way[] {
  const ways = [http, ws].flatMap((endpoint, place): Way[] => {
    if (endpoint === undefined) return []
    if (typeof endpoint === 'string') return [{ type: place === 0 ? 'http' : 'ws', endpoint, built: undefined }]
    const built = build(endpoint, parameters)
    return [{ type: SOCKETS.includes(built.config.type) ? 'ws' : 'http', endpoint, built }]
  })
  if (ways.length === 2 && ways[0]?.type === ways[1]?.type)
    refuse(`providers[${index}].ws`, `must be another channel than http (both are ${ways[0]?.type})`, ws)
  // http before ws, also where a socket was given as `http`.
  return ways.sort((a, b) => Number(a.type === 'ws') - Number(b.type === 'ws'))
}

function build(transport: Transport, parameters: FactoryParameters): ReturnType<Transport> {
  return transport({ ...parameters, retryCount: 0 })
}

function idsOf(configs: readonly ProviderConfig[], ways: readonly Way[][]): string[] {
  const taken = new Set(configs.flatMap(({ id }) => (id === undefined ? [] : [id])))
  return configs.map(({ id }, index) => {
    if (id !== undefined) return id
    const [first] = ways[index] as Way[]
    const name =
      typeof first?.endpoint === 'string' ? nameOfHost(first.endpoint) : (first?.built?.config.key ?? 'provider')
    let unique = name
    for (let count = 2; taken.has(unique); count++) unique = `${name}-${count}`
    taken.add(unique)
    return unique
  })
}

/** The host without labels that look random, and the port if it is unusual. */
function nameOfHost(url: string): string {
  const { hostname, port } = new URL(url)
  const hidden = secretLabels(hostname)
  const name = hostname
    .split('.')
    .filter((label) => !hidden.includes(label))
    .join('.')
  return `${name || 'provider'}${port && `:${port}`}`
}

function isWalletMethod(method: string) {
  return traitsOf(method).kind === 'wallet'
}
