// Times calls and shows numbers: a pool of callers, percentiles, markdown tables. Knows no clients.

export type Measured = {
  /** Calls that were made: fewer than asked for if they took too long. */
  readonly calls: number
  /** Calls that did not bring the right answer. */
  readonly failed: number
  /** First line of the error of the first failed call. */
  readonly firstError?: string | undefined
  /** The time of each call (in ms), in rising order. */
  readonly times: readonly number[]
}

export type LoadOptions = {
  readonly calls: number
  /** Number of callers, each with one call in flight. */
  readonly concurrency: number
  /** No call starts later than this after the beginning (in ms). */
  readonly limit: number
  /** Pause of a caller after an answer (in ms), which is not part of the times. @default 0 */
  readonly pause?: number | undefined
}

/** A call that takes longer than this has failed (in ms), as some peers wait for minutes. */
const longestCall = 15_000

/** Calls again and again, and times it. `call` throws if its answer is not the right one. */
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

/** A number with as many digits as say something: `1 234`, `12`, `1.2`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const text = value < 10 ? value.toFixed(1) : `${Math.round(value)}`
  return text.replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** A markdown table whose columns are aligned in the source. */
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

/** The first line of an error's message, without what is in brackets. */
export function firstLineOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const line = text.split('\n')[0] ?? ''
  return line.split(' (')[0] ?? ''
}
