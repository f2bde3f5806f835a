// The face to viem: makes a viem Transport of a list and options. One engine per chain id serves all clients made from it.

import type { EIP1193RequestFn, Transport } from 'viem'
import { defined } from './base/fields'
import { ISOLATED } from './base/isolated'
import { checkIds, checkList, checkNamed, checkOptions, checkOverrides } from './checks'
import type { Engine } from './engine'
import { createEngine } from './engine'
import type { FactoryParameters, ReadList } from './entries'
import { idsOf, LIST, readList } from './entries'
import type { FailoverOptions, ProviderEntry } from './options'
import type { Face, PlanSettings, RequestOverrides } from './request/route/plan'
import { createPlanner, createPlanners } from './request/route/plan'
import type { FailoverValue } from './value'
import { extrasOf, requestOf } from './value'

/** What `failover()` returns: a viem transport for any client, with `with()`. */
export type FailoverTransport = Transport<'failover' | 'webSocket', FailoverValue, EIP1193RequestFn> & {
  /**
   * Makes a transport over the same engines, with these defaults for all its requests. Values given with a request or in
   * another `with()` override them.
   * @throws InvalidOptionsError for a value that breaks a rule
   */
  with(overrides: RequestOverrides): FailoverTransport
}

/** Defaults of the options that the engine takes as they are. */
const DEFAULTS = {
  verifyChain: true,
  consistency: 'head',
  waitForProvider: true,
  share: true,
  verify: 'auto',
  logs: {},
} as const

type EngineAndList = { readonly engine: Engine; readonly list: ReadList }

/**
 * Makes a viem transport that serves each request from a provider that can answer it. Takes what viem's `fallback` takes.
 * State is kept per chain, made on first use, and shared by all clients made from the transport.
 *
 * @param list the providers, the preferred one first: URLs, viem transports, or provider objects.
 * @param options all optional: see `FailoverOptions`.
 * @throws InvalidOptionsError for a value that breaks a rule
 * @example createPublicClient({ chain: mainnet, transport: failover(['https://a.example', 'https://b.example']) })
 */
export function failover(list: readonly ProviderEntry[], options: FailoverOptions = {}): FailoverTransport {
  checkList(list)
  checkOptions(options, '')
  // Entries and options are copied, so that what was checked cannot be changed afterwards.
  const copies = list.map((entry) => (typeof entry === 'object' ? { ...entry } : entry))
  checkIds(idsOf(copies), options)
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
    const settings = settingsOf(options, parameters, engine)
    const ids = engine.providers.map(({ id }) => id)
    checkNamed(defaults, ids, 'with')
    const face: Face = {
      channels: read.connect(parameters),
      planner: plannerOf(engine, settings),
      pollingInterval: parameters.pollingInterval,
    }
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
  // Any option but `key` and `name` holds for this list as a whole and would be lost in another list: then it is not plain.
  const { key: _, name: __, ...own } = defined({ ...options, ...defaults })
  Object.defineProperty(transport, LIST, { value: () => ({ list, isPlain: Object.keys(own).length === 0 }) })
  return Object.assign(transport, {
    with(overrides: RequestOverrides) {
      checkOverrides(overrides, 'with')
      return faceOf(list, options, { ...defaults, ...overrides }, engines)
    },
  }) as FailoverTransport
}

function make(
  list: readonly ProviderEntry[],
  options: FailoverOptions,
  parameters: FactoryParameters,
  onClosing: () => void,
): EngineAndList {
  const { retry = {}, hedge, transactions = {}, maxBackfillBlocks = {} } = options
  const read = readList(list, parameters, options.breaker ?? {}, {
    onSocket: (id, change) => engine.onSocket(id, change),
    ...(options.batch !== false && !ISOLATED && { onBatchRefused: (id, most) => engine.onBatchRefused(id, most) }),
  })
  checkIds(
    read.setups.map(({ id }) => id),
    options,
  )
  const engine: Engine = createEngine({
    ...DEFAULTS,
    ...defined(options),
    providers: read.setups,
    chainId: parameters.chain?.id,
    blockTime: parameters.chain?.blockTime,
    hasOwnSerializer: parameters.chain?.serializers?.transaction !== undefined,
    hedgeBudget: (hedge === false ? undefined : hedge?.budget) ?? 20,
    retryBudget: retry.budget ?? 20,
    retryDelay: retry.delay ?? options.retryDelay ?? 150,
    broadcast: transactions.broadcast ?? 'first',
    mostFilled: { heads: maxBackfillBlocks.heads ?? 256, logs: maxBackfillBlocks.logs ?? 10_000 },
    pollingInterval: options.pollingInterval,
    planner: createPlanner(settingsOf(options, parameters, { limitsDepth: () => engine.limitsDepth() })),
    onClosing,
    onClose: read.close,
  })
  return { engine, list: read }
}

function settingsOf(
  options: FailoverOptions,
  parameters: FactoryParameters,
  { limitsDepth }: Pick<Engine, 'limitsDepth'>,
): PlanSettings {
  // A viem `fallback` around this transport passes `retryCount: 0`, as it goes on to its next entry by itself.
  const { retry = {}, retryCount = parameters.retryCount } = options
  return {
    strategy: options.strategy ?? (options.rank ? 'fastest' : 'priority'),
    methods: options.methods ?? {},
    timeout: options.timeout ?? parameters.timeout ?? 10_000,
    isTimeoutGiven: options.timeout !== undefined,
    hedge: options.hedge ?? {},
    seesDepth: limitsDepth,
    rounds: retry.rounds ?? (retryCount === undefined ? Infinity : retryCount + 1),
  }
}
