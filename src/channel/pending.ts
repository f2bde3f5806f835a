// The table of the calls that are pending on a link, by id; no id is ever used twice. A call is settled once: by its answer,
// its caller's signal, or the end of the socket. Calls that may wait for a slot leave in order as others are answered. Reads
// no frames.

import { isObject } from '../base/fields'
import { buildMessage } from '../rpc/message'
import type { RpcRequest } from '../types'
import type { ChannelRequestOptions, Travel } from './channel'
import { MOST_WAITING } from './channel'
import type { ChannelErrors } from './channel-errors'
import type { Link } from './link'

export type PendingCall = {
  readonly id: number
  readonly method: string
  readonly frame: string
  /** Set while the call waits for a slot: nothing was sent yet. */
  travel: Travel | undefined
  /** Whether no caller waits for the call: then it does not keep the socket up. */
  isOurs: boolean
  readonly onValue: (value: unknown) => void
  readonly onError: (error: unknown) => void
}

export type Pending = {
  /**
   * Makes a call that a caller waits for.
   * @param leave called with the call when its signal is aborted
   */
  perform<value>(
    args: RpcRequest,
    options: ChannelRequestOptions,
    leave: (call: PendingCall) => void,
    onValue: (value: unknown) => value,
  ): Promise<value>
  /** Makes a call of our own. */
  place(args: RpcRequest, onValue: PendingCall['onValue'], onError: PendingCall['onError']): PendingCall
  /** The call that a frame's id belongs to; the id may come as a number or as a text. */
  find(id: unknown): PendingCall | undefined
  /** Takes a call out of the table. Returns whether it was still there. */
  finish(call: PendingCall): boolean
  /** No caller waits for the call any more. It stays in the table, but keeps neither a slot nor the socket. */
  disown(call: PendingCall): void
  /** Sends a call, if it is still in the table. */
  transmit(call: PendingCall): void
  /** Sends calls that wait for a slot, as long as there are free slots. */
  serve(): void
  all(): PendingCall[]
  /** Number of calls that callers wait for, as a share of all slots: 1 if all slots are taken, more if calls wait for one. */
  load(): number
  /** Number of calls that have been sent, or will be as soon as the socket is open. */
  readonly size: number
}

/** Slots of one socket: with this many calls that callers wait for, further ones that may wait do so. */
export const MOST_PENDING = 256

export function createPending({ link, errors }: { link: () => Link; errors: ChannelErrors }): Pending {
  const calls = new Map<number, PendingCall>()
  const waiting = new Set<PendingCall>()
  let awaited = 0
  let lastId = 0

  /** Puts a call into the table before its frame leaves. If the socket is not open yet, the call is sent when it is. */
  function place(
    args: RpcRequest,
    onValue: PendingCall['onValue'],
    onError: PendingCall['onError'],
    isOurs = true,
    travel?: Travel,
  ) {
    const id = ++lastId
    const { method } = args
    const call: PendingCall = { id, method, frame: buildMessage(args, id), travel, isOurs, onValue, onError }
    calls.set(id, call)
    if (travel) waiting.add(call)
    else if (!isOurs) awaited++
    if (!isOurs) link().acquire()
    if (travel) serve()
    else if (link().state() === 'open') transmit(call)
    return call
  }

  function serve() {
    for (const call of waiting) {
      if (awaited >= MOST_PENDING || link().state() !== 'open') return
      const { travel } = call
      waiting.delete(call)
      call.travel = undefined
      awaited++
      travel?.onLeave(undefined)
      transmit(call)
    }
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
    if (!waiting.delete(call)) awaited--
    link().release()
    if (waiting.size > 0) queueMicrotask(serve)
  }

  /** Why a call cannot be made now; `undefined` if it can. */
  function obstacle(method: string): Error | undefined {
    if (link().state() === 'closed') return errors.closed()
    const refusal = link().refusal()
    if (refusal) return errors.unconnected(method, refusal)
    return calls.size < MOST_WAITING ? undefined : errors.full()
  }

  return {
    perform(args, { signal, travel }, leave, onValue) {
      return new Promise((resolve, reject) => {
        const error = signal?.aborted ? signal.reason : obstacle(args.method)
        if (error !== undefined) return reject(error)
        let call: PendingCall | undefined
        let isLeft = false
        const abort = () => {
          isLeft = true
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
        if (travel) travel.giveUp = abort
        call = place(
          args,
          (value) => settle(() => resolve(onValue(value))),
          (reason) => settle(() => reject(reason)),
          false,
          travel,
        )
        // `place` may have dialled the socket, and a listener to that may have aborted the signal.
        if (isLeft) leave(call)
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
    serve,
    all: () => [...calls.values()],
    load: () => (awaited + waiting.size) / MOST_PENDING,
    get size() {
      return calls.size - waiting.size
    },
  }
}
