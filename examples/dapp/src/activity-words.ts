// The transport's events as sentences for people. Which of them are worth a line is decided here.

import type { EventMap, FailoverValue } from 'viem-lasso'

export type Tone = 'good' | 'bad' | 'plain'

export type Entry = {
  readonly kind: string
  readonly text: string
  readonly tone: Tone
}

type Words = { readonly [name in keyof EventMap]?: (event: EventMap[name]) => Omit<Entry, 'kind'> | undefined }

const words: Words = {
  breaker: ({ provider, channel, from, to, wait }) => {
    if (to === 'closed') return { text: `${provider} (${channel}) works again: its breaker closes.`, tone: 'good' }
    if (to === 'half-open') return undefined
    const pause = wait === undefined ? '' : ` for ${(wait / 1_000).toFixed(1)} s`
    const why = from === 'closed' ? 'keeps failing' : 'failed its probe'
    return { text: `${provider} (${channel}) ${why}: left alone${pause}.`, tone: 'bad' }
  },
  failover: ({ method, from, to, why }) => ({
    text: `${method}: ${from.provider} (${from.channel}) → ${to.provider} (${to.channel}), ${why}.`,
    tone: 'plain',
  }),
  connection: ({ provider, from, to, why = 'closed' }) => {
    if (to === 'open') return { text: `${provider}: socket open.`, tone: 'good' }
    if (to !== 'waiting') return undefined
    return { text: `${provider}: ${from === 'open' ? `socket lost (${why})` : 'no socket yet'}.`, tone: 'bad' }
  },
  subscription: ({ key, to, provider }) => {
    const stream = key.startsWith('logs') ? 'Transfers' : 'Blocks'
    if (to === 'live') return { text: `${stream} come live from ${provider}.`, tone: 'good' }
    if (to === 'polling') return { text: `${stream} are polled: no socket serves them.`, tone: 'plain' }
    return to === 'switching' ? { text: `${stream} move to another provider.`, tone: 'plain' } : undefined
  },
  limit: ({ provider, kind, cooldown }) => ({
    text: `${provider} says ${kind}: left alone for ${(cooldown / 1_000).toFixed(1)} s.`,
    tone: 'bad',
  }),
  capability: ({ provider, what, from, to }) => ({ text: `${provider}, ${what}: ${from} → ${to}.`, tone: 'plain' }),
  reorg: ({ depth, from, to }) => ({ text: `A reorg of ${depth} at blocks ${from} to ${to}.`, tone: 'plain' }),
  gap: ({ from, to, late }) => ({
    text: late ? `Events of blocks ${from} to ${to} come late.` : `Blocks ${from} to ${to} could not be had.`,
    tone: late ? 'plain' : 'bad',
  }),
}

/** Returns the off-function. */
export function listen({ on }: Pick<FailoverValue, 'on'>, tell: (entry: Entry) => void): () => void {
  const offs = (Object.keys(words) as (keyof Words)[]).map((kind) =>
    on(kind, (event) => {
      const said = (words[kind] as (given: typeof event) => ReturnType<NonNullable<Words['breaker']>>)(event)
      if (said) tell({ kind, ...said })
    }),
  )
  return () => {
    for (const off of offs) off()
  }
}
