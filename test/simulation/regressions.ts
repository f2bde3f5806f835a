// Schedules that once went wrong, reduced to what it took, each with its story.

import { tokenA, tokenB, transferTopic } from '../support/chain-block'
import type { Schedule, WatcherPlan } from './schedule'

const plain: Schedule = {
  seed: 0,
  blockTime: 1_000,
  unevenness: 0,
  duration: 20_000,
  hasBlooms: true,
  mostLogs: 2,
  latency: [20, 300],
  canPing: true,
  verify: 'auto',
  providers: ['both', 'both'],
  faults: [],
  watchers: [],
  ending: 'close',
}

const heads: WatcherPlan = { kind: 'heads', via: 'subscribe', filter: {}, from: 0, to: Infinity, pace: 0 }
const logs: WatcherPlan = { ...heads, kind: 'logs' }

export const regressions: Readonly<Record<string, Schedule>> = {
  'a slow subscriber is waited for while all is closed: no timer outlives it': {
    ...plain,
    seed: 20,
    blockTime: 4_000,
    duration: 112_000,
    latency: [20, 20],
    watchers: [{ ...heads, pace: 8_000 }],
  },
  'a provider comes back from a stale branch, and pushes its blocks from below the first one known': {
    ...plain,
    seed: 103,
    blockTime: 500,
    duration: 19_500,
    mostLogs: 4,
    faults: [
      { at: 871, type: 'stale', provider: 1, lasts: 997, depth: 2 },
      { at: 871, type: 'cut', provider: 1 },
      { at: 1_653, type: 'cut', provider: 0 },
    ],
    watchers: [
      { ...heads, pace: 167 },
      { ...logs, filter: { address: tokenB } },
    ],
  },
  'logs are lost in a silence before the stream goes by heads, and checked after': {
    ...plain,
    seed: 98,
    mostLogs: 3,
    latency: [20, 20],
    faults: [
      { at: 1_662, type: 'ill', provider: 0, lasts: 3_554, conditions: { silence: 'pushes' } },
      { at: 14_547, type: 'ill', provider: 0, lasts: 840, conditions: { dropped: 0.15, doubled: 0.15, swapped: 0.15 } },
    ],
    watchers: [{ ...logs, filter: { topics: [transferTopic] } }],
  },
  'somebody opens heads while a stream of logs asks where its source is': {
    ...plain,
    seed: 341,
    blockTime: 100,
    duration: 6_000,
    providers: ['ws', 'ws', 'both'],
    watchers: [
      { ...logs, filter: { topics: [transferTopic] } },
      { ...heads, from: 970 },
    ],
  },
  'the second log of a block is given, the first one was dropped: it comes late, with notice': {
    ...plain,
    seed: 409,
    duration: 31_000,
    hasBlooms: false,
    latency: [1, 800],
    providers: ['both', 'ws', 'http'],
    faults: [
      { at: 2_962, type: 'ill', provider: 0, lasts: 5_921, conditions: { dropped: 0.15, swapped: 0.15 } },
      { at: 24_192, type: 'ill', provider: 0, lasts: 13_555, conditions: { http: 'refused', handshakes: 'refused' } },
      { at: 24_192, type: 'cut', provider: 0 },
      {
        at: 25_861,
        type: 'ill',
        provider: 1,
        lasts: 1_173,
        conditions: { dropped: 0.15, doubled: 0.15, swapped: 0.15 },
      },
    ],
    watchers: [
      { ...logs, filter: { address: [tokenA, tokenB] } },
      heads,
      logs,
      { ...logs, filter: { topics: [transferTopic] }, from: 13_981, pace: 334 },
    ],
  },
  'a place is lost while a block of it is checked: the block is no gap after the short wait of a check': {
    ...plain,
    seed: 491,
    blockTime: 2_000,
    unevenness: 0.9,
    duration: 58_000,
    mostLogs: 4,
    latency: [1, 800],
    providers: ['ws', 'ws', 'both'],
    faults: [
      { at: 7_043, type: 'cut', provider: 0 },
      { at: 10_723, type: 'ill', provider: 0, lasts: 3_458, conditions: { handshakes: 'refused' } },
      { at: 10_723, type: 'cut', provider: 0 },
      { at: 19_137, type: 'cut', provider: 0 },
      { at: 19_137, type: 'reorg', depth: 3, blocks: 4 },
      { at: 28_155, type: 'ill', provider: 1, lasts: 474, conditions: { http: 'hanging', handshakes: 'refused' } },
      { at: 28_155, type: 'ill', provider: 2, lasts: 474, conditions: { http: 'hanging', handshakes: 'refused' } },
      { at: 28_155, type: 'cut', provider: 1 },
    ],
    watchers: [{ ...logs, filter: { address: tokenB }, pace: 667 }, heads, logs],
  },
  'a reorg goes below the first block of the heads that a stream of logs went over to': {
    ...plain,
    seed: 597,
    blockTime: 500,
    duration: 16_000,
    faults: [
      { at: 1_147, type: 'reorg', depth: 4, blocks: 5 },
      { at: 3_398, type: 'reorg', depth: 5, blocks: 5 },
    ],
    watchers: [{ ...logs, filter: { address: [tokenA, tokenB] } }],
  },
  'heads are opened while a reorg is told: a catch-up gets logs of the new branch before the old one is taken back': {
    ...plain,
    seed: 2_216,
    unevenness: 0.9,
    duration: 26_000,
    mostLogs: 1,
    latency: [1, 800],
    faults: [{ at: 22_299, type: 'reorg', depth: 5, blocks: 6 }],
    watchers: [
      { ...logs, filter: { address: [tokenA, tokenB] } },
      { ...logs, filter: { address: tokenB } },
      { ...heads, from: 19_000 },
    ],
  },
  'a reorg replaces blocks that had no logs by some that have': {
    ...plain,
    seed: 2_632,
    blockTime: 12_000,
    duration: 444_000,
    mostLogs: 4,
    latency: [20, 20],
    faults: [{ at: 50_755, type: 'reorg', depth: 4, blocks: 4 }],
    watchers: [logs],
  },
  'a stream of logs is confirmed, and its socket cut before anybody says how far the chain is': {
    ...plain,
    seed: 3_745,
    duration: 3_780,
    latency: [1, 800],
    providers: ['both'],
    faults: [
      { at: 987, type: 'ill', provider: 0, lasts: 10_525, conditions: { http: 'failing' } },
      { at: 1_283, type: 'ill', provider: 0, lasts: 1_115, conditions: { http: 'hanging', handshakes: 'refused' } },
      { at: 1_283, type: 'cut', provider: 0 },
    ],
    watchers: [logs],
  },
  'the newest block of a new source is of a new branch, and asked for faster than the old one is pushed': {
    ...plain,
    seed: 1_913,
    blockTime: 100,
    unevenness: 0.2,
    duration: 1_323,
    latency: [1, 800],
    providers: ['both'],
    faults: [{ at: 1_625, type: 'reorg', depth: 2, blocks: 3 }],
    watchers: [heads, { ...logs, filter: { address: tokenA } }],
  },
}
