// Whether a provider would not give logs because they are too many, or something else is the matter.

import type { Failure } from '../../rpc/failure'

/** Whether less of it may be taken. */
export function isRefusal({ kind, isRpc, excess }: Failure): boolean {
  if (excess === 'filter') return false
  // A node that says that it takes too long says so of the width.
  return kind === 'range-too-large' || kind === 'result-too-large' || (kind === 'timeout' && isRpc)
}
