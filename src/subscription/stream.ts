// What every stream behind a shared subscription looks like, and what it delivers.

import type { SubscriptionGapError } from '../errors'
import type { Log } from '../rpc/log'
import type { Block } from './block'

export type StreamStateName = 'opening' | 'live' | 'filling' | 'switching' | 'polling' | 'closed'

export type StreamState = {
  readonly name: StreamStateName
  /** Where it comes from. */
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
  /** A stream that is not known to have blocks: pending transactions and the like. */
  | { readonly type: 'plain'; readonly results: readonly unknown[] }

export type HeadItem = {
  readonly type: 'head'
  readonly number: number
  readonly block: Block
  /** What `eth_subscribe` brings of an item, one after the other. */
  readonly results: readonly unknown[]
}

/** The logs of one block. */
export type LogsItem = {
  readonly type: 'logs'
  readonly number: number
  readonly hash: string
  readonly results: readonly Log[]
  /** Whether the block is canonical no more: the logs are taken back, newest first. */
  readonly isRemoved: boolean
  /** Found, or found to be gone, after logs of later blocks had been given. */
  readonly isLate: boolean
  /** The place of the block in the stream: who joined after it has none of it. */
  readonly turn: number
}

export type StreamSink = {
  onItem(item: Item): void
  /** These blocks could not be had; the stream goes on. */
  onGap(from: number, to: number, why: string): void
  /** Whether or not it is new. Once it is not `opening`, nothing that comes is missed. */
  onState(state: StreamState, why?: string | undefined): void
  /** Nobody serves it, for good. */
  onRefused(error: unknown): void
}

/** Runs from its creation on: `opening`, until it says more. */
export type Stream = {
  /** Everything up to this block has been delivered. */
  cursor(): number | undefined
  /** What was delivered from this block on, read again: for who was too slow, or begins in the past. Not past the cursor. */
  replay(from: number): Promise<Replay>
  /** Of logs: somebody joins. Returns the turn of the next block. @param isToldProgress how far it is, also while there are none */
  join?(isToldProgress: boolean): number
  stop(): void
}

export type Replay = { readonly items: readonly Item[]; readonly upTo: number }

export function isSameState(a: StreamState, b: StreamState): boolean {
  return a.name === b.name && a.source?.provider === b.source?.provider && a.source?.channel === b.source?.channel
}
