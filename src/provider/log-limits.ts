// What one `eth_getLogs` may ask of a provider: declared by the user, or learned from its refusals. Wider requests are split
// in methods/logs/wide-logs.ts.

import { defined } from '../base/fields'

/** What one `eth_getLogs` may ask of a provider. Limits that are not given are learned from its refusals. */
export type LogCapabilities = {
  /** Most blocks of one request, both ends counted. */
  maxBlockRange?: number | undefined
  /** Most addresses of one request. */
  maxAddresses?: number | undefined
  /** The first block whose logs the provider has. @default `history.fromBlock` */
  fromBlock?: number | undefined
  /** Most logs of one answer. An answer of exactly this many may be incomplete, so it is asked for again in halves. */
  maxResults?: number | undefined
}

/** The limits for one `eth_getLogs` that a provider's refusals have shown; see `LogCapabilities`. */
export type LearnedLogs = { maxBlockRange?: number; maxAddresses?: number; maxResults?: number }

export type LogLimits = { readonly [name in keyof LogCapabilities]-?: number }

export type LogKnowledge = {
  /** `Infinity` for each limit that is neither declared nor learned; `UNLIMITED` itself if none is. */
  logLimits(now: number): LogLimits
  /** The provider has refused more than this. Returns whether that was news. */
  learnLogs(found: LearnedLogs, now: number): boolean
  learnedLogs(now: number): LearnedLogs | undefined
}

/** The limits of a provider of which no limits are known. */
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
        // A learned limit never grows: what was refused once is not asked for again.
        if (value !== undefined && said[key] === undefined) next[key] = Math.min(value, before[key] ?? Infinity)
      }
      if (Object.keys(next).length === 0) return false
      learned = next
      until = now + lasts
      return LEARNABLE.some((key) => next[key] !== before[key])
    },
  }
}
