// Answers that are in doubt. Such an answer is held back while other providers are asked. If none of them knows better, the
// provider of the answer is asked again after a pause; at last the answer is given all the same. judge.ts says when to doubt.

import { shortPauseAfter } from '../base/backoff'
import type { ChannelState } from '../provider/provider'
import { judge } from './answer/judge'
import { askInTurn } from './asking/asking'
import type { Attempt } from './attempt/attempt'
import { removeAttempt, settleAnswered } from './attempt/settle'
import type { Doubt, Flight, Held } from './flight'
import { hasLanded } from './flight'
import { landHeld, landValue } from './landing/landing'
import { enterQueue } from './queue'
import { askableOf, firstWithRoom, ruleOut } from './route/ahead'
import { askHead, FIRST_LIMIT, isNearHead, proveHead } from './upkeep/head-probe'
import { LEAST, noteSleep } from './waiting/timing'
import { pause, stopWaiting } from './waiting/waiting'

/** An attempt has brought an answer: gives it to the caller, or asks others. */
export function receive(flight: Flight, attempt: Attempt, value: unknown) {
  const { headProbes, clock } = flight.parts
  const go = () => {
    const now = clock.now()
    if (attempt.isFinished || hasLanded(flight)) return
    noteSleep(flight, now)
    take(flight, attempt, value, now)
  }
  // Before other providers have told their heads, nothing shows that this one lags. If the limit of the attempt allows it, the
  // answer waits a moment for the first head probes.
  const isNear = isNearHead(flight) || value === null
  if (!headProbes.first || !isNear || attempt.limitAt - clock.now() <= FIRST_LIMIT) return go()
  // The attempt has its answer, so it is not slow: no hedge goes out.
  attempt.answeredAt = clock.now()
  flight.hedgeAt = Infinity
  void headProbes.first().then(go)
}

/** Gives an answer to the caller, or holds it back. */
function take(flight: Flight, attempt: Attempt, value: unknown, now: number) {
  const doubt = judge(flight, attempt, value, now)
  // Listeners may have ended the request while the answer was judged.
  if (hasLanded(flight)) return
  if (doubt) return holdBack(flight, attempt, value, doubt, now)
  landValue(flight, attempt, value, now)
  if (flight.plan.need.traits.block?.shows === 'reset' && flight.parts.truth)
    void askHead(attempt.channel, flight.channels, flight.parts)
}

function holdBack(flight: Flight, attempt: Attempt, value: unknown, doubt: Doubt, now: number) {
  const { held } = flight
  removeAttempt(flight, attempt)
  const isHigher = (doubt.head ?? -1) > (held?.doubt.head ?? -1)
  // Asked again, the same provider may have come closer to what is wanted.
  const isLater = held?.attempt.channel === attempt.channel && held.doubt.head === doubt.head && value !== null
  if (!held || isHigher || isLater) flight.held = { attempt, value, doubt, pauses: held?.pauses ?? 0 }
  ruleOut(flight, attempt.channel)
  stopWaiting(flight)
  settleAnswered(flight, attempt, now)
  if (!hasLanded(flight)) flight.pilot.goOn(flight, now)
}

/** No other provider is left that may know better: gives the answer that is held back, or pauses and asks again. */
export function settleHeld(flight: Flight, held: Held, now: number) {
  const { plan } = flight
  const { doubt } = held
  const wait = shortPauseAfter(held.pauses)
  if (doubt.kind === 'ahead' && held.pauses === 0) return askForProof(flight, held, now)
  // No pause for the number of the head, as the one shown before is as good.
  if (plan.need.traits.block?.shows === 'head') return landHeld(flight, now)
  if (doubt.kind === 'unfit' || wait === undefined || flight.deadline - now - wait < LEAST) return giveUp(flight, now)
  held.pauses++
  pause(flight, askHeldAgain, now + wait, now)
  // Only an answer that is a block shows whether the provider has caught up: in all other cases its head is asked for.
  if (plan.need.traits.block?.shows !== 'block') void askHead(held.attempt.channel, flight.channels, flight.parts)
}

/** The pause is over: another candidate may have room now, else the provider of the held answer is asked again. */
function askHeldAgain(flight: Flight, now: number) {
  const { held } = flight
  if (!held) return flight.pilot.goOn(flight, now)
  const { channel } = held.attempt
  if (firstWithRoom(flight, now)) return flight.pilot.goOn(flight, now)
  if (!channel.breaker.isClosed() || !channel.provider.quota.hasRoom(now)) return giveUp(flight, now)
  askInTurn(flight, channel, now)
}

/** Asking again has not settled the doubt: only a provider that is full may still do so, and it is waited for. */
function giveUp(flight: Flight, now: number) {
  const isFull = ({ provider: { quota } }: ChannelState) => quota.cooldownUntil(now) === undefined
  if (!askableOf(flight).some(isFull) || !enterQueue(flight, now)) landHeld(flight, now)
}

/** A head far ahead of all others is put to the proof: its provider is asked for that block before the answer is given. */
function askForProof(flight: Flight, held: Held, now: number) {
  held.pauses++
  pause(flight, askHeldAgain, Infinity, now)
  void proveHead(flight, held.attempt.channel.provider, held.doubt.head ?? 0).then(() =>
    landHeld(flight, flight.parts.clock.now()),
  )
}
