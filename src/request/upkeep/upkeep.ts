// Small calls of our own beside the requests of callers: for a chain id, a head, a block. They do not keep the process alive,
// end with the engine, and are given up after a while.

import { TimeoutError } from 'viem'
import { startLimit } from '../../base/clock'
import { TransportClosedError } from '../../errors'
import type { ChannelState } from '../../provider/provider'
import type { RpcRequest } from '../../types'
import type { Parts } from '../flight'
import type { ClientChannels } from '../route/plan'
import { GRACE } from '../waiting/timing'

/** What is not answered by then (in ms) is not waited for. */
export const UPKEEP_LIMIT = 2_000

export function askUpkeep(
  channel: ChannelState,
  channels: ClientChannels,
  parts: Parts,
  request: RpcRequest,
): Promise<unknown> {
  const connection = channels[channel.slot]
  const controller = connection?.canAbort ? new AbortController() : undefined
  const { quota, id } = channel.provider
  quota.take(parts.clock.now())
  return new Promise<unknown>((resolve, reject) => {
    const abort = (error: Error) => {
      finish(() => reject(error))
      controller?.abort()
    }
    const end = () => abort(new TransportClosedError())
    const timer = startLimit(parts.clock, UPKEEP_LIMIT, GRACE, () =>
      abort(new TimeoutError({ body: { method: request.method }, url: id })),
    )
    parts.ends.add(end)
    const finish = (settle: () => void) => {
      timer.cancel()
      parts.ends.delete(end)
      settle()
    }
    Promise.resolve()
      .then(() => {
        if (parts.closed) throw parts.closed
        return connection?.request(request, controller && { signal: controller.signal })
      })
      .then(
        (value) => finish(() => resolve(value)),
        (error) => finish(() => reject(error)),
      )
  }).finally(quota.give)
}
