// The calls pending on a link, by the ids their frames carry: no id is ever used twice. A call is settled once, whoever
// comes first: its answer, its caller's signal, or the end of the socket. Those that may wait for a slot leave in order when
// others have come back. Reads no frames.

import { isObject } from '../base/fields'
import { buildMessage } from '../rpc/message'
import type { RpcRequest } from '../types'
import type { ChannelRequestOptions, Travel } from './channel'
import { MOST_WAITING } from './full'
import type { Link } from './link'
import type { WsErrors } from './ws-errors'

export type PendingCall = {
  readonly id: number
  readonly method: string
  readonly frame: string
  /** Set while it waits for a slot: nothing of it has left. */
  travel: Travel | undefined
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
  /** Those that wait for slots leave, as far as there are some. */
  serve(): void
  all(): PendingCall[]
  /** Calls that somebody waits for, those that wait for a slot included: 1 if all slots are taken. */
  load(): number
  /** Calls that have left, or do once the socket is open. */
  readonly size: number
}

/** Slots: calls that may be waited for at a time, before others wait for a slot. */
export const MOST_PENDING = 256

export function createPending({ link, errors }: { link: () => Link; errors: WsErrors }): Pending {
  const calls = new Map<number, PendingCall>()
  const waiting = new Set<PendingCall>()
  let awaited = 0
  let lastId = 0

  /** It takes its place before its frame leaves; on a socket that is not open yet, it waits there. */
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

  /** Why nothing can be sent now. */
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
        // The socket that it dialled tells of itself: whoever hears it may have had enough.
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
