// One request: need -> route -> attempts and hedges under one deadline -> value or error. Each candidate once a round.
// Whom to ask is route.ts, what a failure means rpc/failure.ts, how it ends landing.ts.

import { reasonOf } from '../base/abort'
import type { Alarm } from '../base/alarms'
import { sortedBy } from '../base/sorted-by'
import { whenAborted } from '../base/when-aborted'
import type { ChannelState } from '../provider/provider'
import type { Failure } from '../rpc/failure'
import { isUnreachable } from '../rpc/failure'
import { noteFailure, settleWithheld } from './answer/blame'
import { askInTurn, hedge, lead } from './asking/asking'
import { asFinal, timeoutOf } from './asking/launch'
import { sendProbe } from './asking/probe'
import type { Attempt } from './attempt/attempt'
import { abortCall } from './attempt/attempt'
import { receive, settleHeld } from './doubt'
import type { Asked, Flight, Parts, Pilot } from './flight'
import { createFlight, hasLanded } from './flight'
import { landAborted, landClosed, landEmpty, landError } from './landing/landing'
import { enterQueue, isWorthWaiting, serveWaitingFirst } from './queue'
import { addCandidates, askableOf, backOf, firstWithRoom, gathererOf, postpone, ruleOut } from './route/ahead'
import { inHeadOrder, noteReach } from './route/head-order'
import { keptRoute } from './route/plan'
import { groupOf } from './route/route'
import { isNearHead, probeHeads } from './upkeep/head-probe'
import { hasOthers, isLasting, isPaid, isSpent, mayGoOn, pauseBeforeNextRound, pauseUnpaid } from './waiting/rounds'
import { clearResume, delayBefore, idle, LEAST, noteSleep, setAlarm } from './waiting/timing'
import {
  failedSince,
  isBusy,
  isWaitable,
  leadsOf,
  lookAt,
  mayLead,
  mayStay,
  noteLead,
  pause,
  stopWaiting,
  takeSeat,
  wantedOf,
} from './waiting/waiting'

const pilot: Pilot = {
  ring,
  goOn,
  look,
  onValue: receive,
  onFailure,
}

/** Runs one request to its end. @param id its number in events; parts of one request share it. */
export function fly(parts: Parts, asked: Asked, id: number = parts.nextId++): Promise<unknown> {
  const { channels, request, plan, signal, onEnd } = asked
  return new Promise((resolve, reject) => {
    const startedAt = parts.clock.now()
    const flight = createFlight(
      { parts, channels, request, plan, signal, resolve, reject, onEnd, id },
      pilot,
      startedAt,
    )
    if (!plan.isInner) parts.counts.total++
    parts.retryBudget.earn()
    parts.hedgeBudget.earn()
    parts.headProbes.budget.earn()
    if (signal) {
      const onAbort = () => landAborted(flight, reasonOf(signal), parts.clock.now())
      if (signal.aborted) return onAbort()
      flight.offAbort = whenAborted(signal, onAbort)
    }
    // It stands on the list until it ends, also in the middle of something: the end of the engine finds it there.
    parts.alarms.set(flight, Infinity)
    beginRound(flight, startedAt)
  })
}

function beginRound(flight: Flight, now: number) {
  const { parts, ruledOut } = flight
  flight.round++
  if (flight.round === 2) parts.counts.retried++
  if (flight.round > 1) parts.retrying.add(flight)
  flight.led = undefined
  flight.roundStart = flight.failures.length
  const route = keptRoute(flight.plan, parts, now)
  if (hasLanded(flight)) return
  if (parts.closed) return landClosed(flight, now)
  flight.route = route
  const { candidates, open, due, dial } = route
  noteReach(flight, now)
  flight.ahead = inHeadOrder(flight, candidates, now)
  if (candidates.length === 0 && open.length === 0) return landEmpty(flight, now)
  if (due && !ruledOut?.has(due.provider)) sendProbe(flight, due, now)
  if (hasLanded(flight)) return
  serveWaitingFirst(flight, now)
  goOn(flight, now)
  if (dial) flight.channels[dial.slot]?.dial?.()
  // What a declared pace or a slot allows is the request's first.
  if (!hasLanded(flight) && isNearHead(flight)) probeHeads(flight, now)
}

/** Some that were behind an open breaker are back: the round goes on with them. Who waited for room keeps its place meanwhile. */
function rejoin(flight: Flight, back: readonly ChannelState[], now: number) {
  if (flight.seat) stopWaiting(flight)
  // Others go on before it, if it was leading: what they ask may have ended it.
  if (hasLanded(flight)) return
  addCandidates(flight, back)
  noteReach(flight, now)
  const ahead = sortedBy([...flight.ahead, ...back], (channel) => groupOf(channel, now))
  flight.ahead = inHeadOrder(flight, ahead, now)
  goOn(flight, now)
}

/** Asks the next candidate; waits if that one is full; ends the round if there is none. */
function goOn(flight: Flight, now: number) {
  clearResume(flight)
  if (flight.deadline - now < LEAST && now > flight.startedAt) return stop(flight, now)
  const next = firstWithRoom(flight, now)
  if (next) return askNext(flight, next, now)
  if (flight.inFlight.length > 0) return setAlarm(flight, now)
  const back = backOf(flight)
  if (back.length > 0) return rejoin(flight, back, now)
  const [first] = askableOf(flight)
  // While an answer is held back, one that is full is not waited for: it may have room when a pause is over.
  if (!first || flight.held) return endRound(flight, now)
  const other = isWorthWaiting(flight, first, now) ? gathererOf(flight, now) : first
  if (other) return askNext(flight, other, now)
  if (!enterQueue(flight, now)) landError(flight, now)
}

function askNext(flight: Flight, channel: ChannelState, now: number) {
  if (isPaid(flight, channel)) return askInTurn(flight, channel, now)
  const wait = pauseUnpaid(flight, now)
  if (wait === undefined) return stop(flight, now)
  pause(flight, goOn, now + wait, now)
}

/** Asks nobody more; what is in flight may still answer. */
function stop(flight: Flight, now: number) {
  if (flight.inFlight.length > 0) setAlarm(flight, now)
  else landError(flight, now)
}

/** Nobody is left to ask now: it takes a seat for those behind open breakers, or asks all once more after a pause, or fails. */
function endRound(flight: Flight, now: number) {
  if (flight.held) return settleHeld(flight, flight.held, now)
  const isStuck = !hasOthers(flight)
  const wanted = wantedOf(flight, isStuck)
  // A probe that was led in vain takes no round from those that can be asked again.
  if (wanted.length > 0 && isSpent(flight)) return landError(flight, now)
  const mayWait = isWaitable(flight, wanted, now)
  // Who can ask others again soon does not stand in line behind the probe of somebody else.
  const isInLine = isStuck || (mayWait && !isBusy(flight, wanted, now))
  const wait = isInLine ? undefined : pauseBeforeNextRound(flight, now)
  if (wait !== undefined) return pause(flight, beginRound, now + wait, now)
  if (!mayWait) return landError(flight, now)
  takeSeat(flight, wanted, isStuck, now)
  look(flight, now)
}

/** In the waiting room: whether there is room, a channel is back, this one is to probe, or the probe of somebody else has failed. */
function look(flight: Flight, now: number) {
  const { seat } = flight
  noteSleep(flight, now)
  if (!seat) return goOn(flight, now)
  const back = backOf(flight)
  if (back.length > 0) return rejoin(flight, back, now)
  if (seat.isLeading) return
  if (!mayStay(seat, now)) {
    for (const channel of failedSince(seat, now)) noteLead(flight, channel)
    return endRound(flight, now)
  }
  seat.isLeading = mayLead(flight, seat, now)
  if (!seat.isLeading) return idle(flight, look, lookAt(seat, now), now)
  idle(flight, lead, now + delayBefore(flight.round + leadsOf(flight), flight.parts), now)
}

function onFailure(flight: Flight, attempt: Attempt, error: unknown, failure: Failure) {
  const { channel } = attempt
  const now = flight.parts.clock.now()
  noteSleep(flight, now)
  const failed = noteFailure(flight, attempt, error, failure, now)
  if (hasLanded(flight)) return settleWithheld(flight, true, now)
  if (!mayGoOn(flight, failure)) return landError(flight, now, failed)
  if (isLasting(failure.kind) || channel.provider.chain.state === 'wrong') ruleOut(flight, channel)
  if (isUnreachable(failure)) postpone(flight, channel)
  goOn(flight, now)
}

function ring(alarm: Alarm, now: number) {
  const flight = alarm as Flight
  flight.parts.alarms.set(flight, Infinity)
  if (noteSleep(flight, now)) return
  const isLast = now >= flight.deadline
  if (flight.resume && !isLast) return flight.resume(flight, now)
  for (const attempt of flight.inFlight)
    if ((isLast || attempt.limitAt <= now) && !hasLanded(flight)) timeOut(flight, attempt, now)
  if (isLast) landError(flight, now)
  if (hasLanded(flight)) return
  if (flight.hedgeAt <= now) hedge(flight, now)
  if (!hasLanded(flight)) setAlarm(flight, now)
}

function timeOut(flight: Flight, attempt: Attempt, now: number) {
  const { error, failure } = timeoutOf(flight, attempt)
  // At the end of the request there is nothing left to decide.
  const told = now < flight.deadline ? asFinal(flight, error, failure) : failure
  if (!hasLanded(flight)) onFailure(flight, attempt, error, told)
  abortCall(attempt)
}
