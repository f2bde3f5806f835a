// Upkeep calls: small calls that the library makes for itself, for a chain id, a head or a block. They do not keep the process
// alive, end when the engine closes, and have a limit.

import { TimeoutError } from 'viem'
import { startLimit } from '../../base/clock'
import { TransportClosedError } from '../../errors'
import type { ChannelState } from '../../provider/provider'
import type { RpcRequest } from '../../types'
import { controllerFor } from '../attempt/attempt'
import type { Parts } from '../flight'
import type { ClientChannels } from '../route/plan'
import { GRACE } from '../waiting/timing'

/** The limit of an upkeep call (in ms). */
export const UPKEEP_LIMIT = 2_000

export function askUpkeep(
  channel: ChannelState,
  channels: ClientChannels,
  parts: Parts,
  request: RpcRequest,
): Promise<unknown> {
  const connection = channels[channel.slot]
  const controller = controllerFor(connection)
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
        return connection?.request(request, controller && { signal: controller.signal as AbortSignal })
      })
      .then(
        (value) => finish(() => resolve(value)),
        (error) => finish(() => reject(error)),
      )
  }).finally(quota.give)
}
