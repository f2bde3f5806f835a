// The door: named exports only.

export type { AttemptSummary } from './errors'
export {
  AllProvidersFailedError,
  ChainMismatchError,
  InvalidOptionsError,
  InvalidResponseError,
  LogRangeTooWideError,
  NoProviderError,
  TransportClosedError,
} from './errors'
export type {
  AttemptEvent,
  BreakerEvent,
  CapabilityEvent,
  ConnectionEvent,
  EventMap,
  EventName,
  FailoverEvent,
  LimitEvent,
  Listener,
  RequestEvent,
} from './events'
export type { BreakerControl, FailoverRequestFn, FailoverTransport, FailoverValue } from './failover'
export { failover } from './failover'
export type { LogsOptions } from './methods/logs'
export type { SubscribeOptions, Subscription } from './methods/subscribe'
export type {
  FailoverOptions,
  HeadersOption,
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
export type { HedgeOptions } from './request/hedge'
export type { MethodOptions, RequestOverrides } from './request/plan'
export type { CandidateSnapshot, NeedSnapshot, Strategy, StrategyFunction, StrategyName } from './request/strategy'
export type { ChannelStatus, ProviderStatus, Status } from './status'
export type { BreakerStateName, ChannelType, ErrorRule, FailureKind, RpcRequest, SocketState } from './types'
