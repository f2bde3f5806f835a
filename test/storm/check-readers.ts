// The rule of readers. If its items are applied (and taken back with `removed`), a reading holds at any time the logs of the
// branch of the last item, from its first block on, each once and in order. No log comes before its block is confirmed.

import type { Hash } from 'viem'
import type { LogsOfBlock } from '../../src/subscription/items'
import type { ChainBlock } from '../support/chain-block'
import type { Missing } from './check-streams'
import { isTooWide } from './check-streams'
import type { ReaderPlan } from './draw-readers'
import type { Reader, Reading } from './readers'
import type { StormWorld } from './world'

/** What is remembered of a log that was given and not taken back. */
type Kept = { readonly number: number; readonly index: number; readonly hash: string }

type Range = { readonly from: number; readonly to: number; readonly head: ChainBlock }

/** The logs of one block are given together if their frames are no further apart than this (in ms). */
const SETTLE = 50
/** How long blocks that cannot be had are tried (in ms). */
const TRIED_FOR = 30_000
/** Blocks that are checked after each item; no reorg of a storm is deeper. */
const NEAR = 32

export function isRead({ plan, readings, hasLeft }: Reader, world: StormWorld): boolean {
  const last = readings.at(-1)
  return hasLeft || (last !== undefined && !last.isOver && lostOf(last, plan, world).length === 0)
}

/** What is wrong with the readings of a reader. @param isWhole whether the reader had the time to be given everything */
export function readerProblems({ name, plan, readings }: Reader, world: StormWorld, isWhole: boolean): string[] {
  const wrong = readings.flatMap((reading) => [
    ...itemProblems(reading, plan, world, isWhole),
    ...(isWhole ? reading.errors.map((error) => `${error}`.split('\n')[0]) : []),
  ])
  const last = readings.at(-1)
  const lost = isWhole && last ? lostOf(last, plan, world) : []
  return [...wrong, ...lost].map((what) => `readers: ${name}: ${what}`)
}

/** How a reading differs in the end from the logs of all confirmed blocks. */
function lostOf(reading: Reading, plan: ReaderPlan, world: StormWorld): string[] {
  const { head } = world.chain
  const range = { from: firstOf(reading, world), to: head.number - plan.confirmations, head }
  const isExcused = excuseOf(reading, reading.items.length)
  // A gap is told by the next item, which may not be confirmed yet.
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
    if (item.gap && !item.gap.late && !isTooWide(missingOf(item.gap, at), world) && !isUnreadable(at, world))
      say(`tells of a gap from ${item.gap.from} to ${item.gap.to}`)
    if (!block || item.gap?.late) continue
    if (reading.from !== undefined && Number(item.number) < from) say(`is of a block before ${from}`)
    if (!item.removed && !isConfirmed(block, plan.confirmations, at, world)) say('was not confirmed')
    // After an item that takes back logs of a block, everything up to the block before has been given.
    const head = item.removed ? world.chain.block(block.parentHash) : block
    if (!head) continue
    const isLast = index === items.length - 1
    const range = { from: isLast ? from : Math.max(from, head.number - NEAR), to: head.number, head }
    if ((reading.isOver || !isWhole) && isTorn(world)) continue
    const isExcused = excuseOf(reading, index + 1)
    // What a provider that had fallen back left out is found by a check, unless its block is gone by then.
    const isGone = ({ number, hash }: Kept) => isTorn(world) && world.chain.block(number)?.hash !== hash
    const mayLack = (one: Kept) => isExcused(one) || isGone(one)
    for (const what of compare(kept, dueOf(range, plan, world), range, isExcused, mayLack)) say(what)
  }
  return problems
}

/** Whether for so long as blocks are tried to be had, before a gap is told, no provider could be asked all the time. */
function isUnreadable(at: number, { providers, gaps }: StormWorld): boolean {
  const told = gaps.filter((gap) => gap.at <= at && /could not be had/.test(gap.why ?? '')).at(-1)?.at ?? Infinity
  return (
    told <= at &&
    providers.every(
      ({ plan, troubles }) => plan.isForeign || plan.rate !== undefined || !troubles.wereNone(told - TRIED_FOR, told),
    )
  )
}

function missingOf({ from, to }: NonNullable<LogsOfBlock['gap']>, at: number): Missing {
  return { from: Number(from), to: Number(to), at }
}

/** Applies an item to the logs that stand. Returns what is wrong with it. */
function apply({ number, hash, logs, removed, gap }: LogsOfBlock, kept: Map<string, Kept>, world: StormWorld) {
  const wrong: string[] = []
  const isLate = gap?.late === true
  for (const log of logs) {
    const own: Kept = { number: Number(number), index: Number(log.logIndex), hash }
    const key = keyOf(own)
    if (log.blockHash !== hash || BigInt(log.blockNumber as string) !== number) wrong.push(`has log ${key} of another`)
    if (log.removed !== removed) wrong.push(`has log ${key} that says removed: ${log.removed}`)
    if (kept.has(key) !== removed)
      // After a reset (a lower head was taken by decision) the chain begins anew, so logs may come twice.
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
  mayLack = isExcused,
): string[] {
  const lacks = [...due].filter(([key, one]) => !kept.has(key) && !mayLack(one))
  const isIn = ({ number }: Kept) => number >= from && number <= to
  const ghosts = [...kept].filter(([key, one]) => isIn(one) && !due.has(key) && !isExcused(one))
  return [...lacks.map(([key]) => `lacks ${key}`), ...ghosts.map(([key]) => `leaves ${key}, which is gone`)]
}

/**
 * A test for logs that may be missing after `seen` items: those of a gap (a late one may be told afterwards), and those of
 * the last block if it came in parts, or was replaced before all of it came.
 */
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

/** Whether logs may come late, as frames may be lost or too far apart: a reader that has left does not get those. */
function isTorn({ storm: { providers, faults } }: StormWorld): boolean {
  return (
    providers.some(({ latency: [least, most] }) => most - least > SETTLE) || faults.some(({ type }) => type !== 'reorg')
  )
}

/** Whether a provider had shown a head with that many blocks on top of the block. */
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
 * The first block whose logs a reading must hold. If none was named, it is the block of the first item; if that item has no
 * logs and only says how far the stream is, it is the block after it.
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
