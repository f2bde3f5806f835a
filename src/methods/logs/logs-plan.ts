// How an `eth_getLogs` is cut into pieces that providers take, and how the answers are joined. Pure; logs-scan.ts asks.

import { someOrAll } from '../../base/lists'
import type { LogLimits } from '../../provider/log-limits'
import { indexOf } from '../../rpc/log'

/** A part of the blocks, for all or some of the addresses. */
export type Piece = {
  readonly from: number
  readonly to: number
  /** Empty for all addresses. */
  readonly addresses: readonly unknown[]
  /** Whether it ends at the head: its newest blocks are to come from one provider, as two may be on different branches. */
  readonly isTail: boolean
  /** How many of the planned requests are for this piece. */
  readonly requests: number
  /** Ids of providers that have failed it. */
  readonly avoid: readonly string[]
}

export type Cut = { readonly by: 'blocks' | 'addresses'; readonly parts: readonly Piece[] }

/** What a whole request may take; see `LogsOptions`. */
export type SplitLimits = { readonly [name in 'maxRequests' | 'concurrency' | 'timeout']: number }

/** The size of pieces. */
export type Size = { readonly blocks: number; readonly addresses: number }

export type Log = Parameters<typeof indexOf>[0] & { readonly blockNumber?: unknown }

/** This many of the newest blocks come from one provider. */
export const TAIL = 64

/** Whether all of a piece must come from one provider: it ends at the head, and is too short to be cut beside its tail. */
export function isOneTail(piece: Piece): boolean {
  return piece.isTail && blocksOf(piece) < 2 * TAIL
}

export function blocksOf({ from, to }: Pick<Piece, 'from' | 'to'>): number {
  return to - from + 1
}

export function fits(piece: Piece, limits: LogLimits): boolean {
  return isSmall(piece, limits) && piece.from >= limits.fromBlock
}

function isSmall(piece: Piece, { maxBlockRange, maxAddresses }: LogLimits): boolean {
  return blocksOf(piece) <= maxBlockRange && piece.addresses.length <= maxAddresses
}

/** The servers that take the piece, among those that have its oldest blocks, if any have. */
export function takersOf<server>(piece: Piece, servers: readonly server[], limitsOf: (server: server) => LogLimits) {
  const old = someOrAll(servers, (server) => limitsOf(server).fromBlock <= piece.from)
  return old.filter((server) => isSmall(piece, limitsOf(server)))
}

/**
 * The size of pieces that needs the fewest turns of the servers that take it, then the fewest requests. A server that takes
 * far less than the others would only cost requests.
 */
export function shapeOf(piece: Piece, all: readonly LogLimits[], { concurrency, maxRequests }: SplitLimits) {
  const servers = someOrAll(all, ({ fromBlock }) => fromBlock <= piece.from)
  const shapes = servers.map(({ maxBlockRange, maxAddresses }) => {
    const blocks = Math.min(blocksOf(piece), maxBlockRange)
    const addresses = Math.min(piece.addresses.length, maxAddresses)
    const requests = groupsOf(blocksOf(piece), blocks) * groupsOf(piece.addresses.length, addresses)
    const takers = servers.filter((other) => other.maxBlockRange >= blocks && other.maxAddresses >= addresses)
    const turns = Math.ceil(requests / (takers.length * concurrency))
    return { blocks, addresses, requests, turns: requests > maxRequests ? Infinity : turns }
  })
  return shapes.reduce((best, shape) =>
    shape.turns < best.turns || (shape.turns === best.turns && shape.requests < best.requests) ? shape : best,
  )
}

/** Cuts the blocks first; pieces that still have too many addresses are cut by addresses later. */
export function cutTo(piece: Piece, { blocks, addresses }: Size): Cut {
  const requests = groupsOf(piece.addresses.length, addresses)
  if (blocks < blocksOf(piece)) return { by: 'blocks', parts: cutBlocks({ ...piece, requests }, blocks) }
  const parts: Piece[] = []
  for (let at = 0; at < piece.addresses.length; at += addresses)
    parts.push({ ...piece, requests: 1, addresses: piece.addresses.slice(at, at + addresses) })
  return { by: 'addresses', parts: parts.length > 0 ? parts : [piece] }
}

/** Cuts from the newest end, so that the newest piece has full size; the newest blocks of a tail stay together. */
function cutBlocks(piece: Piece, blocks: number): Piece[] {
  const parts: Piece[] = []
  const { requests } = piece
  let turns = piece.isTail ? Math.ceil(TAIL / blocks) : 1
  for (let { to } = piece; to >= piece.from; to -= turns * blocks, turns = 1) {
    const from = Math.max(piece.from, to - turns * blocks + 1)
    parts.push({ ...piece, from, to, isTail: piece.isTail && to === piece.to, requests: requests * turns })
  }
  return parts.reverse()
}

/**
 * Cuts in two after a refusal. If the provider has offered a range: that one, and the rest in two. `undefined` if nothing is
 * left to cut. @param end the last block of the range that was offered
 */
export function halve(piece: Piece, ofAddresses: boolean, end: number | undefined): Cut | undefined {
  const { from, to, addresses, isTail } = piece
  const isWide = isTail ? blocksOf(piece) > TAIL : from < to
  if (addresses.length > 1 && (ofAddresses || !isWide))
    return cutTo(piece, { blocks: blocksOf(piece), addresses: Math.ceil(addresses.length / 2) })
  if (from === to) return undefined
  const offered = end !== undefined && end >= from && end < to ? end : undefined
  const first = offered === undefined ? from : offered + 1
  const middle = first + Math.floor((to - first) / 2)
  return cutAfter(
    piece,
    [offered ?? middle, middle].map((last) => (isTail ? Math.min(last, to - TAIL) : last)),
  )
}

/** Cuts the last blocks of a tail from the rest. */
export function cutOffTail(piece: Piece): Cut {
  return cutAfter(piece, [piece.to - TAIL])
}

/** Cuts after these blocks, in ascending order. */
function cutAfter(piece: Piece, lasts: readonly number[]): Cut {
  const parts: Piece[] = []
  let { from } = piece
  for (const to of new Set([...lasts, piece.to])) {
    parts.push({ ...piece, from, to, isTail: piece.isTail && to === piece.to, requests: 1 })
    from = to + 1
  }
  return { by: 'blocks', parts }
}

/** Joins the answers of the parts, in the order of the chain. */
export function join(by: Cut['by'], answers: readonly (readonly Log[])[]): Log[] {
  const logs = answers.flat()
  if (by === 'blocks') return logs
  const places = new Map(logs.map((log) => [log, [Number(log.blockNumber), indexOf(log)] as const]))
  const placeOf = (log: Log) => places.get(log) as readonly [number, number]
  return logs.sort((a, b) => placeOf(a)[0] - placeOf(b)[0] || placeOf(a)[1] - placeOf(b)[1])
}

function groupsOf(items: number, size: number): number {
  return items === 0 ? 1 : Math.ceil(items / size)
}
