// The public entry of the package: named exports only.

export type { HeadersOption } from './channel/headers'
export type { ProviderEventMap, ProviderEventName, ProviderMessage } from './eip1193/events'
export type { Eip1193Provider, ProviderClient } from './eip1193/provider'
export { createProvider } from './eip1193/provider'
export type { AttemptSummary } from './errors'
export {
  AllProvidersFailedError,
  ChainMismatchError,
  InvalidOptionsError,
  InvalidResponseError,
  LogRangeTooWideError,
  NoProviderError,
  SubscriptionGapError,
  TransportClosedError,
} from './errors'
export type {
  AttemptEvent,
  BreakerEvent,
  CapabilityEvent,
  ConnectionEvent,
  DisputeEvent,
  EventMap,
  EventName,
  FailoverEvent,
  GapEvent,
  HeadEvent,
  LimitEvent,
  Listener,
  ReorgEvent,
  RequestEvent,
  SubscriptionEvent,
} from './events'
export type { FailoverTransport } from './failover'
export { failover } from './failover'
export type { LogsOptions } from './methods/logs/wide-logs'
export type {
  BackfillOptions,
  FailoverOptions,
  ProviderConfig,
  ProviderEntry,
  RequestOptions,
  RetryOptions,
  TransactionOptions,
} from './options'
export type { BreakerOptions } from './provider/breaker'
export type {
  Capabilities,
  HistoryCapabilities,
  LearnedCapabilities,
  SubscriptionKind,
} from './provider/capability'
export type { LearnedLogs, LogCapabilities } from './provider/log-limits'
export type { Upkeep } from './provider/provider'
export type { LimitOptions } from './provider/quota'
export type { HedgeOptions, MethodOptions, RequestOverrides } from './request/route/plan'
export type {
  CandidateSnapshot,
  NeedSnapshot,
  Strategy,
  StrategyFunction,
  StrategyName,
} from './request/route/strategy'
export type { ChannelStatus, ProviderStatus, Status } from './status'
export type { RpcHead } from './subscription/block'
export type { Subscription } from './subscription/hub'
export type { HeadOfChain, LogsOfBlock } from './subscription/items'
export type { VerifyMode } from './subscription/logs/trust'
export type { SharedStatus } from './subscription/shared'
export type { StreamStateName } from './subscription/stream'
export type {
  HeadStreamOptions,
  LogStreamOptions,
  LogsFilter,
  SubscribeOptions,
} from './subscription/subscriptions'
export type { BreakerStateName, ChannelType, ErrorRule, FailureKind, RpcRequest, SocketState } from './types'
export type { BreakerControl, FailoverRequestFn, FailoverValue } from './value'
