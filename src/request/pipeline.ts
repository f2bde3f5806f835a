// One request: need -> route -> attempts and hedges under one deadline -> value or error. Each candidate once a round.
// Whom to ask is route.ts, what a failure means rpc/failure.ts, how it ends landing.ts.

import type { Alarm } from '../base/alarms'
import { NoProviderError } from '../errors'
import type { Permit } from '../provider/breaker'
import type { ChannelState } from '../provider/provider'
import type { Failure } from '../rpc/failure'
import type { RpcRequest } from '../types'
import { vacate } from './attempt'
import type { Attempt, AttemptRole } from './attempt'
import { blame } from './blame'
import { emitFailover } from './emit'
import type { ClientChannels, FailedAttempt, Flight, Parts, Plan } from './flight'
import { canHedge, hedgeCandidate, hedgeDelayOf } from './hedge'
import { landAborted, landError, landValue } from './landing'
import { launch, timeoutOf } from './launch'
import type { Landing } from './launch'
import { learnFrom } from './learn'
import { sendProbe } from './probe'
import { exclusionsOf, planRoute } from './route'
import type { Route } from './route'
import { isLasting, isPaid, mayGoOn, pauseBeforeNextRound } from './rounds'
import { dueFirst, leaveRoom, queueFor, serveQueue, waitFor } from './waiting'
import type { WaitingMoves } from './waiting'

/** Nothing starts with less than this left (in ms). */
const LEAST = 25
/** An attempt may use this share of what is left while others wait. */
const SHARE = 0.6
/** A timer this late (in ms), or late by its own length, says that we slept. */
const ASLEEP = 1_000
const SHORTEST_SLEEP = 50
/** What a request gets more after such a sleep (in ms). */
const GRACE = 250
const NOWHERE: Route = { candidates: [], open: [], due: undefined, isStable: false }

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
    const flight: Flight = {
      ring,
      at: Infinity,
      isSet: false,
      previous: undefined,
      next: undefined,
      parts,
      channels,
      request,
      plan,
      signal,
      resolve,
      reject,
      onWinner,
      id: parts.nextId++,
      startedAt,
      deadline: startedAt + plan.timeout,
      setAt: startedAt,
      ringAt: Infinity,
      phase: 'asking',
      round: 0,
      route: NOWHERE,
      ahead: NOWHERE.candidates,
      position: 0,
      hedgeAt: Infinity,
      resumeAt: Infinity,
      attempts: 0,
      inFlight: [],
      failures: [],
      roundStart: 0,
      withheld: [],
      ruledOut: undefined,
      waiter: undefined,
      led: undefined,
      leads: 0,
      probe: undefined,
      hasGrace: true,
      onAbort: undefined,
    }
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
  landError(flight, now, new NoProviderError({ method: request.method, reasons: exclusionsOf(plan.need, plan, parts.channels) }))
}

/** Asks the next candidate; waits if that one is full; ends the round if there is none. */
function goOn(flight: Flight, now: number) {
  flight.phase = 'asking'
  flight.resumeAt = Infinity
  if (flight.deadline - now < LEAST && flight.failures.length > 0) return flight.inFlight.length > 0 ? setAlarm(flight, now) : landError(flight, now)
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

/** A provider at its declared limit lets one with room go first. */
function putBehind(flight: Flight, channel: ChannelState, now: number): boolean {
  if (channel.provider.quota.cooldownUntil(now) !== undefined) return false
  const rest = flight.ahead.slice(flight.position)
  const free = rest.find((other) => other.breaker.isClosed() && other.provider.quota.hasRoom(now) && !flight.ruledOut?.has(other.provider))
  if (!free) return false
  flight.ahead = [free, ...rest.filter((other) => other !== free)]
  flight.position = 0
  return true
}

/** A cooling provider is waited for only if nobody else is left; one at its limit always. */
function isLastHope(flight: Flight, { provider }: ChannelState, now: number): boolean {
  if (provider.quota.cooldownUntil(now) === undefined) return true
  return flight.ahead.slice(flight.position).every((other) => !other.provider.quota.hasRoom(now))
}

function askNext(flight: Flight, channel: ChannelState, now: number) {
  flight.position++
  if (!isPaid(flight)) return landError(flight, now)
  const permit = flight.plan.need.traits.kind === 'wallet' ? undefined : channel.breaker.admit()
  ask(flight, channel, permit, 'turn', now)
}

function ask(flight: Flight, channel: ChannelState, permit: Permit | undefined, role: AttemptRole, now: number) {
  if (flight.failures.length > 0 && role !== 'hedge') emitFailover(flight, channel)
  flight.attempts++
  const attempt = launch(flight, channel, permit, role, now, landing)
  flight.inFlight.push(attempt)
  const canWait = flight.plan.need.isRepeatable && (flight.position < flight.ahead.length || flight.route.open.length > (role === 'lead' ? 1 : 0))
  attempt.limitAt = canWait ? now + (flight.deadline - now) * SHARE : flight.deadline
  flight.hedgeAt = flight.plan.hedge && flight.position < flight.ahead.length && role !== 'lead' ? now + hedgeDelayOf(flight, channel) : Infinity
  setAlarm(flight, now)
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

/** Channels behind an open breaker, those that opened during the round included. */
function openOf({ route, ruledOut }: Flight): ChannelState[] {
  const all = [...route.open, ...route.candidates]
  return all.filter(({ breaker, provider }) => !breaker.isClosed() && !ruledOut?.has(provider))
}

/** The request leads those that wait: its next attempt is the probe. */
function lead(flight: Flight, now: number) {
  const { waiter } = flight
  const channel = waiter && dueFirst(waiter.wants)
  const permit = channel?.breaker.admitProbe(now, true)
  flight.resumeAt = Infinity
  if (channel && permit) {
    ;(flight.led ??= new Set()).add(channel)
    channel.provider.upkeep.probes++
    return ask(flight, channel, permit, 'lead', now)
  }
  // Another probe is on its way to it; its end wakes the room.
  flight.phase = 'waiting'
  setAlarm(flight, now)
}

function hedge(flight: Flight, now: number) {
  flight.hedgeAt = Infinity
  if (!canHedge(flight) || flight.deadline - now < LEAST) return
  const channel = hedgeCandidate(flight, now)
  const permit = channel?.breaker.admit()
  if (!channel || !permit || !flight.parts.hedgeBudget.spend()) return
  flight.ahead = flight.ahead.slice(flight.position).filter((other) => other !== channel)
  flight.position = 0
  flight.parts.counts.hedged++
  channel.provider.upkeep.hedges++
  ask(flight, channel, permit, 'hedge', now)
}

const landing: Landing = {
  onValue(flight, attempt, value) {
    landValue(flight, attempt, value, flight.parts.clock.now())
  },
  onFailure(flight, attempt, error, failure) {
    onFailure(flight, attempt, error, failure, flight.parts.clock.now(), false)
  },
}

function onFailure(flight: Flight, attempt: Attempt, error: unknown, failure: Failure, now: number, isOurTimeout: boolean) {
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
  if (isLasting(failure.kind)) (flight.ruledOut ??= new Set()).add(channel.provider)
  if (failure.kind === 'network' || failure.kind === 'timeout') postpone(flight, channel)
  if (attempt.role !== 'lead') return goOn(flight, now)
  flight.leads++
  endRound(flight, now)
}

/** The other channel of a provider that could not be reached goes behind the other providers. */
function postpone(flight: Flight, { provider }: ChannelState) {
  const rest = flight.ahead.slice(flight.position)
  if (!rest.some((other) => other.provider === provider)) return
  flight.ahead = [...rest.filter((other) => other.provider !== provider), ...rest.filter((other) => other.provider === provider)]
  flight.position = 0
}

function setAlarm(flight: Flight, now: number) {
  let at = Math.min(flight.deadline, flight.hedgeAt, flight.resumeAt)
  for (const { limitAt } of flight.inFlight) if (limitAt < at) at = limitAt
  flight.setAt = now
  flight.ringAt = at
  flight.parts.alarms.set(flight, at)
}

function ring(alarm: Alarm, now: number, late: number) {
  const flight = alarm as Flight
  if (flight.inFlight.length > 0 && late > Math.min(ASLEEP, Math.max(SHORTEST_SLEEP, flight.ringAt - flight.setAt))) return oversleep(flight, now)
  if (now >= flight.deadline) return expire(flight, now)
  if (flight.inFlight.length === 0) return resume(flight, now)
  for (const attempt of flight.inFlight) if (attempt.limitAt <= now && flight.phase !== 'done') timeOut(flight, attempt, now)
  if (flight.phase === 'done') return
  if (flight.hedgeAt <= now) hedge(flight, now)
  if (!flight.isSet) setAlarm(flight, now)
}

function resume(flight: Flight, now: number) {
  if (flight.phase === 'leading') return lead(flight, now)
  if (flight.phase === 'queueing') return serveQueue(flight.parts.queue, moves, now)
  if (flight.phase === 'pausing') return beginRound(flight, now)
  setAlarm(flight, now)
}

/** We slept: that says nothing about those that were asked. They get some time more, and nobody is blamed. */
function oversleep(flight: Flight, now: number) {
  for (const attempt of flight.inFlight) {
    attempt.isLate = true
    attempt.limitAt = Math.max(attempt.limitAt, now + GRACE)
  }
  if (flight.hasGrace) flight.deadline = Math.max(flight.deadline, now + GRACE)
  flight.hasGrace = false
  flight.hedgeAt = flight.hedgeAt === Infinity ? Infinity : Math.max(flight.hedgeAt, now + GRACE)
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
    const failed = { provider: provider.id, channel: type, kind: failure.kind, duration: now - attempt.startedAt, error, failure, channelState: attempt.channel }
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
