// What every stream behind a shared subscription looks like, and what it delivers.

import type { SubscriptionGapError } from '../errors'
import type { Log } from '../rpc/log'
import type { Block } from './block'

/**
 * State of a subscription's stream. `'opening'`: no source yet. `'live'`: events are pushed over a socket. `'filling'`: missed
 * blocks are being read. `'switching'`: the source is lost, and another one is looked for. `'polling'`: no socket serves it.
 * `'closed'`: it has ended.
 */
export type StreamStateName = 'opening' | 'live' | 'filling' | 'switching' | 'polling' | 'closed'

export type StreamState = {
  readonly name: StreamStateName
  /** The provider that the events come from. */
  readonly source?: { readonly provider: string; readonly channel: 'ws' | 'poll' } | undefined
}

/** What subscribers are given, in order. */
export type Item =
  | HeadItem
  | LogsItem
  /** Everything up to this block has been given. */
  | { readonly type: 'passed'; readonly number: number; readonly hash: string; readonly results: readonly [] }
  /** Blocks from this one on could not be had. */
  | {
      readonly type: 'gap'
      readonly number: number
      readonly error: SubscriptionGapError
      readonly results: readonly []
    }
  /** An event of a kind without blocks: a pending transaction or the like. */
  | { readonly type: 'plain'; readonly results: readonly unknown[] }

export type HeadItem = {
  readonly type: 'head'
  readonly number: number
  readonly block: Block
  /** The `result`s of the notifications for the item, in order. */
  readonly results: readonly unknown[]
}

/** The logs of one block. */
export type LogsItem = {
  readonly type: 'logs'
  readonly number: number
  readonly hash: string
  readonly results: readonly Log[]
  /** Whether the block is no longer canonical: the logs are taken back, newest first. */
  readonly isRemoved: boolean
  /** Whether these were found, or found to be gone, after later logs had been given. */
  readonly isLate: boolean
  /** The number of the block in the order of delivery: a subscriber that joined after it gets nothing of it. */
  readonly turn: number
}

export type StreamSink = {
  onItem(item: Item): void
  /** These blocks could not be had; the stream goes on. */
  onGap(from: number, to: number, why: string): void
  /** Tells the present state, which may be the same as before. From any other than `opening` on, no event is missed. */
  onState(state: StreamState, why?: string | undefined): void
  /** No provider serves this kind, for good. */
  onRefused(error: unknown): void
}

/** Runs from its creation on, and is `opening` until it tells another state. */
export type Stream = {
  /** Everything up to this block has been delivered. */
  cursor(): number | undefined
  /** Reads again what was delivered from this block on, for a subscriber that was too slow or begins in the past. */
  replay(from: number): Promise<Replay>
  /** For logs: a subscriber joins. Returns the turn of the next block. @param isToldProgress as in `SubscriberOptions` */
  join?(isToldProgress: boolean): number
  stop(): void
}

/** Everything from the block that was asked for up to `upTo`. */
export type Replay = { readonly items: readonly Item[]; readonly upTo: number }

export function isSameState(a: StreamState, b: StreamState): boolean {
  return a.name === b.name && a.source?.provider === b.source?.provider && a.source?.channel === b.source?.channel
}
