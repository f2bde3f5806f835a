// Classifies an error of a provider: by the rules that are declared for it, then by those for all.

import { wallTime } from '../base/clock'
import type { Failure } from '../rpc/failure'
import { failureOf } from '../rpc/failure'
import type { RpcRequest } from '../types'
import type { Provider } from './provider'

export function classify(provider: Provider | undefined, request: RpcRequest, error: unknown): Failure {
  return failureOf(error, { ...request, rules: provider?.capability.errors, wallTime: wallTime() })
}
