// What one `eth_getLogs` may ask of a provider: declared by the user, or learned from its refusals. Splitting is in
// methods/logs/wide-logs.ts.

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
  /** `Infinity` for what is neither declared nor known. */
  logLimits(now: number): LogLimits
  /** It has refused more than this. Returns whether that was news. */
  learnLogs(found: LearnedLogs, now: number): boolean
  learnedLogs(now: number): LearnedLogs | undefined
}

/** @param lasts how long what is learned is believed (in ms). */
export function createLogKnowledge(declared: LogCapabilities, lasts: number): LogKnowledge {
  const said = limitsOf(declared, {})
  let known: { readonly learned: LearnedLogs; readonly limits: LogLimits; readonly until: number } | undefined

  function knownAt(now: number) {
    if (known && now >= known.until) known = undefined
    return known
  }

  return {
    learnedLogs: (now) => knownAt(now)?.learned,
    logLimits: (now) => knownAt(now)?.limits ?? said,
    learnLogs(found, now) {
      const before = knownAt(now)?.learned ?? {}
      const learned: LearnedLogs = { ...before }
      for (const key of ['maxBlockRange', 'maxAddresses', 'maxResults'] as const) {
        const value = found[key]
        if (value === undefined || declared[key] !== undefined) continue
        // Never grown: what was refused once is not asked for again.
        learned[key] = Math.min(value, before[key] ?? Infinity)
      }
      if (Object.keys(learned).length === 0) return false
      known = { learned, limits: limitsOf(declared, learned), until: now + lasts }
      return Object.entries(learned).some(([key, value]) => before[key as keyof LearnedLogs] !== value)
    },
  }
}

function limitsOf(declared: LogCapabilities, learned: LearnedLogs): LogLimits {
  return {
    maxBlockRange: declared.maxBlockRange ?? learned.maxBlockRange ?? Infinity,
    maxAddresses: declared.maxAddresses ?? learned.maxAddresses ?? Infinity,
    maxResults: declared.maxResults ?? learned.maxResults ?? Infinity,
    fromBlock: declared.fromBlock ?? 0,
  }
}
