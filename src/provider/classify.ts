// An error of a provider -> what went wrong, by the provider's own rules and then by those for all.

import { wallTime } from '../base/clock'
import type { Failure } from '../rpc/failure'
import { failureOf } from '../rpc/failure'
import type { RpcRequest } from '../types'
import type { Provider } from './provider'

export function classify(provider: Provider | undefined, request: RpcRequest, error: unknown): Failure {
  return failureOf(error, { ...request, rules: provider?.capability.errors, wallTime: wallTime() })
}
