// The calls pending on a link, by the ids their frames carry: no id is ever used twice. A call is settled once, whoever
// comes first: its answer, its caller's signal, or the end of the socket. Reads no frames.

import { buildMessage } from '../rpc/message'
import type { RpcRequest } from '../types'
import type { ChannelRequestOptions } from './channel'
import { isObject } from './clean'
import type { Link } from './link'
import type { WsErrors } from './ws-errors'

export type PendingCall = {
  readonly id: number
  readonly method: string
  readonly frame: string
  /** Nobody waits for it: it does not keep the socket up. */
  isOurs: boolean
  readonly onValue: (value: unknown) => void
  readonly onError: (error: unknown) => void
}

export type Pending = {
  /**
   * A call that somebody waits for.
   * @param leave what becomes of it when its signal is aborted
   */
  perform<value>(
    args: RpcRequest,
    options: ChannelRequestOptions,
    leave: (call: PendingCall) => void,
    onValue: (value: unknown) => value,
  ): Promise<value>
  /** A call of our own. */
  place(args: RpcRequest, onValue: PendingCall['onValue'], onError: PendingCall['onError']): PendingCall
  /** The call with the id of a frame, as we wrote it, or the same as a text. */
  find(id: unknown): PendingCall | undefined
  /** Takes it out of the table. Returns whether it was still there. */
  finish(call: PendingCall): boolean
  /** Nobody waits for it any more. */
  disown(call: PendingCall): void
  /** Sends it, if it is still there. */
  transmit(call: PendingCall): void
  all(): PendingCall[]
  readonly size: number
}

/** Calls that may be waited for at a time. */
export const MOST_PENDING = 256

export function createPending({ link, errors }: { link: () => Link; errors: WsErrors }): Pending {
  const calls = new Map<number, PendingCall>()
  let awaited = 0
  let lastId = 0

  /** It takes its place before its frame leaves; on a socket that is not open yet, it waits there. */
  function place(args: RpcRequest, onValue: PendingCall['onValue'], onError: PendingCall['onError'], isOurs = true) {
    const id = ++lastId
    const call: PendingCall = { id, method: args.method, frame: buildMessage(args, id), isOurs, onValue, onError }
    calls.set(id, call)
    if (!isOurs) {
      awaited++
      link().acquire()
    }
    if (link().state() === 'open') transmit(call)
    return call
  }

  function transmit(call: PendingCall) {
    if (!calls.has(call.id)) return
    try {
      link().send(call.frame)
    } catch (error) {
      if (finish(call)) call.onError(errors.unsent(call.method, error))
    }
  }

  function finish(call: PendingCall): boolean {
    if (!calls.delete(call.id)) return false
    disown(call)
    return true
  }

  function disown(call: PendingCall) {
    if (call.isOurs) return
    call.isOurs = true
    awaited--
    link().release()
  }

  /** Why nothing can be sent now. */
  function obstacle(method: string): Error | undefined {
    if (link().state() === 'closed') return errors.closed()
    const refusal = link().refusal()
    if (refusal) return errors.unconnected(method, refusal)
    return awaited < MOST_PENDING ? undefined : errors.full(MOST_PENDING)
  }

  return {
    perform(args, { signal }, leave, onValue) {
      return new Promise((resolve, reject) => {
        const error = signal?.aborted ? signal.reason : obstacle(args.method)
        if (error !== undefined) return reject(error)
        let call: PendingCall | undefined
        const abort = () => {
          reject(signal?.reason)
          if (call) leave(call)
        }
        const settle = (run: () => void) => {
          signal?.removeEventListener('abort', abort)
          try {
            run()
          } catch (unusable) {
            reject(unusable)
          }
        }
        signal?.addEventListener('abort', abort, { once: true })
        call = place(
          args,
          (value) => settle(() => resolve(onValue(value))),
          (reason) => settle(() => reject(reason)),
          false,
        )
      })
    },
    place,
    find(id) {
      const call = isObject(id) ? undefined : calls.get(Number(id))
      return call && String(id) === `${call.id}` ? call : undefined
    },
    finish,
    disown,
    transmit,
    all: () => [...calls.values()],
    get size() {
      return calls.size
    },
  }
}
