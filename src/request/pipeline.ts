// One request: need -> route -> attempts and hedges under one deadline -> value or error. Each candidate once a round.
// Whom to ask is route.ts, what a failure means rpc/failure.ts, how it ends landing.ts.

import type { Alarm } from '../base/alarms'
import { NoProviderError } from '../errors'
import type { ChannelState } from '../provider/provider'
import type { Failure } from '../rpc/failure'
import type { RpcRequest } from '../types'
import { isLastHope, openOf, postpone, putBehind, ruleOut } from './ahead'
import { askInTurn, hedge, lead } from './asking'
import type { Attempt } from './attempt'
import { vacate } from './attempt'
import { blame } from './blame'
import type { ClientChannels, FailedAttempt, Flight, Parts, Plan } from './flight'
import { createFlight } from './flight'
import { landAborted, landError, landValue } from './landing'
import type { Landing } from './launch'
import { timeoutOf } from './launch'
import { learnFrom } from './learn'
import { sendProbe } from './probe'
import { isLasting, isPaid, mayGoOn, pauseBeforeNextRound } from './rounds'
import type { Route } from './route'
import { exclusionsOf, planRoute } from './route'
import { hasSlept, LEAST, oversleep, setAlarm } from './timing'
import type { WaitingMoves } from './waiting'
import { leaveRoom, queueFor, serveQueue, waitFor } from './waiting'

/** Runs one request to its end. */
export function fly(
  parts: Parts,
  channels: ClientChannels,
  request: RpcRequest,
  plan: Plan,
  signal?: AbortSignal | undefined,
  onWinner?: ((channel: ChannelState) => void) | undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const startedAt = parts.clock.now()
    const flight = createFlight({ parts, channels, request, plan, signal, resolve, reject, onWinner }, ring, startedAt)
    if (!plan.isInner) parts.counts.total++
    parts.retryBudget.earn()
    parts.hedgeBudget.earn()
    if (signal) {
      flight.onAbort = () => landAborted(flight, signal.reason, parts.clock.now())
      if (signal.aborted) return flight.onAbort()
      signal.addEventListener('abort', flight.onAbort, { once: true })
    }
    beginRound(flight, startedAt)
  })
}

/** A full provider has room again: those that wait for it go on. */
export function serve(parts: Parts) {
  serveQueue(parts.queue, moves, parts.clock.now())
}

function beginRound(flight: Flight, now: number) {
  const { parts, ruledOut } = flight
  flight.round++
  if (flight.round === 2) {
    parts.retrying++
    parts.counts.retried++
  }
  flight.phase = 'asking'
  flight.resumeAt = Infinity
  flight.led = undefined
  flight.roundStart = flight.failures.length
  const route = routeOf(flight, now)
  flight.route = route
  flight.ahead = ruledOut ? route.candidates.filter(({ provider }) => !ruledOut.has(provider)) : route.candidates
  flight.position = 0
  if (route.candidates.length === 0 && route.open.length === 0) return landEmpty(flight, now)
  if (route.due) sendProbe(flight, route.due, now)
  goOn(flight, now)
}

function routeOf({ parts, plan }: Flight, now: number): Route {
  if (plan.kept?.version === parts.version) return plan.kept.route
  const route = planRoute(plan.need, plan, parts.channels, parts.ranking, now)
  plan.kept = route.isStable ? { route, version: parts.version } : undefined
  return route
}

function landEmpty(flight: Flight, now: number) {
  const { parts, plan, request, failures } = flight
  if (failures.length > 0) return landError(flight, now)
  landError(
    flight,
    now,
    new NoProviderError({ method: request.method, reasons: exclusionsOf(plan.need, plan, parts.channels) }),
  )
}

/** Asks the next candidate; waits if that one is full; ends the round if there is none. */
function goOn(flight: Flight, now: number) {
  flight.phase = 'asking'
  flight.resumeAt = Infinity
  if (flight.deadline - now < LEAST && flight.failures.length > 0)
    return flight.inFlight.length > 0 ? setAlarm(flight, now) : landError(flight, now)
  for (let channel = flight.ahead[flight.position]; channel; channel = flight.ahead[flight.position]) {
    const { provider, breaker } = channel
    if (flight.ruledOut?.has(provider)) flight.position++
    else if (flight.plan.need.traits.kind !== 'wallet' && !breaker.isClosed()) flight.position++
    else if (provider.quota.isUnlimited() || provider.quota.hasRoom(now)) return askNext(flight, channel, now)
    else if (flight.inFlight.length > 0) return setAlarm(flight, now)
    else if (putBehind(flight, channel, now)) continue
    else if (isLastHope(flight, channel, now) && queueFor(flight, channel, moves, now)) return
    else return askNext(flight, channel, now)
  }
  if (flight.inFlight.length > 0) return setAlarm(flight, now)
  endRound(flight, now)
}

function askNext(flight: Flight, channel: ChannelState, now: number) {
  if (isPaid(flight)) askInTurn(flight, channel, now, landing)
  else landError(flight, now)
}

function endRound(flight: Flight, now: number) {
  const { parts, plan, route, failures, roundStart, led } = flight
  const hasTried = failures.length > roundStart
  const open = openOf(flight)
  const isStuck = !route.candidates.some(({ breaker }) => breaker.isClosed())
  const wanted = led && !isStuck ? open.filter((channel) => !led.has(channel)) : open
  if (wanted.length > 0) {
    if (hasTried && flight.round + flight.leads >= plan.rounds) return landError(flight, now)
    if (parts.waitForProvider && flight.deadline - now >= LEAST && waitFor(flight, wanted, moves, now)) return
    if (isStuck) return landError(flight, now)
  }
  leaveRoom(flight)
  const pause = pauseBeforeNextRound(flight, now)
  if (pause === undefined) return landError(flight, now)
  flight.phase = 'pausing'
  flight.resumeAt = now + pause
  setAlarm(flight, now)
}

const landing: Landing = {
  onValue(flight, attempt, value) {
    landValue(flight, attempt, value, flight.parts.clock.now())
  },
  onFailure(flight, attempt, error, failure) {
    onFailure(flight, attempt, error, failure, flight.parts.clock.now(), false)
  },
}

function onFailure(
  flight: Flight,
  attempt: Attempt,
  error: unknown,
  failure: Failure,
  now: number,
  isOurTimeout: boolean,
) {
  const { parts } = flight
  const { channel } = attempt
  vacate(attempt)
  flight.inFlight = flight.inFlight.filter((other) => other !== attempt)
  const failed: FailedAttempt = {
    provider: channel.provider.id,
    channel: channel.type,
    kind: failure.kind,
    duration: now - attempt.startedAt,
    error,
    failure,
    channelState: channel,
  }
  flight.failures.push(failed)
  learnFrom(failure, channel, flight.request.method, parts, now)
  blame(flight, attempt, failed, isOurTimeout, now)
  if (!mayGoOn(flight, failure)) return landError(flight, now, failed)
  if (isLasting(failure.kind)) ruleOut(flight, channel)
  if (failure.kind === 'network' || failure.kind === 'timeout') postpone(flight, channel)
  if (attempt.role !== 'lead') return goOn(flight, now)
  flight.leads++
  endRound(flight, now)
}

function ring(alarm: Alarm, now: number, late: number) {
  const flight = alarm as Flight
  if (hasSlept(flight, late)) return oversleep(flight, now)
  if (now >= flight.deadline) return expire(flight, now)
  if (flight.inFlight.length === 0) return resume(flight, now)
  for (const attempt of flight.inFlight)
    if (attempt.limitAt <= now && flight.phase !== 'done') timeOut(flight, attempt, now)
  if (flight.phase === 'done') return
  if (flight.hedgeAt <= now) hedge(flight, now, landing)
  if (!flight.isSet) setAlarm(flight, now)
}

function resume(flight: Flight, now: number) {
  if (flight.phase === 'leading') return lead(flight, now, landing)
  if (flight.phase === 'queueing') return serveQueue(flight.parts.queue, moves, now)
  if (flight.phase === 'pausing') return beginRound(flight, now)
  setAlarm(flight, now)
}

function timeOut(flight: Flight, attempt: Attempt, now: number) {
  const { error, failure } = timeoutOf(flight, attempt)
  onFailure(flight, attempt, error, failure, now, true)
  attempt.controller?.abort()
}

/** The deadline has passed: what is in flight has timed out. */
function expire(flight: Flight, now: number) {
  for (const attempt of flight.inFlight) {
    const { error, failure } = timeoutOf(flight, attempt)
    const { provider, type } = attempt.channel
    vacate(attempt)
    const failed = {
      provider: provider.id,
      channel: type,
      kind: failure.kind,
      duration: now - attempt.startedAt,
      error,
      failure,
      channelState: attempt.channel,
    }
    flight.failures.push(failed)
    blame(flight, attempt, failed, true, now)
    attempt.controller?.abort()
  }
  flight.inFlight = []
  landError(flight, now)
}

const moves: WaitingMoves = {
  goOn(flight) {
    // The round goes on with whoever is back; those that wait have not used up a round for it.
    flight.round--
    if (flight.round === 1) flight.parts.retrying--
    beginRound(flight, flight.parts.clock.now())
  },
  askOn: goOn,
  setAlarm,
}
