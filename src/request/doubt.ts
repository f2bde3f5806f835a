// An answer that is not taken is held back while others are asked; if nobody knows better, the same provider is asked again
// after a while; then the answer is given after all. Why one is not taken is judge.ts.

import { shortPauseAfter } from '../base/backoff'
import { judge } from './answer/judge'
import { askInTurn } from './asking/asking'
import type { Attempt } from './attempt/attempt'
import { removeAttempt, settleAnswered } from './attempt/settle'
import type { Doubt, Flight, Held } from './flight'
import { hasLanded } from './flight'
import { landHeld, landValue } from './landing/landing'
import { firstWithRoom, ruleOut } from './route/ahead'
import { askHead, FIRST_LIMIT, isNearHead, proveHead } from './upkeep/head-probe'
import { LEAST, noteSleep } from './waiting/timing'
import { pause, stopWaiting } from './waiting/waiting'

/** Takes an answer, or asks others. */
export function receive(flight: Flight, attempt: Attempt, value: unknown) {
  const { headProbes, clock } = flight.parts
  const go = () => {
    const now = clock.now()
    if (attempt.isFinished || hasLanded(flight)) return
    noteSleep(flight, now)
    take(flight, attempt, value, now)
  }
  // The very first read near the head cannot tell a laggard before the others were heard, if they are quick and it has the time.
  const isNear = isNearHead(flight) || value === null
  if (!headProbes.first || !isNear || attempt.limitAt - clock.now() <= FIRST_LIMIT) return go()
  // It is slow no more.
  attempt.answeredAt = clock.now()
  flight.hedgeAt = Infinity
  void headProbes.first().then(go)
}

/** Takes an answer, or holds it back. */
function take(flight: Flight, attempt: Attempt, value: unknown, now: number) {
  const doubt = judge(flight, attempt, value, now)
  // Listeners may have ended it while it was judged.
  if (hasLanded(flight)) return
  if (doubt) return holdBack(flight, attempt, value, doubt, now)
  landValue(flight, attempt, value, now)
  if (flight.plan.need.traits.block?.shows === 'reset' && flight.parts.truth)
    void askHead(attempt.channel, flight.channels, flight.parts)
}

function holdBack(flight: Flight, attempt: Attempt, value: unknown, doubt: Doubt, now: number) {
  const { parts, held } = flight
  removeAttempt(flight, attempt)
  if (!held || (doubt.head ?? -1) > (held.doubt.head ?? -1))
    flight.held = { attempt, value, doubt, pauses: held?.pauses ?? 0 }
  ruleOut(flight, attempt.channel)
  for (const channel of doubt.kind === 'gone' ? [] : flight.ahead) {
    const last = parts.heads.lastOf(channel.provider)
    // Who has shown a lower head meanwhile does not know better.
    if (last && last.height < doubt.height && last.at > flight.startedAt) ruleOut(flight, channel)
  }
  stopWaiting(flight)
  settleAnswered(flight, attempt, now)
  if (!hasLanded(flight)) flight.pilot.goOn(flight, now)
}

/** Nobody else is left who may know better. */
export function settleHeld(flight: Flight, held: Held, now: number) {
  const { plan } = flight
  const { doubt } = held
  const wait = shortPauseAfter(held.pauses)
  if (doubt.kind === 'ahead' && held.pauses === 0) return askForProof(flight, held, now)
  // A number that went back is not waited for: the one shown before is as good. Nor is one that is far behind, or that lacks
  // it for good.
  const isWorthIt = doubt.kind !== 'behind' && doubt.kind !== 'gone' && plan.need.traits.block?.shows !== 'head'
  if (!isWorthIt || wait === undefined || flight.deadline - now - wait < LEAST) return landHeld(flight, now)
  held.pauses++
  pause(flight, askHeldAgain, now + wait, now)
  // Whether it has caught up is not to be seen in an answer without blocks.
  if (plan.need.traits.block?.shows !== 'block') void askHead(held.attempt.channel, flight.channels, flight.parts)
}

/** After a pause: others may have room now, and the provider of the answer that is held back may have caught up. */
function askHeldAgain(flight: Flight, now: number) {
  const { held } = flight
  if (!held) return flight.pilot.goOn(flight, now)
  const { channel } = held.attempt
  if (firstWithRoom(flight, now)) return flight.pilot.goOn(flight, now)
  if (!channel.breaker.isClosed() || !channel.provider.quota.hasRoom(now)) return landHeld(flight, now)
  askInTurn(flight, channel, now)
}

/** A head far ahead is put to the proof: whoever shows it must be able to give that block. */
function askForProof(flight: Flight, held: Held, now: number) {
  held.pauses++
  pause(flight, askHeldAgain, Infinity, now)
  void proveHead(flight, held.attempt.channel.provider, held.doubt.head ?? 0).then(() =>
    landHeld(flight, flight.parts.clock.now()),
  )
}
