// One request: need -> route -> attempts and hedges under one deadline -> value or error. Asks each candidate once a round.
// route.ts says whom to ask, rpc/failure.ts what a failure means, landing.ts how a request ends.

import { reasonOf } from '../base/abort'
import type { Alarm } from '../base/alarms'
import { ISOLATED } from '../base/isolated'
import { whenAborted } from '../base/when-aborted'
import type { ChannelState } from '../provider/provider'
import type { Failure } from '../rpc/failure'
import { isUnreachable } from '../rpc/failure'
import { noteFailure, settleWithheld } from './answer/blame'
import { apart } from './apart'
import { askInTurn, hedge, lead } from './asking/asking'
import { asFinal, timeoutOf } from './asking/launch'
import { sendProbe } from './asking/probe'
import type { Attempt } from './attempt/attempt'
import { abortCall } from './attempt/attempt'
import { hedgeBudgetOf } from './attempt/hedge'
import { receive, settleHeld } from './doubt'
import type { Asked, Flight, Parts, Pilot } from './flight'
import { createFlight, hasLanded } from './flight'
import { landAborted, landClosed, landEmpty, landError } from './landing/landing'
import { enterQueue, isWorthWaiting, serveWaitingFirst } from './queue'
import { askableOf, firstWithRoom, gathererOf, hasOthers, noteOpened, postpone, ruleOut, setAhead } from './route/ahead'
import { noteReach } from './route/head-order'
import { keptRoute } from './route/plan'
import { isNearHead, probeHeads } from './upkeep/head-probe'
import { isLasting, isPaid, isSpent, mayGoOn, pauseBeforeNextRound, pauseUnpaid } from './waiting/rounds'
import { clearResume, delayBefore, idle, LEAST, noteSleep, setAlarm } from './waiting/timing'
import { isBusy, isWaitable, leadsOf, lookAt, mayLead, pause, wantedOf } from './waiting/waiting'

const pilot: Pilot = {
  ring,
  goOn,
  onValue: receive,
  onFailure,
}

/** Runs one request to its end. @param id number of the request in events; the calls into which it is split share it */
export function fly(shared: Parts, asked: Asked, id: number = shared.nextId++): Promise<unknown> {
  const parts = ISOLATED ? apart(shared) : shared
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
    hedgeBudgetOf(flight).earn()
    parts.headProbes.budget.earn()
    if (signal) {
      const onAbort = () => landAborted(flight, reasonOf(signal), parts.clock.now())
      if (signal.aborted) return onAbort()
      flight.offAbort = whenAborted(signal, onAbort)
    }
    // The alarm stays set until the request ends, even if it never rings: a closing engine finds flights by their alarms.
    parts.alarms.set(flight, Infinity)
    beginRound(flight, startedAt)
  })
}

function beginRound(flight: Flight, now: number) {
  const { parts, ruledOut } = flight
  flight.round++
  if (flight.round === 2) parts.counts.retried++
  if (flight.round > 1) parts.retrying.add(flight)
  flight.roundStart = flight.failures.length
  const route = keptRoute(flight.plan, parts, now)
  if (hasLanded(flight)) return
  if (parts.closed) return landClosed(flight, now)
  flight.route = route
  const { candidates, open, due, dial } = route
  noteReach(flight, now)
  setAhead(flight, now)
  if (candidates.length === 0 && open.length === 0) return landEmpty(flight, now)
  if (due && !ruledOut?.has(due.provider)) sendProbe(flight, due, now)
  if (hasLanded(flight)) return
  serveWaitingFirst(flight, now)
  goOn(flight, now)
  if (dial) flight.channels[dial.slot]?.dial?.()
  // Head probes leave after the request, so that they do not take the token or slot that it needs (declared limits).
  if (!hasLanded(flight) && isNearHead(flight)) probeHeads(flight, now)
}

/** Asks the next candidate with room. If all that are left are full, it waits; if none is left, the round ends. */
function goOn(flight: Flight, now: number) {
  clearResume(flight)
  if (flight.deadline - now < LEAST && now > flight.startedAt) return stop(flight, now)
  const next = firstWithRoom(flight, now)
  if (next) return askNext(flight, next, now)
  if (flight.inFlight.length > 0) return setAlarm(flight, now)
  const [first] = askableOf(flight)
  // While an answer is held back, a full candidate is looked at again after each pause, and waited for only after the last one.
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

/** Asks no further candidate. Attempts in flight may still answer; without any, the request fails. */
function stop(flight: Flight, now: number) {
  if (flight.inFlight.length > 0) setAlarm(flight, now)
  else landError(flight, now)
}

/** No candidate is left to ask: waits for channels behind open breakers, or begins a further round after a pause, or fails. */
function endRound(flight: Flight, now: number) {
  const { held, parts, round } = flight
  if (held) return settleHeld(flight, held, now)
  const isStuck = !hasOthers(flight)
  const wanted = wantedOf(flight)
  // Probes led in vain count as rounds only while there are channels to wait for: they take no round from other candidates.
  if (wanted.length > 0 && isSpent(flight)) return landError(flight, now)
  const mayWait = isWaitable(flight, wanted, now)
  // A request that can soon ask other candidates again does not wait for the probe of another request.
  const isInLine = isStuck || (mayWait && !isBusy(flight, wanted, now))
  const wait = isInLine ? undefined : pauseBeforeNextRound(flight, now)
  if (wait !== undefined) return pause(flight, beginRound, now + wait, now)
  if (!mayWait) return landError(flight, now)
  parts.waiting.add(flight)
  flight.waitsSince = Math.min(flight.waitsSince, now)
  noteOpened(flight)
  flight.isLeading = mayLead(flight, wanted, now)
  if (!flight.isLeading) return idle(flight, goOn, lookAt(wanted, now), now)
  idle(flight, lead, now + delayBefore(round + leadsOf(flight), parts), now)
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
  // At the deadline `shouldThrow` is not asked: the request ends in any case.
  const told = now < flight.deadline ? asFinal(flight, error, failure) : failure
  if (!hasLanded(flight)) onFailure(flight, attempt, error, told)
  abortCall(attempt)
}
