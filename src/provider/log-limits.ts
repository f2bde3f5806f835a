// What one `eth_getLogs` may ask of a provider: declared by the user, or learned from its refusals. Splitting is methods/logs.ts.

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

export type LogLimits = {
  readonly maxBlockRange: number
  readonly maxAddresses: number
  readonly maxResults: number
  readonly fromBlock: number
}

export type LogKnowledge = {
  /** `undefined` while nothing is declared or known. */
  logLimits(now: number): LogLimits | undefined
  /** It has refused more than this. Returns whether that was news. */
  learnLogs(found: LearnedLogs, now: number): boolean
  learnedLogs(now: number): LearnedLogs | undefined
}

/** @param lasts how long what is learned is believed (in ms). */
export function createLogKnowledge(declared: LogCapabilities, lasts: number): LogKnowledge {
  const isDeclared = Object.values(declared).some((value) => value !== undefined)
  let known: { readonly limits: LearnedLogs; readonly until: number } | undefined

  function learnedLogs(now: number) {
    if (known && now >= known.until) known = undefined
    return known?.limits
  }

  return {
    learnedLogs,
    logLimits(now) {
      const learned = known && learnedLogs(now)
      if (!isDeclared && !learned) return undefined
      const {
        maxBlockRange = Infinity,
        maxAddresses = Infinity,
        maxResults = Infinity,
      } = { ...learned, ...given(declared) }
      return { maxBlockRange, maxAddresses, maxResults, fromBlock: declared.fromBlock ?? 0 }
    },
    learnLogs(found, now) {
      const before = learnedLogs(now) ?? {}
      const limits: LearnedLogs = { ...before }
      for (const key of ['maxBlockRange', 'maxAddresses', 'maxResults'] as const) {
        const value = found[key]
        if (value === undefined || declared[key] !== undefined) continue
        // Never grown: what was refused once is not asked for again.
        limits[key] = Math.min(value, before[key] ?? Infinity)
      }
      if (Object.keys(limits).length === 0) return false
      known = { limits, until: now + lasts }
      return Object.entries(limits).some(([key, value]) => before[key as keyof LearnedLogs] !== value)
    },
  }
}

function given(declared: LogCapabilities): LogCapabilities {
  return Object.fromEntries(Object.entries(declared).filter(([, value]) => value !== undefined))
}
