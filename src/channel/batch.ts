// Gathers calls into batches, those of one turn and those that wait for a slot, and hands each call its own answer. Knows
// slots and order, but no frames: how calls are sent and read is given. A call that its batch did not answer is sent singly,
// at once.

import { createBatchTrust } from './batch-trust'
import type { Batch, Travel } from './channel'
import { fullError, MOST_WAITING } from './channel'

/** A request that is ready to be sent; `message` is its JSON. */
export type Outgoing = { readonly id: number; readonly method: string; readonly message: string }

/** The answer to one call of a batch; `undefined` if there is none and the call is to be sent singly. */
export type Member = { type: 'result'; result: unknown } | { type: 'error'; error: Error } | undefined

export type BatchAnswer = {
  readonly members: readonly Member[]
  /** If the batch was refused, how many requests the provider takes at a time. */
  readonly most?: number | undefined
  /** Set if the batch failed as a whole: the provider is down, or cannot read batches. */
  readonly isLost?: boolean | undefined
}

export type BatchesOptions = {
  /** Most HTTP requests in flight at a time. @default 8, and only calls that may share a batch need a slot */
  concurrency: number | undefined
  onRefused: ((most: number) => void) | undefined
  provider: string
  sendOne(call: Outgoing, signal: AbortSignal | undefined): Promise<unknown>
  /** Whether an error is an answer to the call: a revert shows as well as a value that the provider is up. */
  isAnswer(call: Outgoing, error: unknown): boolean
  /** Rejects only if its signal is aborted. */
  sendAll(calls: readonly Outgoing[], signal: AbortSignal): Promise<BatchAnswer>
}

export type Batches = {
  request(call: Outgoing, signal: AbortSignal | undefined, travel: Travel | undefined): Promise<unknown>
  load(): number
}

type Traveller = {
  readonly call: Outgoing
  readonly travel: Travel
  isAlone: boolean
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** HTTP requests of gathered calls that may be in flight at a time while no `concurrency` is declared. */
const SLOTS = 8
/** Up to this many calls of one turn leave singly: a batch would gain them nothing. */
const MOST_SINGLY = 4
/** Most characters of one batch. A call that is longer travels alone. */
const LONGEST_BATCH = 500_000
/** Microtasks within which the outcome of a call has surely reached the request above. */
const TURNS_TO_TELL = 8

export function createBatches({
  concurrency,
  onRefused,
  provider,
  sendOne,
  isAnswer,
  sendAll,
}: BatchesOptions): Batches {
  /** A declared concurrency holds for all calls. The default slots are for the calls that gain a batch by waiting. */
  const isLimited = concurrency !== undefined
  const slots = concurrency ?? SLOTS
  /** Calls of the present turn (until the next microtask). */
  const turn = new Set<Traveller>()
  /** Calls of earlier turns that found no slot. */
  let queue = new Set<Traveller>()
  let busy = 0
  const trust = createBatchTrust(() => onRefused?.(1))

  function request(call: Outgoing, signal: AbortSignal | undefined, travel: Travel | undefined): Promise<unknown> {
    if (!travel) return occupy(isLimited, signal, () => sendOne(call, signal))
    if (turn.size + queue.size >= MOST_WAITING) return Promise.reject(fullError(provider))
    return new Promise((resolve, reject) => {
      const isAlone = travel.isAlone || travel.size() < 2 || call.message.length > LONGEST_BATCH
      const traveller: Traveller = { call, travel, isAlone, resolve, reject }
      if (isAlone && !isLimited) return leaveAlone(traveller, false)
      travel.giveUp = () => withdraw(traveller)
      if (turn.add(traveller).size === 1) queueMicrotask(gather)
    })
  }

  /** The turn is over, so all calls that came in it are known: they leave, or go into the queue. */
  function gather() {
    const groups = new Map<unknown, Set<Traveller>>()
    for (const traveller of turn) {
      const { key } = traveller.travel
      const group = groups.get(key)
      // Calls with a key (a signal of the caller's) share with few others, most often with none: they do not wait for a slot.
      if (isLimited || key === undefined) queue.add(traveller)
      else if (group) group.add(traveller)
      else groups.set(key, new Set([traveller]))
    }
    turn.clear()
    serve(queue.size > MOST_SINGLY || queue.size > slots - busy)
    for (const group of groups.values()) {
      const isTogether = group.size > MOST_SINGLY && trust.isTrusted()
      while (group.size > 0) leave(takeFrom(group, isTogether), false)
    }
  }

  /** Calls of the queue leave, as long as there are free slots. @param isBatching whether those that may share a batch do so */
  function serve(isBatching: boolean) {
    const isTogether = isBatching && trust.isTrusted()
    while (queue.size > 0 && busy < slots) leave(takeFrom(queue, isTogether), true)
  }

  /** Takes out the first call, with those that may share a batch with it. */
  function takeFrom(travellers: Set<Traveller>, isTogether: boolean): Traveller[] {
    const taken: Traveller[] = []
    let length = 0
    let most = 1
    for (const traveller of travellers) {
      const { isAlone, travel, call } = traveller
      const [first] = taken
      const longer = length + call.message.length
      if (first && (isAlone || travel.key !== first.travel.key || longer > LONGEST_BATCH)) continue
      if (!first && isTogether && !isAlone) most = travel.size()
      length = longer
      taken.push(traveller)
      travellers.delete(traveller)
      if (taken.length >= most) break
    }
    return taken
  }

  function leave(travellers: readonly Traveller[], hasSlot: boolean) {
    if (travellers.length === 1) leaveAlone(travellers[0] as Traveller, hasSlot)
    else leaveTogether(travellers, hasSlot)
  }

  function leaveAlone({ call, travel, resolve, reject }: Traveller, hasSlot: boolean) {
    const controller = new AbortController()
    travel.giveUp = () => controller.abort()
    travel.onLeave(undefined)
    const since = trust.since()
    const onAnswer = () => trust.answered(since)
    occupy(hasSlot, controller.signal, () => sendOne(call, controller.signal), onAnswer).then(resolve, (error) => {
      if (!trust.isTrusted() && isAnswer(call, error)) onAnswer()
      reject(error)
    })
  }

  function leaveTogether(members: readonly Traveller[], hasSlot: boolean) {
    const batch: Batch = { hasResult: false, noted: new Set() }
    const controller = new AbortController()
    const left = new Set(members)
    const since = trust.since()
    for (const member of members) {
      member.travel.giveUp = () => {
        left.delete(member)
        member.reject(givenUp())
        // The other members still wait for their answers, so the HTTP request goes on.
        if (left.size > 0) return
        if (batch.noted.has('failure')) trust.lost(since)
        controller.abort()
      }
      member.travel.onLeave(batch)
    }
    const calls = members.map(({ call }) => call)
    occupy(hasSlot, controller.signal, () => sendAll(calls, controller.signal), settle).catch((error) => {
      for (const member of left) member.reject(error)
    })

    function settle({ members: answers, most, isLost }: BatchAnswer) {
      if (isLost) trust.lost(since)
      else trust.read()
      if (most !== undefined) onRefused?.(most)
      batch.hasResult = answers.some((answer) => answer?.type === 'result')
      const unanswered: Traveller[] = []
      for (const [index, member] of members.entries()) {
        const answer = answers[index]
        if (!left.has(member)) continue
        if (!answer) unanswered.push(member)
        else if (answer.type === 'result') member.resolve(answer.result)
        else member.reject(answer.error)
      }
      sendAgain(unanswered)
    }
  }

  /** The calls leave singly, before all that are in the queue. */
  function sendAgain(members: readonly Traveller[]) {
    for (const member of members) {
      member.isAlone = true
      member.travel.giveUp = () => withdraw(member)
    }
    if (isLimited) queue = new Set([...members, ...queue])
    else for (const member of members) leaveAlone(member, false)
  }

  function withdraw(traveller: Traveller) {
    turn.delete(traveller)
    queue.delete(traveller)
    traveller.reject(givenUp())
  }

  /** Sends with a slot, if `hasSlot`: it is taken until the answer is there or the signal is aborted. Then others may leave. */
  async function occupy<value>(
    hasSlot: boolean,
    signal: AbortSignal | undefined,
    send: () => Promise<value>,
    settle?: (answer: value) => void,
  ): Promise<value> {
    let isTaken = hasSlot
    const free = () => {
      if (isTaken) busy--
      isTaken = false
    }
    const end = () => {
      free()
      void serveNext()
    }
    if (isTaken) busy++
    signal?.addEventListener('abort', end)
    try {
      const answer = await send()
      free()
      settle?.(answer)
      return answer
    } finally {
      signal?.removeEventListener('abort', end)
      end()
    }
  }

  /** Lets the calls whose answer freed a slot be settled first: after a failure, the queue may be sent elsewhere instead. */
  async function serveNext() {
    for (let waited = 0; waited < TURNS_TO_TELL && queue.size > 0; waited++) await undefined
    serve(true)
  }

  return { request, load: () => busy + turn.size + queue.size }
}

function givenUp() {
  return new Error('The call was given up.')
}
