// An HTTP channel over a scripted fetch on the manual clock, and many who ask it at once.

import type { Batch, Travel } from '../../src/channel/channel'
import type { HttpBatchOptions } from '../../src/channel/http'
import { createHttpChannel } from '../../src/channel/http'
import { createManualClock } from '../support/manual-clock'
import { createScriptedFetch } from '../support/scripted-fetch'

export const SECRET = 'a-very-secret-key'

export type Asked = { key?: unknown; isAlone?: boolean; size?: number; isDirect?: boolean; method?: string }

export function setUpBatches(
  batches: HttpBatchOptions = {},
  options: { latency?: number; maxResponseBodySize?: number } = {},
) {
  const { latency = 10, ...rest } = options
  const clock = createManualClock()
  const server = createScriptedFetch(clock, latency)
  const refused: number[] = []
  const channel = createHttpChannel({
    url: `https://one.example/${SECRET}`,
    provider: 'one',
    fetch: server.fetch,
    batches: { onRefused: (most) => refused.push(most), ...batches },
    ...rest,
  })

  /** Asks for `param`; the answer is noted, with its time. */
  function ask(param: unknown, asked: Asked = {}) {
    const { key, isAlone = false, size = 20, isDirect = false, method = 'eth_getBalance' } = asked
    const seen = { at: -1, value: undefined as unknown, error: undefined as any, left: [] as (Batch | undefined)[] }
    const travel: Travel = {
      isAlone,
      key,
      size: () => size,
      onLeave: (batch) => void seen.left.push(batch),
      giveUp: undefined,
    }
    channel.request({ method, params: [param] }, isDirect ? {} : { travel }).then(
      (value) => Object.assign(seen, { value, at: clock.now() }),
      (error) => Object.assign(seen, { error, at: clock.now() }),
    )
    return { seen, giveUp: () => travel.giveUp?.() }
  }

  const many = (count: number, asked?: Asked, from = 0) =>
    Array.from({ length: count }, (_, index) => ask(from + index, asked))
  const shape = () => server.posts.map(({ asked, isBatch }) => (isBatch ? asked.length : 'single'))
  return { clock, server, channel, refused, ask, many, shape }
}

export const values = (asked: readonly { seen: { value: unknown } }[]) => asked.map(({ seen }) => seen.value)
export const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)
