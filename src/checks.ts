// Checks what users write: lists and options when `failover()` is called, overrides at `with()` and with each request. An
// error names the field, the rule and the value, but never shows an endpoint.

import { protocolOf } from './base/url'
import { toHeaders } from './channel/headers'
import type { FailoverOptions, ProviderConfig, ProviderEntry, RequestOptions } from './options'
import type { BreakerOptions } from './provider/breaker'
import type { RequestOverrides } from './request/route/plan'
import type { Check } from './shape'
import {
  above0,
  among,
  atLeast0,
  count,
  count0,
  each,
  flag,
  fn,
  isCount,
  isFlag,
  isListOf,
  isObject,
  isText,
  number,
  oneOf,
  pathOf,
  refuse,
  rule,
  shape,
  share,
  signal,
  text,
  texts,
} from './shape'

const KINDS = (
  'network timeout server-error invalid-response auth rate-limit quota unsupported-method range-too-large result-too-large ' +
  'missing-state block-not-available filter-not-found batch-refused reverted invalid-params invalid-request ' +
  'transaction-rejected already-known user-rejected parse-error unknown'
).split(' ')
const STRATEGIES = ['priority', 'fastest', 'latency-weighted', 'load-balanced', 'cheapest', 'freshest']
const SUBSCRIPTIONS = ['newHeads', 'logs', 'newPendingTransactions']

const strategy = rule(
  (value) => typeof value === 'function' || STRATEGIES.includes(value as string),
  `a function or one of ${STRATEGIES.join(', ')}`,
)
const sendable = rule(
  (value) => typeof value === 'function' || toHeaders(value) !== undefined,
  'an object of texts that can be sent as headers, or a function that gives one',
  true,
)
const id = rule((value) => isText(value) && !value.includes('://'), 'a text that is not empty and no URL')
const ids = rule((value) => isListOf(isText)(value) && (value as string[]).length > 0, 'a list of at least one id')
const patterns = rule(isListOf(isPattern), 'a list of methods, or prefixes and *')
const blocks = rule((value) => isFlag(value) || isCount(value), 'true, false or a whole number of blocks')
const kind = among(KINDS)
const errorRule = shape({
  code: rule(Number.isInteger, 'a whole number'),
  message: rule((value) => isText(value) || value instanceof RegExp, 'a text that is not empty, or a pattern'),
  kind,
})
const breakerOptions = shape({
  failures: count,
  networkFailures: count,
  ratio: share,
  minimumAttempts: count,
  window: above0,
  openFor: above0,
  maxOpenFor: above0,
})

const provider = shape({
  id,
  http: endpoint(/^https?:$/, 'an http: or https: URL or a viem transport'),
  ws: endpoint(/^wss?:$/, 'a ws: or wss: URL or a viem transport'),
  headers,
  priority: number,
  weight: above0,
  cost: atLeast0,
  backup: flag,
  private: flag,
  wallet: flag,
  capabilities: shape({
    methods: shape({ include: patterns, exclude: patterns }),
    archive: blocks,
    history: shape({ fromBlock: count0, transactions: blocks }),
    logs: shape({ maxBlockRange: count, maxAddresses: count, fromBlock: count0, maxResults: count }),
    subscriptions: rule(
      (value) => isFlag(value) || isListOf((name) => SUBSCRIPTIONS.includes(name as string))(value),
      `true, false or a list of ${SUBSCRIPTIONS.join(', ')}`,
    ),
    errors: errorRules,
  }),
  limits: shape({ requestsPerSecond: above0, burst: count, concurrency: count, batchSize: count }),
  breaker,
})

const overrides = {
  provider: text,
  channel: oneOf('http', 'ws'),
  strategy,
  timeout: atLeast0,
  exclude: texts,
  allowFailover: flag,
}
/** Checks the overrides of `with()`. @param path where they were given. */
export const checkOverrides: (given: RequestOverrides, path: string) => void = shape(overrides)
/** Checks the options of one request. */
export const checkRequestOptions: (given: RequestOptions, path: string) => void = shape({ ...overrides, signal })

const hedgeOptions = shape({ delay: atLeast0, budget: atLeast0 })
const method = shape({ strategy, providers: ids, timeout: atLeast0, hedge, repeat: flag })
export const checkOptions: (given: FailoverOptions, path: string) => void = shape({
  key: text,
  name: text,
  timeout: atLeast0,
  strategy,
  methods,
  hedge,
  retry: shape({ rounds: count, delay: atLeast0, budget: atLeast0 }),
  waitForProvider: flag,
  breaker,
  transactions: shape({ broadcast: oneOf('first', 'all') }),
  consistency: oneOf('head', 'none'),
  maxLag: count0,
  logs: shape({ maxRequests: count, concurrency: count, timeout: atLeast0 }),
  verifyChain: flag,
  subscriptions: oneOf('auto', true, false),
  verify: oneOf('auto', 'strict', false),
  maxBackfillBlocks: shape({ heads: count, logs: count }),
  pollingInterval: above0,
  batch: flag,
  share: flag,
  rank: rule((value) => isFlag(value) || isObject(value), 'true, false or an object'),
  retryCount: count0,
  retryDelay: atLeast0,
  shouldThrow: fn,
})

export function checkList(list: readonly ProviderEntry[]) {
  if (!Array.isArray(list) || list.length === 0) refuse('providers', 'must be a list of at least one provider', list)
  each(list, 'providers', checkEntry)
  // Here first, as the list is counted otherwise once nested ones are taken apart.
  checkIds(
    list.map((entry) => (isObject(entry) ? (entry as ProviderConfig).id : undefined)),
    {},
  )
}

/** Checks that ids are unique, and that the ids under `methods` are in the list. @param ids `undefined` where not known yet */
export function checkIds(ids: readonly (string | undefined)[], given: FailoverOptions) {
  for (const [index, id] of ids.entries())
    if (id !== undefined && ids.indexOf(id) !== index) refuse(`providers[${index}].id`, 'must be unique', id)
  if (ids.includes(undefined)) return
  for (const [method, { providers = [] }] of Object.entries(given.methods ?? {}))
    each(providers, `${pathOf('methods', method)}.providers`, (id, path) => checkKnown(id, ids, path))
}

/** Refuses an id that is not in the list. */
export function checkKnown(id: string, ids: readonly (string | undefined)[], path: string) {
  if (!ids.includes(id)) refuse(path, `must be the id of a provider (there are ${ids.join(', ')})`, id)
}

/** Checks that the providers which overrides name are in the list. */
export function checkNamed({ provider, exclude = [] }: RequestOverrides, ids: readonly string[], path: string) {
  if (provider !== undefined) checkKnown(provider, ids, `${path}.provider`)
  each(exclude, `${path}.exclude`, (id, at) => checkKnown(id, ids, at))
}

function checkEntry(entry: ProviderEntry, path: string) {
  if (typeof entry === 'function') return
  if (typeof entry === 'string')
    return checkUrl(entry, /^(https?|wss?):$/, path, 'must be a URL with http:, https:, ws: or wss:')
  if (!isObject(entry) || entry instanceof URL) refuse(path, 'must be a URL, a viem transport or a provider', entry)
  provider(entry, path)
  if (entry.http === undefined && entry.ws === undefined) refuse(path, 'must have at least one of http and ws', entry)
  if (entry.headers && typeof entry.http !== 'string' && typeof entry.ws !== 'string')
    refuse(`${path}.headers`, 'must be given to the transport itself where neither http nor ws is a URL', entry.headers)
}

function endpoint(protocols: RegExp, wanted: string): Check {
  return (value, path) => {
    if (typeof value === 'string') checkUrl(value, protocols, path, `must be ${wanted}`)
    else if (typeof value !== 'function') refuse(path, `must be ${wanted}`, value)
  }
}

/** Checks an endpoint. Of one that breaks the rule, the error shows only the scheme: the rest may hold a key, or be one. */
function checkUrl(url: string, protocols: RegExp, path: string, sentence: string) {
  const protocol = protocolOf(url) ?? ''
  if (!protocols.test(protocol)) refuse(path, sentence, url && `${protocol}...`)
}

function headers(value: unknown, path: string) {
  // Each header is checked by itself first, to name it: the commonest mistake is an environment variable that is not set.
  if (isObject(value))
    for (const [name, item] of Object.entries(value)) {
      // From the first character that no header name has, the name is not shown: it may be a value in the wrong place.
      const at = pathOf(path, name.replace(/[^\w-].*/s, '...'))
      if (typeof item !== 'string') refuse(at, 'must be a text', item, true)
      if (!toHeaders({ [name]: item })) refuse(at, 'must be a header that can be sent', item, true)
    }
  sendable(value, path)
}

function hedge(value: unknown, path: string) {
  if (value !== false) hedgeOptions(value, path)
}

function methods(value: unknown, path: string) {
  if (!isObject(value)) return refuse(path, 'must be an object by method', value)
  for (const [name, item] of Object.entries(value)) {
    if (!isPattern(name)) refuse(pathOf(path, name), 'must stand under a method, or a prefix and *', item)
    method(item, pathOf(path, name))
  }
}

/** Whether a key is a method name, or a prefix and `*`: with a `*` elsewhere it would never match. */
function isPattern(name: unknown) {
  return isText(name) && !/\*./.test(name)
}

function breaker(value: unknown, path: string) {
  breakerOptions(value, path)
  const { openFor = 0, maxOpenFor = openFor } = value as BreakerOptions
  if (maxOpenFor < openFor) refuse(pathOf(path, 'maxOpenFor'), 'must not be less than openFor', maxOpenFor)
}

function errorRules(value: unknown, path: string) {
  if (!Array.isArray(value)) return refuse(path, 'must be a list of rules', value)
  each(value, path, (item, at) => {
    errorRule(item, at)
    kind(item.kind, `${at}.kind`)
    if (item.code === undefined && item.message === undefined)
      refuse(at, 'must have at least one of code and message', item)
  })
}
