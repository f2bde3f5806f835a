// What one `eth_getLogs` may ask of a provider: declared by the user, or learned from its refusals. Splitting is in
// methods/logs/wide-logs.ts.

import { defined } from '../base/defined'

export type LogCapabilities = {
  /** Most blocks of one request, both ends counted. */
  maxBlockRange?: number | undefined
  /** Most addresses of one request. */
  maxAddresses?: number | undefined
  /** The first block whose logs it has. @default `history.fromBlock` */
  fromBlock?: number | undefined
  /** Most logs of one answer. An answer of just so many may be cut short: it is asked for again in halves. */
  maxResults?: number | undefined
}

/** What was found out about the limits of a provider. */
export type LearnedLogs = { maxBlockRange?: number; maxAddresses?: number; maxResults?: number }

export type LogLimits = { readonly [name in keyof LogCapabilities]-?: number }

export type LogKnowledge = {
  /** `Infinity` for what is neither declared nor known; `UNLIMITED` itself where that is all. */
  logLimits(now: number): LogLimits
  /** It has refused more than this. Returns whether that was news. */
  learnLogs(found: LearnedLogs, now: number): boolean
  learnedLogs(now: number): LearnedLogs | undefined
}

/** Of whoever has no limits, as far as is known. */
export const UNLIMITED: LogLimits = {
  maxBlockRange: Infinity,
  maxAddresses: Infinity,
  maxResults: Infinity,
  fromBlock: 0,
}
const LEARNABLE = ['maxBlockRange', 'maxAddresses', 'maxResults'] as const

/** @param lasts how long what is learned is believed (in ms). */
export function createLogKnowledge(declared: LogCapabilities, lasts: number): LogKnowledge {
  const said: Partial<LogLimits> = defined(declared)
  const fixed: LogLimits = Object.keys(said).length > 0 ? { ...UNLIMITED, ...said } : UNLIMITED
  let learned: LearnedLogs | undefined
  let until = -Infinity

  const learnedLogs = (now: number) => (now < until ? learned : undefined)

  return {
    learnedLogs,
    logLimits(now) {
      const known = learnedLogs(now)
      return known ? { ...fixed, ...known } : fixed
    },
    learnLogs(found, now) {
      const before = learnedLogs(now) ?? {}
      const next = { ...before }
      for (const key of LEARNABLE) {
        const value = found[key]
        // Never grown: what was refused once is not asked for again.
        if (value !== undefined && said[key] === undefined) next[key] = Math.min(value, before[key] ?? Infinity)
      }
      if (Object.keys(next).length === 0) return false
      learned = next
      until = now + lasts
      return LEARNABLE.some((key) => next[key] !== before[key])
    },
  }
}
