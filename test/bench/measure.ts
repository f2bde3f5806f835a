// How calls are timed and how numbers are shown: a pool of callers, percentiles, markdown tables. Knows no clients.

export type Measured = {
  /** Calls that were made: fewer than asked for when they took too long. */
  readonly calls: number
  /** Calls that did not bring the right answer. */
  readonly failed: number
  /** What the first of them said. */
  readonly firstError?: string | undefined
  /** How long each call took, in rising order (in ms). */
  readonly times: readonly number[]
}

export type LoadOptions = {
  readonly calls: number
  /** So many at a time. */
  readonly concurrency: number
  /** No call starts later than this (in ms). */
  readonly limit: number
  /** Each caller asks again only after this (in ms); not part of the times. @default 0 */
  readonly pause?: number | undefined
}

/** A call that takes longer has failed (in ms): some peers wait for minutes. */
const longestCall = 15_000

/** Calls again and again; `call` throws if the answer was not the right one. */
export async function measure(call: () => Promise<void>, options: LoadOptions): Promise<Measured> {
  const { calls, concurrency, limit, pause = 0 } = options
  const times: number[] = []
  const startedAt = performance.now()
  let started = 0
  let failed = 0
  let firstError: string | undefined

  async function caller() {
    while (started < calls && performance.now() - startedAt < limit) {
      started++
      const from = performance.now()
      try {
        await inTime(call())
      } catch (error) {
        failed++
        firstError ??= firstLineOf(error)
      }
      times.push(performance.now() - from)
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }

  await Promise.all(Array.from({ length: concurrency }, caller))
  return { calls: times.length, failed, firstError, times: times.sort((a, b) => a - b) }
}

async function inTime(answer: Promise<void>) {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${longestCall / 1_000} s`)), longestCall)
  })
  await Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

/** @param sorted in rising order @param share 0 to 1 */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export function median(numbers: readonly number[]): number {
  return percentile(
    [...numbers].sort((a, b) => a - b),
    0.5,
  )
}

/** `1 234`, `12`, `1.2`: as many digits as tell something. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const text = value < 10 ? value.toFixed(1) : `${Math.round(value)}`
  return text.replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** A markdown table whose source can be read too. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const lineOf = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [lineOf(head), rule, ...rows.map(lineOf)].join('\n')
}

/** Frees what can be freed, so that one measurement does not pay for another; needs `node --expose-gc`. */
export function collectGarbage() {
  globalThis.gc?.()
}

/** Of what it says, without what is in brackets. */
export function firstLineOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const line = text.split('\n')[0] ?? ''
  return line.split(' (')[0] ?? ''
}
