// The rule of readers: applied with `removed`, the items of a reading are at any time the logs of the branch of the last one,
// from the first block of the reading on, each once and in order; and none comes before its confirmations.

import type { Hash } from 'viem'
import type { LogsOfBlock } from '../../src/subscription/items'
import type { ChainBlock } from '../support/chain-block'
import type { Missing } from './check-streams'
import { isTooWide } from './check-streams'
import type { ReaderPlan } from './draw-readers'
import type { Reader, Reading } from './readers'
import type { StormWorld } from './world'

/** What stands of a log of an item. */
type Kept = { readonly number: number; readonly index: number; readonly hash: string }

type Range = { readonly from: number; readonly to: number; readonly head: ChainBlock }

/** The logs of a block come together (in ms). */
const SETTLE = 50
/** Blocks that are looked at after each item: reorgs are not deeper. */
const NEAR = 32

export function isRead({ plan, readings, hasLeft }: Reader, world: StormWorld): boolean {
  const last = readings.at(-1)
  return hasLeft || (last !== undefined && !last.isOver && lostOf(last, plan, world).length === 0)
}

/** @param isWhole whether it had all the time to hear of everything */
export function readerProblems({ name, plan, readings }: Reader, world: StormWorld, isWhole: boolean): string[] {
  const wrong = readings.flatMap((reading) => [
    ...itemProblems(reading, plan, world, isWhole),
    ...(isWhole ? reading.errors.map((error) => `${error}`.split('\n')[0]) : []),
  ])
  const last = readings.at(-1)
  const lost = isWhole && last ? lostOf(last, plan, world) : []
  return [...wrong, ...lost].map((what) => `readers: ${name}: ${what}`)
}

/** Of what is confirmed in the end. */
function lostOf(reading: Reading, plan: ReaderPlan, world: StormWorld): string[] {
  const { head } = world.chain
  const range = { from: firstOf(reading, world), to: head.number - plan.confirmations, head }
  const isExcused = excuseOf(reading, reading.items.length)
  // A gap is told by what comes after it, once that is confirmed.
  const untold = world.gaps.filter(({ to }) => to >= range.to)
  const isUntold = ({ number }: Kept) => untold.some(({ from, to }) => number >= from && number <= to)
  return compare(keptOf(reading), dueOf(range, plan, world), range, (one) => isExcused(one) || isUntold(one))
}

function itemProblems(reading: Reading, plan: ReaderPlan, world: StormWorld, isWhole: boolean): string[] {
  const problems: string[] = []
  const from = firstOf(reading, world)
  const kept = new Map<string, Kept>()
  const { items } = reading
  for (const [index, { item, at }] of items.entries()) {
    const say = (what: string) => problems.push(`item ${index}, of block ${item.number} at ${at}, ${what}`)
    for (const what of apply(item, kept, world)) say(what)
    const block = world.chain.block(item.hash)
    if (!block) say('is of no block')
    if (item.gap && !item.gap.late && !isTooWide(missingOf(item.gap, at), world))
      say(`tells of a gap from ${item.gap.from} to ${item.gap.to}`)
    if (!block || item.gap?.late) continue
    if (reading.from !== undefined && Number(item.number) < from) say(`is of a block before ${from}`)
    if (!item.removed && !isConfirmed(block, plan.confirmations, at, world)) say('was not confirmed')
    // After logs were taken back, all up to the block before is given.
    const head = item.removed ? world.chain.block(block.parentHash) : block
    if (!head) continue
    const isLast = index === items.length - 1
    const range = { from: isLast ? from : Math.max(from, head.number - NEAR), to: head.number, head }
    if ((reading.isOver || !isWhole) && isTorn(world)) continue
    const isExcused = excuseOf(reading, index + 1)
    for (const what of compare(kept, dueOf(range, plan, world), range, isExcused)) say(what)
  }
  return problems
}

function missingOf({ from, to }: NonNullable<LogsOfBlock['gap']>, at: number): Missing {
  return { from: Number(from), to: Number(to), at }
}

/** Returns what does not fit. */
function apply({ number, hash, logs, removed, gap }: LogsOfBlock, kept: Map<string, Kept>, world: StormWorld) {
  const wrong: string[] = []
  const isLate = gap?.late === true
  for (const log of logs) {
    const own: Kept = { number: Number(number), index: Number(log.logIndex), hash }
    const key = keyOf(own)
    if (log.blockHash !== hash || BigInt(log.blockNumber as string) !== number) wrong.push(`has log ${key} of another`)
    if (log.removed !== removed) wrong.push(`has log ${key} that says removed: ${log.removed}`)
    if (kept.has(key) !== removed)
      // A lower head that was taken by decision is a chain that begins anew.
      wrong.push(
        ...(world.resets.length > 0 ? [] : [`${removed ? 'takes back what was not given' : 'doubles'} ${key}`]),
      )
    kept.delete(key)
    const after = [...kept.values()].filter((one) => placeOf(one) > placeOf(own))
    if (after.length > 0 && !isLate) wrong.push(`comes after ${keyOf(after[0] as Kept)}`)
    if (!removed) kept.set(key, own)
  }
  return wrong
}

function dueOf({ from, to, head }: Range, { filter }: ReaderPlan, { oracle }: StormWorld): Map<string, Kept> {
  const logs = oracle.logs(head, filter, from, to) as { blockHash: Hash; blockNumber: Hash; logIndex: Hash }[]
  return new Map(
    logs.map(({ blockHash, blockNumber, logIndex }) => {
      const one: Kept = { number: Number(blockNumber), index: Number(logIndex), hash: blockHash }
      return [keyOf(one), one]
    }),
  )
}

function compare(
  kept: ReadonlyMap<string, Kept>,
  due: ReadonlyMap<string, Kept>,
  { from, to }: Range,
  isExcused: (one: Kept) => boolean,
): string[] {
  const lacks = [...due].filter(([key, one]) => !kept.has(key) && !isExcused(one))
  const isIn = ({ number }: Kept) => number >= from && number <= to
  const ghosts = [...kept].filter(([key, one]) => isIn(one) && !due.has(key) && !isExcused(one))
  return [...lacks.map(([key]) => `lacks ${key}`), ...ghosts.map(([key]) => `leaves ${key}, which is gone`)]
}

/** Logs that a gap tells of, a late one afterwards; and those of a block that came in parts, or was replaced before all came. @param seen items so far */
function excuseOf({ items }: Reading, seen: number): (one: Kept) => boolean {
  const toCome = items.slice(seen).map(({ item }) => item)
  const gaps = [
    ...items.slice(0, seen).flatMap(({ item: { gap } }) => (gap && !gap.late ? [gap] : [])),
    ...toCome.flatMap(({ gap }) => (gap?.late ? [gap] : [])),
  ]
  const top = items[seen - 1]?.item
  const comesInParts = top !== undefined && toCome.some(({ hash }) => hash === top.hash)
  return ({ number, hash }) =>
    gaps.some(({ from, to }) => number >= from && number <= to) || (comesInParts && hash === top.hash)
}

/** Whether frames may be lost, or be further apart than a block is waited for: who has left does not hear what was found late. */
function isTorn({ storm: { providers, faults } }: StormWorld): boolean {
  return (
    providers.some(({ latency: [least, most] }) => most - least > SETTLE) || faults.some(({ type }) => type !== 'reorg')
  )
}

/** Whether somebody had shown so many blocks on top of it. */
function isConfirmed({ number, hash }: ChainBlock, confirmations: number, at: number, { views, oracle }: StormWorld) {
  return views
    .between(0, at)
    .some(({ head }) => head.number >= number + confirmations && oracle.at(head, number)?.hash === hash)
}

function keptOf({ items }: Reading): Map<string, Kept> {
  const kept = new Map<string, Kept>()
  for (const { item } of items)
    for (const { logIndex } of item.logs) {
      const own = { number: Number(item.number), index: Number(logIndex), hash: item.hash }
      if (item.removed) kept.delete(keyOf(own))
      else kept.set(keyOf(own), own)
    }
  return kept
}

/**
 * Who names no block is told of all from the first one on of which he is given logs. How far the stream is, may be told of the
 * one before all that he must be given.
 */
function firstOf({ from, items: [first] }: Reading, { chain }: StormWorld): number {
  if (from !== undefined || !first) return from ?? chain.head.number + 1
  return Number(first.item.number) + (first.item.logs.length > 0 ? 0 : 1)
}

function placeOf({ number, index }: Kept): number {
  return number * 100_000 + index
}

function keyOf({ number, index, hash }: Kept): string {
  return `log ${number}.${index} ${hash.slice(0, 8)}`
}
