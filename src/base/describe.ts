// How facts look in an error message: rows in columns, chains of causes, and values without what may be a secret.

import { field } from './fields'

/** Rows beyond this many are counted, not listed. */
const LISTED_ROWS = 20
/** Characters of a text that are shown; the rest is cut off. */
const LONGEST_VALUE = 40
/** Errors of a chain of causes that are shown. */
const MOST_CAUSES = 4

/** One line per row, with the columns padded to equal width. */
export function formatRows(rows: readonly string[][]) {
  const listed = rows.slice(0, LISTED_ROWS)
  const widths = listed[0]?.map((_, column) => Math.max(...listed.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = listed.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
  return rows.length > LISTED_ROWS ? [...lines, `  ... and ${rows.length - LISTED_ROWS} more`] : lines
}

/** Describes a value: a secret by its type only, and a text that could be an endpoint (with or without scheme) as "a URL". */
export function describeValue(value: unknown, isSecret = false): string {
  if (isSecret && /number|bigint/.test(typeof value)) return `a ${typeof value}`
  if (value instanceof URL) return 'a URL object (give its href)'
  if (typeof value === 'string') {
    if (isSecret) return 'a text'
    if (/[/@?]/.test(value)) return 'a URL'
    return JSON.stringify(value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}...` : value)
  }
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return value.length ? 'an array' : 'an empty array'
  if (typeof value === 'object' && value !== null) {
    if ('addEventListener' in value) return isSecret ? 'a signal' : 'a signal (give { signal })'
    const tag = tagOf(value)
    return tag === 'Object' ? 'an object' : `a ${tag}`
  }
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

/** The messages of an error and of its causes: the outermost error of `fetch` says only that it failed. */
export function wordsOf(thrown: unknown): string {
  const words: string[] = []
  for (let error = thrown; error && words.length < MOST_CAUSES; error = field(error, 'cause'))
    words.push(String((typeof error === 'string' ? error : field(error, 'message') || field(error, 'code')) || ''))
  return words.filter(Boolean).join(': ')
}

/** What kind of object it is, such as `Object`, `Map` or `Promise`; of what is none, the name of its class. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}
