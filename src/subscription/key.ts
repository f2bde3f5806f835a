// The params of an `eth_subscribe` -> the key that equal ones share. Pure. Params that no node could take are refused here.

import type { Hex } from 'viem'
import { keccak256, stringToBytes } from 'viem'
import { jsonLength } from '../base/json'
import { InvalidOptionsError } from '../errors'
import type { LogMatch } from '../rpc/bloom'

export type SubscriptionKey = {
  /** Equal for equal params. */
  readonly id: string
  /** The key as it is shown: the kind, and a hash for other params, which may be a secret. Computed at each access. */
  readonly name: string
  /** `newHeads`, `logs`, ... */
  readonly kind: string
  /** The params as they are sent. */
  readonly params: readonly unknown[]
  /** The filter of `logs`, in canonical form; empty for other kinds. */
  readonly filter: LogMatch
}

const ADDRESS = /^0x[\da-f]{40}$/i
const TOPIC = /^0x[\da-f]{64}$/i
const MOST_TOPICS = 4
/** The kinds of geth, which are shown by name. Any other name is the caller's own word, and may be a secret. */
const KINDS = ['newHeads', 'logs', 'newPendingTransactions', 'syncing']

/** @throws InvalidOptionsError for a filter that breaks a rule, and for params that are no JSON */
export function subscriptionKeyOf(params: readonly unknown[]): SubscriptionKey {
  if (!Array.isArray(params) || typeof params[0] !== 'string' || params[0] === '')
    return refuse('params', 'must be a list that begins with the kind of the subscription', params)
  const kind = params[0] as string
  const filter = kind === 'logs' ? canonicalFilter(params[1] ?? {}) : {}
  const sent = kind === 'logs' ? [kind, filter] : kind === 'newHeads' ? [kind] : params
  if (jsonLength(sent) === undefined) refuse('params', 'must be JSON, without BigInt and cycles', params)
  const id = stableJson(sent)
  return {
    id,
    kind,
    params: sent,
    filter,
    get name() {
      return nameOf(kind, sent, id)
    },
  }
}

function nameOf(kind: string, params: readonly unknown[], id: string) {
  const shown = KINDS.includes(kind) ? kind : 'other'
  return params.length > 1 || shown !== kind ? `${shown}#${keccak256(stringToBytes(id)).slice(2, 10)}` : kind
}

/** Removes what makes no difference: case, the order of addresses and alternatives, empty lists, `null`s at the end. */
function canonicalFilter(given: unknown): LogMatch {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return refuse('params[1]', 'must be a filter of logs', given)
  const { address, topics, fromBlock, toBlock, ...others } = given as Record<string, unknown>
  for (const [name, value] of Object.entries(others))
    refuse(`params[1].${name}`, 'is no field of a filter (there are address and topics)', value)
  for (const [name, block] of Object.entries({ fromBlock, toBlock }))
    if (block != null && block !== 'latest')
      refuse(
        `params[1].${name}`,
        'must be left out: a subscription starts now (`transport.logs(filter, { fromBlock })` takes it beside the filter)',
        block,
      )
  const addresses = valuesOf(address, ADDRESS, 'params[1].address', 'an address of 20 bytes')
  const wanted = topicsOf(topics)
  return {
    ...(addresses !== null && { address: addresses }),
    ...(wanted.length > 0 && { topics: wanted }),
  }
}

function topicsOf(topics: unknown): (Hex | Hex[] | null)[] {
  if (topics == null) return []
  if (!Array.isArray(topics) || topics.length > MOST_TOPICS)
    return refuse('params[1].topics', `must be a list of at most ${MOST_TOPICS} topics`, topics)
  const wanted = topics.map((topic, index) =>
    valuesOf(topic, TOPIC, `params[1].topics[${index}]`, 'a topic of 32 bytes'),
  )
  while (wanted.length > 0 && wanted.at(-1) === null) wanted.pop()
  return wanted
}

function valuesOf(value: unknown, form: RegExp, path: string, what: string): Hex | Hex[] | null {
  if (value == null) return null
  const values = Array.isArray(value) ? value : [value]
  for (const one of values)
    if (typeof one !== 'string' || !form.test(one)) refuse(path, `must be ${what}, or a list of them`, one)
  const unique = [...new Set(values.map((one: string) => one.toLowerCase() as Hex))].sort()
  return unique.length > 1 ? unique : (unique[0] ?? null)
}

/** JSON that does not depend on the order of fields. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

function refuse(path: string, rule: string, value: unknown): never {
  throw new InvalidOptionsError({ path, rule, value, isSecret: true })
}
