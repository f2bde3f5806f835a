// What the attempts behind an error say of a request for logs: too much, or something else.

import type { AttemptSummary } from '../../errors'
import { classify } from '../../provider/classify'
import type { Provider } from '../../provider/provider'
import type { Failure } from '../../rpc/failure'
import type { RpcRequest } from '../../types'

export type Failed = { readonly provider: string; readonly failure: Failure }

/** The failures of all attempts; none for an error that is not about attempts. */
export function failuresOf(error: unknown, request: RpcRequest, providers: readonly Provider[]): readonly Failed[] {
  const { attempts = [] } = (error ?? {}) as { attempts?: readonly AttemptSummary[] }
  return attempts.map(({ provider, error: told }) => {
    const failure = classify(
      providers.find(({ id }) => id === provider),
      request,
      told,
    )
    return { provider, failure }
  })
}

/** Whether less of it may be taken. */
export function isRefusal({ kind, isRpc, excess }: Failure): boolean {
  if (excess === 'filter') return false
  // A node that says that it takes too long says so of the width.
  return kind === 'range-too-large' || kind === 'result-too-large' || (kind === 'timeout' && isRpc)
}
