// The one check of what users write, made when `failover()` is called (and for each request's overrides). It says the field,
// the rule and the value, and never an endpoint.

import type { Reader, Refuse, Rule, Shape } from './base/shape'
import { oneOf, orElse, pathOf, readShape, rules } from './base/shape'
import { InvalidOptionsError } from './errors'
import type { FailoverOptions, ProviderConfig, ProviderEntry } from './options'
import type { RequestOverrides } from './request/plan'

const KINDS = (
  'network timeout server-error invalid-response auth rate-limit quota unsupported-method range-too-large result-too-large ' +
  'missing-state block-not-available filter-not-found batch-refused reverted invalid-params invalid-request ' +
  'transaction-rejected already-known user-rejected parse-error unknown'
).split(' ')
const STRATEGIES = ['priority', 'fastest', 'latency-weighted', 'load-balanced', 'cheapest', 'freshest']

const strategy: Rule = [
  (value) => typeof value === 'function' || STRATEGIES.includes(value as string),
  `must be a function or one of ${STRATEGIES.join(', ')}`,
]
const headers: Rule = [
  (value) =>
    typeof value === 'function' ||
    // A Headers or a Map shows none of its entries as fields: taken for an object of texts, it would be an empty one.
    (isObject(value) && !(Symbol.iterator in value) && Object.values(value).every((item) => typeof item === 'string')),
  'must be an object of texts, or a function that gives one',
]
const blocks: Rule = [
  (value) => typeof value === 'boolean' || rules.count0[0](value),
  'must be true, false or a whole number of blocks',
]
const KINDS_OF_SUBSCRIPTION = ['newHeads', 'logs', 'newPendingTransactions']
const subscriptionKinds: Rule = [
  (value) =>
    typeof value === 'boolean' || (Array.isArray(value) && value.every((kind) => KINDS_OF_SUBSCRIPTION.includes(kind))),
  `must be true, false or a list of ${KINDS_OF_SUBSCRIPTION.join(', ')}`,
]
const capabilities: Shape = {
  methods: { include: rules.texts, exclude: rules.texts },
  archive: blocks,
  history: { fromBlock: rules.count0, transactions: blocks },
  logs: { maxBlockRange: rules.count, maxAddresses: rules.count, fromBlock: rules.count0, maxResults: rules.count },
  subscriptions: subscriptionKinds,
  errors: errorRules,
}
const breaker: Shape = {
  failures: rules.count,
  networkFailures: rules.count,
  ratio: rules.share,
  minimumAttempts: rules.count,
  window: rules.above0,
  openFor: rules.above0,
  maxOpenFor: rules.above0,
}
const hedge: Reader = orElse(false, { delay: rules.atLeast0, budget: rules.atLeast0 })

const provider: Shape = {
  id: rules.text,
  http: endpoint(/^https?:$/, 'an http: or https: URL or a viem transport'),
  ws: endpoint(/^wss?:$/, 'a ws: or wss: URL or a viem transport'),
  headers,
  priority: rules.number,
  weight: rules.above0,
  cost: rules.atLeast0,
  backup: rules.flag,
  private: rules.flag,
  wallet: rules.flag,
  capabilities,
  limits: { requestsPerSecond: rules.above0, burst: rules.count, concurrency: rules.count, batchSize: rules.count },
  breaker,
}

const overrides: Shape = {
  provider: rules.text,
  channel: oneOf('http', 'ws'),
  strategy,
  timeout: rules.atLeast0,
  exclude: rules.texts,
  allowFailover: rules.flag,
}

const options: Shape = {
  key: rules.text,
  name: rules.text,
  timeout: rules.atLeast0,
  strategy,
  methods,
  hedge,
  retry: { rounds: rules.count, delay: rules.atLeast0, budget: rules.atLeast0 },
  waitForProvider: rules.flag,
  breaker,
  transactions: { broadcast: oneOf('first', 'all') },
  consistency: oneOf('head', 'none'),
  maxLag: rules.count0,
  logs: { maxRequests: rules.count, concurrency: rules.count, timeout: rules.atLeast0 },
  verifyChain: rules.flag,
  subscriptions: oneOf('auto', true, false),
  verify: oneOf('auto', 'strict', false),
  maxBackfillBlocks: { heads: rules.count, logs: rules.count },
  pollingInterval: rules.above0,
  batch: rules.flag,
  share: rules.flag,
  rank: [(value: unknown) => typeof value === 'boolean' || isObject(value), 'must be true, false or an object'],
  retryCount: rules.count0,
  retryDelay: rules.atLeast0,
  shouldThrow: rules.fn,
}

export function checkList(list: readonly ProviderEntry[]) {
  if (!Array.isArray(list) || list.length === 0) refuse('providers', 'must be a list of at least one provider', list)
  for (const [index, entry] of list.entries()) checkEntry(entry, `providers[${index}]`)
  checkUnique(list.map((entry) => (isObject(entry) ? (entry as ProviderConfig).id : undefined)))
}

export function checkOptions(given: FailoverOptions) {
  if (!isObject(given)) refuse('options', 'must be an object', given)
  readShape(given, options, '', refuse)
}

/** @param path where they were given. */
export function checkOverrides(given: RequestOverrides, path = 'with') {
  readShape(given, overrides, path, refuse)
}

/** Ids must be unique, and those that options name must be in the list. */
export function checkIds(ids: readonly string[], given: FailoverOptions) {
  checkUnique(ids)
  for (const [method, { providers = [] }] of Object.entries(given.methods ?? {}))
    for (const [index, id] of providers.entries())
      checkKnown(id, ids, `${pathOf('methods', method)}.providers[${index}]`)
}

function checkUnique(ids: readonly (string | undefined)[]) {
  for (const [index, id] of ids.entries())
    if (id !== undefined && ids.indexOf(id) !== index) refuse(`providers[${index}].id`, 'must be unique', id)
}

/** Refuses an id that is not in the list. */
export function checkKnown(id: string, ids: readonly string[], path: string) {
  if (!ids.includes(id)) refuse(path, `must be the id of a provider (there are ${ids.join(', ')})`, id)
}

export const refuse: Refuse = (path, rule, value) => {
  throw new InvalidOptionsError({ path, rule, value })
}

function checkEntry(entry: ProviderEntry, path: string) {
  if (typeof entry === 'function') return
  if (typeof entry === 'string') {
    if (!/^(https?|wss?):$/.test(protocolOf(entry) ?? ''))
      refuse(path, 'must be a URL with http:, https:, ws: or wss:', schemeOf(entry))
    return
  }
  if (!isObject(entry)) refuse(path, 'must be a URL, a viem transport or a provider', entry)
  readShape(entry, provider, path, refuse)
  const { http, ws } = entry as ProviderConfig
  if (http === undefined && ws === undefined) refuse(path, 'must have at least one of http and ws', entry)
}

function endpoint(protocols: RegExp, wanted: string): Reader {
  return (value, path) => {
    if (typeof value === 'function') return
    if (typeof value !== 'string') refuse(path, `must be ${wanted}`, value)
    else if (!protocols.test(protocolOf(value) ?? '')) refuse(path, `must be ${wanted}`, schemeOf(value))
  }
}

function methods(value: unknown, path: string) {
  if (!isObject(value)) refuse(path, 'must be an object by method', value)
  const shape: Shape = { strategy, providers: rules.texts, timeout: rules.atLeast0, hedge, repeat: rules.flag }
  for (const [method, item] of Object.entries(value as object)) readShape(item, shape, pathOf(path, method), refuse)
}

function errorRules(value: unknown, path: string) {
  if (!Array.isArray(value)) return refuse(path, 'must be a list of rules', value)
  const message: Rule = [
    (text) => (typeof text === 'string' && text !== '') || text instanceof RegExp,
    'must be a text that is not empty, or a pattern',
  ]
  const code: Rule = [(number) => Number.isInteger(number), 'must be a whole number']
  const kind: Rule = [(name) => KINDS.includes(name as string), `must be one of ${KINDS.join(', ')}`]
  for (const [index, rule] of value.entries()) {
    const at = `${path}[${index}]`
    readShape(rule, { code, message, kind }, at, refuse)
    if (rule.kind === undefined) refuse(`${at}.kind`, kind[1], rule.kind)
    if (rule.code === undefined && rule.message === undefined)
      refuse(at, 'must have at least one of code and message', rule)
  }
}

/** The scheme of a URL, such as `https:`; `undefined` if it is no URL. */
export function protocolOf(url: string): string | undefined {
  try {
    return new URL(url).protocol
  } catch {
    return undefined
  }
}

/** What may be shown of a text that was to be an endpoint: it may hold a key, or be one. */
function schemeOf(endpoint: string): string {
  return endpoint && `${protocolOf(endpoint) ?? ''}...`
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
