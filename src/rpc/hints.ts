// Reads hints out of the text, data and headers of an error: how long to wait, which block range to ask for. Pure.
// Which hints matter is decided in failure.ts.

import { field } from '../base/fields'
import { heightOf } from './block'
import type { Facts } from './failure-facts'

export type BlockRange = { fromBlock: number; toBlock: number }

/** Durations as people and as Go write them: "1.5 minutes", "10m0s"; a bare number is seconds. */
const WAIT =
  /(?:try[ _]again|retry\w*|wait|back ?off|resets?)\W{0,4}(?:(?:in|after|for)\W{1,4})?((?:\d[\d.]*\s?(?:[µμum]s|milli\w+|s|sec\w*|m|min\w*|h|hours?|d|days?)(?![a-zµμ])[\s,]?){1,4}|\d[\d.]*(?!\s?[\w.\-µμ/]))/g
/** Units longer than a second, by their first letter (in ms). */
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The longest wait (in ms) that the headers, the data or the text ask for. @param wallTime in ms since 1970, for dates */
export function retryAfterOf({ headers, data, text }: Facts, wallTime: number | undefined): number | undefined {
  const backoff = field(field(data, 'rate'), 'backoff_seconds')
  const waits = [headerWait(headers, wallTime), typeof backoff === 'number' ? backoff * 1_000 : 0]
  const more = field(data, 'try_again_in')
  const said = typeof more === 'string' ? `${text} try again in ${more.slice(0, 64).toLowerCase()}` : text
  for (const [, wait = ''] of said.matchAll(WAIT)) waits.push(durationOf(wait))
  const longest = Math.max(0, ...waits.filter(Number.isFinite))
  return longest > 0 ? longest : undefined
}

function headerWait(headers: unknown, wallTime = Number.NaN): number {
  const value = headerOf(headers, 'Retry-After')
  const seconds = Number(value ?? 0)
  if (!Number.isNaN(seconds)) return seconds * 1_000
  // A date is compared with the provider's own clock (its `Date` header), or with ours if it sends none.
  return Date.parse(String(value)) - (Date.parse(String(headerOf(headers, 'Date'))) || wallTime)
}

/** The value of a header, text or number, from `Headers` or a plain object. */
function headerOf(headers: unknown, name: string): unknown {
  let value = field(headers, name.toLowerCase()) ?? field(headers, name)
  try {
    value ??= (headers as Headers | undefined)?.get?.(name)
  } catch {
    // It has a `get`, but is no Headers.
  }
  return typeof value === 'string' || typeof value === 'number' ? value : undefined
}

function durationOf(text: string): number {
  let total = 0
  for (const [, amount, unit = ''] of text.matchAll(/([\d.]+)\s?([a-zµμ]*)/g)) {
    const scale = /^[µμu]/.test(unit) ? 0.001 : /^m(s|il)/.test(unit) ? 1 : (UNITS[unit.charAt(0)] ?? 1_000)
    total += Number(amount) * scale
  }
  return total
}

/** A range that the provider offers. Texts often name the refused range as well, which must not match. */
const RANGE =
  /(?:try with|should work|suggest|consider)[^\d[]{0,40}\[?\s*(0x[\da-f]{1,13}|\d{1,15})\s*(?:,|-|\.\.|to)\s*(0x[\da-f]{1,13}|\d{1,15})\b/
const LIMIT =
  /(?:max\w*|limit\w*|up to|at most|\bover|exceed\w*|than|allowed|>)(?:[^\d[]|\[(?!\d)){0,50}?(?:0 ?- ?)?(?<![\dx.])(\d{1,3}(?:[,._]\d{3})+|\d+)(k?)\b/g

/** The block range that would work according to the provider. */
export function suggestedRangeOf({ text, data }: Facts): BlockRange | undefined {
  const found = RANGE.exec(text)
  const fromBlock = numberOf(found ? found[1] : field(data, 'from'))
  const toBlock = numberOf(found ? found[2] : field(data, 'to'))
  if (fromBlock === undefined || toBlock === undefined || fromBlock > toBlock) return undefined
  return { fromBlock, toBlock }
}

/** The number of blocks that the provider allows. Of several numbers the smallest: a larger one is what was asked for. */
export function maxBlockRangeOf(text: string): number | undefined {
  if (/address|filters|topics|timestamp/.test(text)) return undefined
  let least = Number.POSITIVE_INFINITY
  for (const match of text.matchAll(LIMIT)) {
    const blocks = amountOf(match[1], match[2])
    if (blocks > 0) least = Math.min(least, blocks)
  }
  return least < 10_000_000 ? least : undefined
}

const RESULTS =
  /(?:more than|exceed\w*|max\w*|limit of|cap of)[^\d[]{0,20}?(\d{1,3}(?:[,._]\d{3})+|\d+)(k?) (?:results|logs)\b|max\w* (?:results|logs)\D{0,24}?(\d{1,3}(?:[,._]\d{3})+|\d+)(k?)\b(?![.,]\d| ?([kmg]i?b|bytes|m?s\b|sec|min))/

/** The number of logs that the provider allows in one answer. */
export function maxResultsOf(text: string): number | undefined {
  const [, first, ofFirst, second, ofSecond] = RESULTS.exec(text) ?? []
  return amountOf(first ?? second, ofFirst ?? ofSecond) || undefined
}

/** A number as people write it: "10,000", "10k". */
function amountOf(digits = '', thousands = ''): number {
  return Number(digits.replace(/[,._]/g, '')) * (thousands ? 1_000 : 1)
}

/** What is too much if it is not the blocks: the addresses (or "filters": addresses with their topics), or a filter without one. */
export function excessOf(text: string): 'addresses' | 'filter' | undefined {
  if (/specify an address/.test(text)) return 'filter'
  return /\d+ filters|(too many|max\w*|less|exceed\w*|limit\w*).{0,40}\baddress(es)?\b/.test(text)
    ? 'addresses'
    : undefined
}

/** The number of a block, written in hex or in decimal. */
function numberOf(block: unknown): number | undefined {
  return typeof block === 'string' && /^\d{1,15}$/.test(block) ? Number(block) : heightOf(block)
}
