// The rule of reverts: what a contract refuses is refused with the very code and data of the node, which is asked once and not
// blamed. What a copy was refused with that probes a channel is the answer only if nobody else has one.

import type { Facts } from './facts'
import { isRefused, nameOf } from './facts'

/** Of times (in ms). */
const ROUNDING = 0.001
/** As the nodes say it: an error of a provider may have it among other words. */
const WORDS = /^execution reverted(: no)?$/

export function revertProblems({ world: { attempts, breakers }, calls }: Facts): string[] {
  /** A copy that probes: real hedges go to closed channels only. */
  const isProbe = ({ provider, channel, hedged, at, duration }: (typeof attempts)[number]) => {
    const startedAt = at - duration + ROUNDING
    const before = breakers.filter((one) => one.provider === provider && one.channel === channel && one.at <= startedAt)
    return hedged && (before.at(-1)?.to ?? 'closed') !== 'closed'
  }
  const altered = calls.filter((call) => WORDS.test(call.error?.details) && !isRefused(call))
  const said = attempts.filter(({ failure }) => failure?.kind === 'reverted')
  return [
    ...altered.map((call) => `reverts: ${nameOf(call)} was told ${call.error.code} ${call.error.message}`),
    ...said.flatMap((attempt) => {
      const { id, method, provider, at, failure } = attempt
      const isAfter = (one: (typeof attempts)[number]) => one.id === id && one.at - one.duration > at + ROUNDING
      const again = isProbe(attempt) ? [] : attempts.filter(isAfter)
      return [
        ...(failure?.blamed ? [`reverts: ${provider} was blamed for that of ${method} at ${at}`] : []),
        ...again.map((one) => `reverts: ${method}, refused at ${at}, was asked again of ${one.provider} at ${one.at}`),
      ]
    }),
  ]
}
