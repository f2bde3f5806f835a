// The rule of reverts: a call that reverts fails with the very code and data of the node, which is asked once and not blamed.
// A revert that a probe gets is the answer only if no other attempt has one.

import type { Facts } from './facts'
import { isRefused, nameOf } from './facts'

/** Times that differ by less than this (in ms) are equal. */
const ROUNDING = 0.001
/** The whole message of a revert: other errors of a provider may contain these words. */
const WORDS = /^execution reverted(: no)?$/

export function revertProblems({ world: { attempts, breakers }, calls }: Facts): string[] {
  /** Whether an attempt was a probe: real hedges go only to channels whose breaker is closed. */
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
