// viem's face: the list and the options -> a viem Transport. One engine per chain id, shared by all clients made from it.

import type { EIP1193RequestFn, Transport } from 'viem'
import { repeatUntil } from './base/retry'
import { checkIds, checkKnown, checkList, checkOptions, checkOverrides, refuse } from './checks'
import type { Engine } from './engine'
import { createEngine } from './engine'
import type { FactoryParameters, ReadList } from './entries'
import { LIST, readList } from './entries'
import type { EventName, Listener } from './events'
import type { Face } from './methods/entrance'
import type { SubscribeOptions, Subscription } from './methods/subscribe'
import type { FailoverOptions, ProviderEntry, RequestOptions } from './options'
import type { ProviderSetup } from './provider/provider'
import type { PlanSettings, RequestOverrides } from './request/plan'
import { createPlanner, createPlanners } from './request/plan'
import { failureOf } from './rpc/failure'
import type { Status } from './status'
import type { BreakerStateName, ChannelType, RpcRequest } from './types'

/** A channel's breaker, to look at and to work by hand. */
export type BreakerControl = {
  readonly state: BreakerStateName
  /** Leaves the channel alone. @param ms how long; by default as after a failure. */
  open(ms?: number): void
  /** Uses the channel again at once. */
  close(): void
  /** Counts a failure seen elsewhere. */
  recordFailure(error?: unknown): void
}

/** `client.transport.request`: viem's, with more options. Throws the same errors as `client.request`. */
export type FailoverRequestFn = <returnType = unknown>(
  request: RpcRequest,
  options?: RequestOptions | undefined,
) => Promise<returnType>

/** What `client.transport` has beside viem's own. */
export type FailoverValue = {
  request: FailoverRequestFn
  /**
   * viem's: pushes what the first provider with a socket, in the order of the list, confirms. What is pushed while its
   * socket is away is not filled in, and the stream does not go on at another provider: that is to come.
   * @throws NoProviderError if no provider has a socket
   */
  subscribe(options: SubscribeOptions): Promise<Subscription>
  /** What is known of the providers now. Synchronous, without side effects, JSON-safe. */
  status(): Status
  /** Calls `listener` for each event of the engine. Returns the off-function. */
  on<name extends EventName>(name: name, listener: Listener<name>): () => void
  /**
   * The breaker of one channel.
   * @throws InvalidOptionsError if there is no such channel
   */
  breaker(id: string, channel: ChannelType): BreakerControl
  /**
   * Resolves with `status()` once a provider is verified.
   * @throws TransportClosedError, or the signal's reason
   */
  ready(options?: { signal?: AbortSignal | undefined } | undefined): Promise<Status>
  /** Ends the engine of this chain for all its clients: pending and later calls reject with `TransportClosedError`. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export type FailoverTransport = Transport<'failover' | 'webSocket', FailoverValue, EIP1193RequestFn> & {
  /**
   * A transport over the same engines, with these defaults for all its requests.
   * @throws InvalidOptionsError for a value that breaks a rule
   */
  with(overrides: RequestOverrides): FailoverTransport
}

type EngineAndList = { readonly engine: Engine; readonly list: ReadList }

/**
 * A viem transport that serves every request from whichever of the providers can answer it.
 *
 * @param list the providers, the preferred one first: URLs, viem transports, or provider objects.
 * @throws InvalidOptionsError for a value that breaks a rule
 * @example createPublicClient({ chain: mainnet, transport: failover(['https://a.example', 'https://b.example']) })
 */
export function failover(list: readonly ProviderEntry[], options: FailoverOptions = {}): FailoverTransport {
  checkList(list)
  checkOptions(options)
  // Copies: what was checked is what holds.
  const copies = list.map((entry) => (typeof entry === 'object' ? { ...entry } : entry))
  return faceOf(copies, { ...options }, {}, new Map())
}

function faceOf(
  list: readonly ProviderEntry[],
  options: FailoverOptions,
  defaults: RequestOverrides,
  engines: Map<number | undefined, EngineAndList>,
) {
  const plannerOf = createPlanners(defaults)
  const transport = (parameters: FactoryParameters) => {
    const chainId = parameters.chain?.id
    let made = engines.get(chainId)
    if (!made) {
      made = make(list, options, parameters, () => engines.delete(chainId))
      engines.set(chainId, made)
    }
    const { engine, list: read } = made
    const settings = settingsOf(options, parameters, read.setups)
    const ids = engine.providers.map(({ id }) => id)
    checkNamed(defaults, ids, 'with')
    const face: Face = { channels: read.connect(parameters), planner: plannerOf(engine, settings) }
    const request = requestOf(engine, face, ids)
    const isSocket = options.subscriptions === true || (options.subscriptions !== false && read.hasSocketFirst)
    return {
      config: {
        key: options.key ?? 'failover',
        name: options.name ?? 'Failover',
        request: request as EIP1193RequestFn,
        retryCount: 0,
        timeout: settings.timeout,
        type: isSocket ? ('webSocket' as const) : ('failover' as const),
      },
      request: request as EIP1193RequestFn,
      value: extrasOf(engine, face, request, options.subscriptions === false),
    }
  }
  return Object.assign(transport, {
    [LIST]: list,
    with(overrides: RequestOverrides) {
      checkOverrides(overrides)
      return faceOf(list, options, { ...defaults, ...overrides }, engines)
    },
  }) as FailoverTransport
}

function make(
  list: readonly ProviderEntry[],
  options: FailoverOptions,
  parameters: FactoryParameters,
  onClose: () => void,
): EngineAndList {
  const { retry = {}, hedge, transactions = {} } = options
  const read = readList(list, parameters, options.breaker ?? {}, {
    onSocket: (id, change) => engine.onSocket(id, change),
    ...(options.batch !== false && { onBatchRefused: (id, most) => engine.onBatchRefused(id, most) }),
  })
  checkIds(
    read.setups.map(({ id }) => id),
    options,
  )
  const engine: Engine = createEngine({
    providers: read.setups,
    chainId: parameters.chain?.id,
    hasOwnSerializer: parameters.chain?.serializers?.transaction !== undefined,
    verifyChain: options.verifyChain ?? true,
    hedgeBudget: (hedge === false ? undefined : hedge?.budget) ?? 20,
    retryBudget: retry.budget ?? 20,
    retryDelay: retry.delay ?? options.retryDelay ?? 150,
    waitForProvider: options.waitForProvider ?? true,
    share: options.share ?? true,
    broadcast: transactions.broadcast ?? 'first',
    shouldThrow: options.shouldThrow,
    planner: createPlanner(settingsOf(options, parameters, read.setups)),
    onClose() {
      onClose()
      read.close()
    },
  })
  return { engine, list: read }
}

function settingsOf(
  options: FailoverOptions,
  parameters: FactoryParameters,
  setups: readonly ProviderSetup[],
): PlanSettings {
  // Inside of a viem `fallback` it is given 0: that one goes on to its next entry by itself.
  const { retry = {}, retryCount = parameters.retryCount } = options
  return {
    strategy: options.strategy ?? (options.rank ? 'fastest' : 'priority'),
    methods: options.methods ?? {},
    timeout: options.timeout ?? parameters.timeout ?? 10_000,
    isTimeoutGiven: options.timeout !== undefined,
    hedge: options.hedge ?? {},
    seesDepth: setups.some(({ capabilities }) => capabilities.archive !== undefined),
    rounds: retry.rounds ?? (retryCount === undefined ? Infinity : retryCount + 1),
  }
}

function requestOf(engine: Engine, face: Face, ids: readonly string[]): FailoverRequestFn {
  return ((request: RpcRequest, given?: RequestOptions) => {
    if (!given) return engine.request(face, request, face.planner(request), undefined)
    const { signal, provider, channel, strategy, timeout, exclude, allowFailover } = given
    const overrides = { provider, channel, strategy, timeout, exclude, allowFailover }
    const isPlain = Object.values(overrides).every((value) => value === undefined)
    try {
      if (!isPlain) checkOverrides(overrides, 'options')
      if (!isPlain) checkNamed(overrides, ids, 'options')
    } catch (error) {
      return Promise.reject(error)
    }
    return engine.request(face, request, face.planner(request, isPlain ? undefined : overrides), signal)
  }) as FailoverRequestFn
}

function checkNamed({ provider, exclude = [] }: RequestOverrides, ids: readonly string[], path: string) {
  if (provider !== undefined) checkKnown(provider, ids, `${path}.provider`)
  for (const [index, id] of exclude.entries()) checkKnown(id, ids, `${path}.exclude[${index}]`)
}

function extrasOf(engine: Engine, face: Face, request: FailoverRequestFn, isQuiet: boolean): FailoverValue {
  const close = async () => engine.close()
  return {
    request,
    subscribe: (given) =>
      engine.subscribe(face, given, isQuiet ? 'is not subscribed to: `subscriptions` is false' : undefined),
    status: () => engine.status(),
    on: (name, listener) => engine.events.on(name, listener),
    breaker: (id, channel) => controlOf(engine, id, channel),
    async ready({ signal } = {}) {
      await repeatUntil(() => engine.verifyAny(face), signal)
      return engine.status()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function controlOf(engine: Engine, id: string, type: ChannelType): BreakerControl {
  const ids = engine.providers.map((provider) => provider.id)
  checkKnown(id, ids, 'id')
  const channel = engine.channel(id, type)
  if (!channel) return refuse('channel', `must be a channel of provider ${id}`, type)
  const { breaker } = channel
  return {
    get state() {
      return breaker.snapshot(engine.now()).state
    },
    open(ms) {
      if (ms !== undefined && !(ms >= 0)) refuse('ms', 'must be a number of 0 or more', ms)
      breaker.open(engine.now(), ms)
    },
    close: () => breaker.close(),
    recordFailure(error) {
      const { kind } = failureOf(error, { method: '' })
      breaker.recordFailure(engine.now(), kind === 'network' || kind === 'timeout')
    },
  }
}
