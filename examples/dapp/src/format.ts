// How things are written on the page. Pure.

import type { Address } from 'viem'
import { formatUnits } from 'viem'

const amounts = new Intl.NumberFormat('en', { maximumFractionDigits: 4 })
const counts = new Intl.NumberFormat('en')
const times = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hour12: false })

export function formatAmount(amount: bigint): string {
  return amounts.format(Number(formatUnits(amount, 18)))
}

export function formatCount(count: number | bigint | undefined): string {
  return count === undefined ? '–' : counts.format(count)
}

export function formatTime(at: Date): string {
  return times.format(at)
}

export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return '–'
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}

export function formatShare(share: number | undefined): string {
  return share === undefined ? '–' : `${Math.round(share * 100)} %`
}

export function shorten(address: Address): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`
}
