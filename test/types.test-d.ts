// The public types: what programs may write, and what they get.

import { createConfig, injected } from '@wagmi/core'
import type { Eip1193Provider as EthersEip1193Provider } from 'ethers'
import { BrowserProvider } from 'ethers'
import type { Address, EIP1193Provider, Hex, ProviderRpcError, RpcBlock, RpcLog, Transport } from 'viem'
import {
  createClient,
  createPublicClient,
  createTestClient,
  createWalletClient,
  custom,
  fallback,
  http,
  parseAbi,
  parseEventLogs,
  publicActions,
  webSocket,
} from 'viem'
import { mainnet, sepolia } from 'viem/chains'
import { describe, expectTypeOf, test } from 'vitest'
import type { SupportedProviders } from 'web3'
import { Web3 } from 'web3'
import type {
  AllProvidersFailedError,
  AttemptEvent,
  AttemptSummary,
  BreakerControl,
  BreakerEvent,
  BreakerOptions,
  BreakerStateName,
  CandidateSnapshot,
  Capabilities,
  CapabilityEvent,
  ChainMismatchError,
  ChannelStatus,
  ChannelType,
  ConnectionEvent,
  Eip1193Provider,
  ErrorRule,
  EventMap,
  EventName,
  FailoverEvent,
  FailoverOptions,
  FailoverRequestFn,
  FailoverTransport,
  FailoverValue,
  FailureKind,
  HeadersOption,
  HedgeOptions,
  HistoryCapabilities,
  InvalidOptionsError,
  InvalidResponseError,
  LearnedCapabilities,
  LearnedLogs,
  LimitEvent,
  LimitOptions,
  Listener,
  LogCapabilities,
  LogRangeTooWideError,
  LogsOptions,
  MethodOptions,
  NeedSnapshot,
  NoProviderError,
  ProviderClient,
  ProviderConfig,
  ProviderEntry,
  ProviderEventMap,
  ProviderEventName,
  ProviderMessage,
  ProviderStatus,
  RequestEvent,
  RequestOptions,
  RequestOverrides,
  RetryOptions,
  RpcRequest,
  SocketState,
  Status,
  Strategy,
  StrategyFunction,
  StrategyName,
  StreamStateName,
  SubscribeOptions,
  Subscription,
  SubscriptionKind,
  TransactionOptions,
  TransportClosedError,
  Upkeep,
} from '../src'
import { createProvider, failover } from '../src'

const transport = failover(['https://a.example', 'https://b.example'])
const client = createPublicClient({ chain: mainnet, transport })

/** `true` if the type is `any`. */
type IsAny<type> = 0 extends 1 & type ? true : false
/** Names of the fields that are `any`. */
type AnyFields<type> = { [name in keyof type]-?: IsAny<type[name]> extends true ? name : never }[keyof type]

describe('failover', () => {
  test('default', () => {
    expectTypeOf(failover).parameters.toEqualTypeOf<
      [list: readonly ProviderEntry[], options?: FailoverOptions | undefined]
    >()
    expectTypeOf(transport).toEqualTypeOf<FailoverTransport>()
    expectTypeOf(transport).toExtend<Transport>()
  })

  test('behavior: what fallback takes', () => {
    failover([http(), webSocket('wss://a.example'), custom({ request: async () => null }), fallback([http()])])
    failover([http()], { key: 'a', name: 'A', rank: true, retryCount: 2, retryDelay: 5, shouldThrow: () => true })
    failover([http()], { rank: { interval: 1_000 }, shouldThrow: (error) => error.name === 'A' })
    failover([http()], { rank: { ping: ({ transport }) => transport.request({ method: 'web3_clientVersion' }) } })
    failover([failover([http()])])
    const entries = ['https://a.example', { http: 'https://b.example' }] as const
    failover(entries)
  })

  test('behavior: every client of viem and wagmi takes it', () => {
    expectTypeOf(createClient({ transport }).transport.type).toEqualTypeOf<'failover' | 'webSocket'>()
    expectTypeOf(createWalletClient({ chain: mainnet, transport }).transport.status).returns.toEqualTypeOf<Status>()
    expectTypeOf(
      createTestClient({ chain: mainnet, mode: 'anvil', transport }).transport.status,
    ).returns.toEqualTypeOf<Status>()
    const extended = createWalletClient({ chain: mainnet, transport }).extend(publicActions)
    expectTypeOf(extended.getBlockNumber).returns.resolves.toEqualTypeOf<bigint>()
    const config = createConfig({
      chains: [mainnet, sepolia],
      transports: { [mainnet.id]: failover([http()]), [sepolia.id]: failover(['https://a.example']).with({}) },
    })
    expectTypeOf(config.chains).toEqualTypeOf<readonly [typeof mainnet, typeof sepolia]>()
    expectTypeOf(fallback([transport, http()])).toExtend<Transport>()
  })

  test('behavior: `chain` and actions stay inferred', () => {
    expectTypeOf(client.chain).toEqualTypeOf<typeof mainnet>()
    expectTypeOf(client.getBlockNumber).returns.resolves.toEqualTypeOf<bigint>()
  })

  test('error: what is no entry or option', () => {
    // @ts-expect-error a number is no entry
    failover([5])
    // @ts-expect-error a list is needed
    failover('https://a.example')
    // @ts-expect-error unknown field of a provider
    failover([{ http: 'https://a.example', url: 'https://a.example' }])
    // @ts-expect-error unknown option
    failover(['https://a.example'], { retries: 5 })
    // @ts-expect-error comes later
    failover(['https://a.example'], { cache: true })
    // @ts-expect-error comes later
    failover(['https://a.example'], { quorum: {} })
    // @ts-expect-error no such strategy
    failover(['https://a.example'], { strategy: 'quickest' })
    // @ts-expect-error no such failure kind
    failover([{ http: 'https://a.example', capabilities: { errors: [{ code: 1, kind: 'bad' }] } }])
  })
})

describe('client.transport', () => {
  test('default: typed without any', () => {
    expectTypeOf<AnyFields<{ a: any; b: unknown }>>().toEqualTypeOf<'a'>()
    expectTypeOf<IsAny<typeof client.transport>>().toEqualTypeOf<false>()
    expectTypeOf<AnyFields<typeof client.transport>>().toEqualTypeOf<never>()
    expectTypeOf<AnyFields<FailoverValue>>().toEqualTypeOf<never>()
    expectTypeOf<AnyFields<Status>>().toEqualTypeOf<never>()
    expectTypeOf<AnyFields<ProviderStatus>>().toEqualTypeOf<never>()
    expectTypeOf<AnyFields<ChannelStatus>>().toEqualTypeOf<never>()
    // @ts-expect-error no such field
    client.transport.nonsense
  })

  test('behavior: request, with overrides', () => {
    expectTypeOf(client.transport.request({ method: 'eth_foo' })).resolves.toEqualTypeOf<unknown>()
    const { request } = {} as FailoverValue
    expectTypeOf(request).toEqualTypeOf<FailoverRequestFn>()
    expectTypeOf(request<`0x${string}`>({ method: 'eth_blockNumber' })).resolves.toEqualTypeOf<`0x${string}`>()
    expectTypeOf(request).parameters.toEqualTypeOf<[request: RpcRequest, options?: RequestOptions | undefined]>()
    client.transport.request(
      { method: 'eth_call', params: [{}] },
      {
        provider: 'a',
        channel: 'ws',
        strategy: 'fastest',
        timeout: 5,
        signal: new AbortController().signal,
        exclude: ['b'],
        allowFailover: true,
      },
    )
    expectTypeOf<RpcRequest>().toEqualTypeOf<{ readonly method: string; readonly params?: unknown }>()
    expectTypeOf<RequestOptions>().toExtend<RequestOverrides>()
    expectTypeOf<Required<RequestOptions>['signal']>().toEqualTypeOf<AbortSignal | undefined>()
    expectTypeOf<keyof RequestOverrides>().toEqualTypeOf<
      'provider' | 'channel' | 'strategy' | 'timeout' | 'exclude' | 'allowFailover'
    >()
    // @ts-expect-error no such channel
    request({ method: 'eth_call' }, { channel: 'ipc' })
    // @ts-expect-error no such override
    request({ method: 'eth_call' }, { retries: 5 })
  })

  test('behavior: on, with the payload of each event', () => {
    const off = client.transport.on('request', (event) => {
      expectTypeOf(event).toEqualTypeOf<Readonly<RequestEvent>>()
    })
    expectTypeOf(off).toEqualTypeOf<() => void>()
    client.transport.on('attempt', (event) => expectTypeOf(event).toEqualTypeOf<Readonly<AttemptEvent>>())
    client.transport.on('failover', (event) => expectTypeOf(event).toEqualTypeOf<Readonly<FailoverEvent>>())
    client.transport.on('breaker', (event) => expectTypeOf(event).toEqualTypeOf<Readonly<BreakerEvent>>())
    client.transport.on('limit', (event) => expectTypeOf(event).toEqualTypeOf<Readonly<LimitEvent>>())
    client.transport.on('capability', (event) => expectTypeOf(event).toEqualTypeOf<Readonly<CapabilityEvent>>())
    // An async listener is one, too.
    client.transport.on('limit', async () => {})
    // @ts-expect-error no such event
    client.transport.on('requests', () => {})
    client.transport.on('limit', (event) => {
      // @ts-expect-error payloads are read-only
      event.cooldown = 5
    })
  })

  test('behavior: subscribe', () => {
    expectTypeOf(client.transport.subscribe).parameters.toEqualTypeOf<[options: SubscribeOptions]>()
    expectTypeOf(client.transport.subscribe).returns.resolves.toEqualTypeOf<Subscription>()
    void client.transport.subscribe({
      params: ['newHeads'],
      onData: (data) => expectTypeOf(data).toEqualTypeOf<{ readonly subscription: Hex; readonly result: unknown }>(),
    })
    // What is pushed may be named.
    void client.transport.subscribe({
      params: ['newHeads'],
      onData: ({ result }: { result: RpcBlock }) => result.number,
    })
    void client.transport.subscribe<RpcBlock>({ params: ['newHeads'], onData: ({ result }) => result.number })
    expectTypeOf<Subscription['subscriptionId']>().toEqualTypeOf<`0x${string}`>()
  })

  test("behavior: the logs of a stream are what viem's parsers take", async () => {
    const abi = parseAbi(['event Transfer(address indexed from, address indexed to, uint256 value)'])
    for await (const { logs } of client.transport.logs({ address: '0x' })) {
      expectTypeOf(logs).toEqualTypeOf<RpcLog[]>()
      expectTypeOf(parseEventLogs({ abi, logs })[0]?.args.value).toEqualTypeOf<bigint | undefined>()
    }
  })

  test('behavior: status, breaker, ready, close', () => {
    expectTypeOf(client.transport.status()).toEqualTypeOf<Status>()
    expectTypeOf(client.transport.breaker('a', 'http')).toEqualTypeOf<BreakerControl>()
    expectTypeOf(client.transport.breaker).parameters.toEqualTypeOf<[id: string, channel: ChannelType]>()
    expectTypeOf(client.transport.ready()).resolves.toEqualTypeOf<Status>()
    client.transport.ready({ signal: AbortSignal.timeout(5) })
    expectTypeOf(client.transport.close()).resolves.toEqualTypeOf<void>()
    expectTypeOf<FailoverValue>().toExtend<AsyncDisposable>()
    // @ts-expect-error both are needed
    client.transport.breaker('a')
  })

  test('behavior: with', () => {
    expectTypeOf(transport.with).parameters.toEqualTypeOf<[overrides: RequestOverrides]>()
    expectTypeOf(transport.with({ provider: 'a' })).toEqualTypeOf<FailoverTransport>()
    const pinned = createPublicClient({ chain: mainnet, transport: transport.with({ provider: 'a' }) })
    expectTypeOf(pinned.transport.status()).toEqualTypeOf<Status>()
    // @ts-expect-error a signal is of one request
    transport.with({ signal: new AbortController().signal })
  })
})

describe('createProvider', () => {
  const provider = createProvider(transport, { chain: mainnet })

  test('default: from a transport and a chain, or from a client', () => {
    expectTypeOf(provider).toEqualTypeOf<Eip1193Provider>()
    expectTypeOf(createProvider(client)).toEqualTypeOf<Eip1193Provider>()
    expectTypeOf(createProvider(transport.with({ provider: 'a' }), { chain: mainnet })).toEqualTypeOf<Eip1193Provider>()
    expectTypeOf(createProvider(createWalletClient({ chain: mainnet, transport }))).toEqualTypeOf<Eip1193Provider>()
    expectTypeOf<typeof client>().toExtend<ProviderClient>()
    // @ts-expect-error a chain is needed
    createProvider(transport)
    // @ts-expect-error a client has its own chain
    createProvider(client, { chain: mainnet })
    // @ts-expect-error not over failover()
    createProvider(createPublicClient({ chain: mainnet, transport: http() }))
    // @ts-expect-error not what failover() returned
    createProvider(http(), { chain: mainnet })
  })

  test('behavior: without any, and what viem, wagmi, ethers and web3.js take', () => {
    expectTypeOf<AnyFields<Eip1193Provider>>().toEqualTypeOf<never>()
    expectTypeOf<
      AnyFields<{ [name in ProviderEventName]: Parameters<ProviderEventMap[name]>[0] }>
    >().toEqualTypeOf<never>()
    expectTypeOf(provider).toExtend<EIP1193Provider>()
    expectTypeOf(provider).toExtend<EthersEip1193Provider>()
    expectTypeOf(provider).toExtend<SupportedProviders>()
    expectTypeOf(provider).toExtend<AsyncDisposable>()
    custom(provider)
    failover([custom(provider)])
    injected({ target: { id: 'a', name: 'A', provider } })
    new BrowserProvider(provider)
    new Web3(provider)
  })

  test('behavior: request, on, removeListener, close', () => {
    expectTypeOf(provider.request({ method: 'eth_foo', params: [1] })).resolves.toEqualTypeOf<unknown>()
    expectTypeOf(provider.request<Hex>({ method: 'eth_subscribe', params: ['newHeads'] })).resolves.toEqualTypeOf<Hex>()
    expectTypeOf<ProviderEventName>().toEqualTypeOf<
      'connect' | 'disconnect' | 'chainChanged' | 'accountsChanged' | 'message'
    >()
    expectTypeOf<ProviderEventMap['chainChanged']>().toEqualTypeOf<(chainId: Hex) => void>()
    provider.on('connect', ({ chainId }) => expectTypeOf(chainId).toEqualTypeOf<Hex>())
    provider.on('disconnect', (error) => expectTypeOf(error).toEqualTypeOf<ProviderRpcError>())
    provider.on('accountsChanged', (accounts) => expectTypeOf(accounts).toEqualTypeOf<Address[]>())
    provider.on('message', (message) => {
      expectTypeOf(message).toEqualTypeOf<ProviderMessage>()
      if (message.type === 'eth_subscription')
        expectTypeOf(message.data).toEqualTypeOf<{ readonly subscription: Hex; readonly result: unknown }>()
      else expectTypeOf(message.data).toEqualTypeOf<{ readonly id: Hex; readonly error: unknown }>()
    })
    provider.removeListener('message', () => {})
    expectTypeOf(provider.close()).resolves.toEqualTypeOf<void>()
    // @ts-expect-error no such event
    provider.on('data', () => {})
  })
})

describe('what is written', () => {
  test('default: every field of every option may be left out or undefined', () => {
    expectTypeOf<Record<never, never>>().toExtend<FailoverOptions>()
    type AllUndefined<type> = { [name in keyof type]: undefined }
    expectTypeOf<AllUndefined<Required<FailoverOptions>>>().toExtend<FailoverOptions>()
    expectTypeOf<AllUndefined<Required<ProviderConfig>>>().toExtend<ProviderConfig>()
    expectTypeOf<AllUndefined<Required<BreakerOptions>>>().toExtend<BreakerOptions>()
    expectTypeOf<AllUndefined<Required<LimitOptions>>>().toExtend<LimitOptions>()
    expectTypeOf<AllUndefined<Required<HedgeOptions>>>().toExtend<HedgeOptions>()
    expectTypeOf<AllUndefined<Required<MethodOptions>>>().toExtend<MethodOptions>()
    expectTypeOf<AllUndefined<Required<RetryOptions>>>().toExtend<RetryOptions>()
    expectTypeOf<AllUndefined<Required<TransactionOptions>>>().toExtend<TransactionOptions>()
    expectTypeOf<AllUndefined<Required<RequestOptions>>>().toExtend<RequestOptions>()
    expectTypeOf<AllUndefined<Required<Capabilities>>>().toExtend<Capabilities>()
    expectTypeOf<AllUndefined<Required<HistoryCapabilities>>>().toExtend<HistoryCapabilities>()
    expectTypeOf<AllUndefined<Required<LogCapabilities>>>().toExtend<LogCapabilities>()
    expectTypeOf<AllUndefined<Required<LogsOptions>>>().toExtend<LogsOptions>()
  })

  test('behavior: a whole provider', () => {
    expectTypeOf({
      id: 'a',
      http: 'https://a.example',
      ws: webSocket('wss://a.example'),
      headers: async () => ({ authorization: 'x' }),
      priority: 1,
      weight: 2,
      cost: 3,
      backup: true,
      private: true,
      wallet: false,
      capabilities: {
        methods: { include: ['eth_*'] },
        archive: 128,
        history: { fromBlock: 100, transactions: true },
        logs: { maxBlockRange: 2_000, maxAddresses: 100, fromBlock: 0, maxResults: 10_000 },
        subscriptions: ['newHeads' as const],
        errors: [{ message: /x/, kind: 'quota' as const }],
      },
      limits: { requestsPerSecond: 25, burst: 50, concurrency: 5, batchSize: 100 },
      breaker: { failures: 5, ratio: 0.5 },
    }).toExtend<ProviderConfig>()
    expectTypeOf<string | Transport | ProviderConfig>().toEqualTypeOf<ProviderEntry>()
    expectTypeOf<HeadersOption>().toEqualTypeOf<
      Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>)
    >()
    expectTypeOf<keyof BreakerOptions>().toEqualTypeOf<
      'failures' | 'networkFailures' | 'ratio' | 'minimumAttempts' | 'window' | 'openFor' | 'maxOpenFor'
    >()
    expectTypeOf<FailoverOptions['methods']>().toEqualTypeOf<Record<string, MethodOptions> | undefined>()
    expectTypeOf<FailoverOptions['hedge']>().toEqualTypeOf<false | HedgeOptions | undefined>()
    expectTypeOf<TransactionOptions['broadcast']>().toEqualTypeOf<'first' | 'all' | undefined>()
    expectTypeOf<SubscriptionKind>().toEqualTypeOf<'newHeads' | 'logs' | 'newPendingTransactions'>()
    expectTypeOf<ErrorRule['kind']>().toEqualTypeOf<FailureKind>()
    expectTypeOf<ErrorRule['message']>().toEqualTypeOf<string | RegExp | undefined>()
  })

  test('behavior: states of a subscription', () => {
    expectTypeOf<Status['subscriptions'][number]['state']>().toEqualTypeOf<StreamStateName>()
  })

  test('behavior: strategies', () => {
    expectTypeOf<StrategyName>().toEqualTypeOf<
      'priority' | 'fastest' | 'latency-weighted' | 'load-balanced' | 'cheapest' | 'freshest'
    >()
    expectTypeOf<Strategy>().toEqualTypeOf<StrategyName | StrategyFunction>()
    expectTypeOf<StrategyFunction>().parameters.toEqualTypeOf<
      [candidates: readonly CandidateSnapshot[], need: NeedSnapshot]
    >()
    expectTypeOf<NeedSnapshot>().toEqualTypeOf<{ readonly method: string; readonly isRepeatable: boolean }>()
    failover(['https://a.example'], {
      strategy: (candidates, { method }) =>
        method === 'eth_call' ? [...candidates].sort((a, b) => (a.latency ?? 0) - (b.latency ?? 0)) : candidates,
    })
  })
})

describe('what is shown', () => {
  test('default: events', () => {
    expectTypeOf<EventName>().toEqualTypeOf<keyof EventMap>()
    expectTypeOf<EventName>().toEqualTypeOf<
      | 'request'
      | 'attempt'
      | 'failover'
      | 'breaker'
      | 'limit'
      | 'capability'
      | 'connection'
      | 'head'
      | 'reorg'
      | 'dispute'
      | 'subscription'
      | 'gap'
    >()
    expectTypeOf<AnyFields<EventMap['connection']>>().toEqualTypeOf<never>()
    expectTypeOf<Listener<'breaker'>>().toEqualTypeOf<(event: Readonly<BreakerEvent>) => void>()
    expectTypeOf<RequestEvent['outcome']>().toEqualTypeOf<'success' | 'error' | 'aborted'>()
    expectTypeOf<AttemptEvent['outcome']>().toEqualTypeOf<'success' | 'failure' | 'aborted'>()
    expectTypeOf<NonNullable<AttemptEvent['failure']>['kind']>().toEqualTypeOf<FailureKind>()
    expectTypeOf<FailoverEvent['why']>().toEqualTypeOf<FailureKind>()
    expectTypeOf<LimitEvent['kind']>().toEqualTypeOf<'rate-limit' | 'quota' | 'server-error'>()
    expectTypeOf<ConnectionEvent['to']>().toEqualTypeOf<SocketState>()
    expectTypeOf<EventMap['head']>().toEqualTypeOf<{ provider: string; from?: number; to: number }>()
    expectTypeOf<EventMap['reorg']>().toEqualTypeOf<{
      from: number
      to: number
      depth: number
      provider?: string
      reset?: true
    }>()
    expectTypeOf<EventMap['dispute']['what']>().toEqualTypeOf<string>()
    expectTypeOf<CapabilityEvent['what']>().toEqualTypeOf<
      'method' | 'chain' | 'state' | 'logs' | 'subscription' | 'batchSize'
    >()
    expectTypeOf<BreakerEvent['from']>().toEqualTypeOf<BreakerStateName>()
  })

  test('default: status', () => {
    expectTypeOf<Status['providers'][number]>().toEqualTypeOf<ProviderStatus>()
    expectTypeOf<NonNullable<ProviderStatus['channels']['http']>>().toExtend<ChannelStatus>()
    expectTypeOf<NonNullable<ProviderStatus['channels']['ws']>>().toExtend<ChannelStatus>()
    expectTypeOf<ChannelStatus['breaker']['state']>().toEqualTypeOf<BreakerStateName>()
    expectTypeOf<ChannelStatus['socket']>().toEqualTypeOf<SocketState | undefined>()
    expectTypeOf<ProviderStatus['capabilities']>().toEqualTypeOf<{
      declared: Capabilities
      learned: LearnedCapabilities
    }>()
    expectTypeOf<LearnedCapabilities['unsupportedMethods']>().toEqualTypeOf<string[]>()
    expectTypeOf<LearnedCapabilities['batchSize']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<FailoverOptions['batch']>().toEqualTypeOf<boolean | undefined>()
    expectTypeOf<LearnedCapabilities['logs']>().toEqualTypeOf<LearnedLogs | undefined>()
    expectTypeOf<keyof LearnedLogs>().toEqualTypeOf<'maxBlockRange' | 'maxAddresses' | 'maxResults'>()
    expectTypeOf<ProviderStatus['upkeep']>().toEqualTypeOf<Upkeep>()
    expectTypeOf<keyof Upkeep>().toEqualTypeOf<'chain' | 'heads' | 'hedges' | 'probes' | 'verify' | 'backfill'>()
  })

  test('default: words', () => {
    expectTypeOf<ChannelType>().toEqualTypeOf<'http' | 'ws'>()
    expectTypeOf<BreakerStateName>().toEqualTypeOf<'closed' | 'open' | 'half-open'>()
    expectTypeOf<BreakerControl['state']>().toEqualTypeOf<BreakerStateName>()
    expectTypeOf<FailureKind>().toEqualTypeOf<
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
    >()
  })

  test('default: errors', () => {
    expectTypeOf<AllProvidersFailedError['name']>().toEqualTypeOf<'AllProvidersFailedError'>()
    expectTypeOf<AllProvidersFailedError['attempts']>().toEqualTypeOf<readonly AttemptSummary[]>()
    expectTypeOf<AllProvidersFailedError['retryAfter']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<AttemptSummary['kind']>().toEqualTypeOf<FailureKind>()
    expectTypeOf<AttemptSummary['channel']>().toEqualTypeOf<ChannelType>()
    expectTypeOf<ChainMismatchError['name']>().toEqualTypeOf<'ChainMismatchError'>()
    expectTypeOf<InvalidOptionsError['name']>().toEqualTypeOf<'InvalidOptionsError'>()
    expectTypeOf<LogRangeTooWideError['name']>().toEqualTypeOf<'LogRangeTooWideError'>()
    expectTypeOf<LogRangeTooWideError['requests' | 'maxRequests']>().toEqualTypeOf<number>()
    expectTypeOf<InvalidResponseError['name']>().toEqualTypeOf<'InvalidResponseError'>()
    expectTypeOf<NoProviderError['reasons']>().toEqualTypeOf<readonly { provider: string; reason: string }[]>()
    expectTypeOf<TransportClosedError['name']>().toEqualTypeOf<'TransportClosedError'>()
  })
})
