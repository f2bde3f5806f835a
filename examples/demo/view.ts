// What both ways of showing the demo have in common: the numbers of one moment, and how they are written.

import type { Client, Counts } from './traffic'
import type { Tally, Watched } from './watch'

export type Row = {
  readonly id: string
  readonly breaker: string
  /** Of its recent answers (in ms). */
  readonly p50: number | undefined
  readonly calls: number
}

export type Moment = {
  readonly rows: readonly Row[]
  readonly counts: Counts
  readonly watched: Watched
  readonly hedged: number
}

/** One way of showing it. */
export type View = {
  /** A scene begins: which (from 0). */
  begin(scene: number): void
  /** Something happened. */
  note(text: string): void
  /** A scene is over. */
  end(moment: Moment): void
  /** Shown now and then. */
  tick(moment: Moment): void
  close(lines: readonly string[]): void
}

export function momentOf(client: Client, counts: Counts, watched: Watched): Moment {
  const { providers, requests } = client.transport.status()
  const rows = providers.map(({ id, channels: { http } }) => ({
    id,
    breaker: http?.breaker.state ?? '-',
    p50: http?.latency.p50,
    calls: http?.attempts ?? 0,
  }))
  return { rows, counts, watched, hedged: requests.hedged }
}

/** Of the reads since `from` (in ms, as text). */
export function timesOf(times: readonly number[], from = 0) {
  const sorted = times.slice(from).sort((a, b) => a - b)
  const at = (share: number) => formatMs(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)])
  return { p50: at(0.5), p99: at(0.99) }
}

export function formatTally({ seen, lost, doubled }: Tally): string {
  return `${seen} seen, ${lost} lost, ${doubled} doubled`
}

export function formatMs(value: number | undefined): string {
  if (value === undefined) return '-'
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`
}

export function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
