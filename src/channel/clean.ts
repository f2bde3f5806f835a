// Cleans an error, or data of one, with everything that hangs on it: causes, lists, hidden fields. Iterative, bounded,
// safe with cycles. Does not know which texts are secret: `text` removes those (secrets.ts).

import { field, isObject } from '../base/fields'

export type ErrorSource = {
  /** Id of the provider. */
  provider: string
  method: string
}

/** What hangs on an error: each object once, with its own entries, those nearest to the error first. */
export type Graph = ReadonlyMap<object, readonly Entry[]>

type Entry = readonly [key: PropertyKey, value: unknown]
type Clean = (text: string) => string

export const MASK = '***'
/** Objects looked at in one error, and items of one list; what lies beyond is masked. */
const MOST_NODES = 10_000

export function reach(root: object): Graph {
  const graph = new Map([[root, entriesOf(root)]])
  for (const entries of graph.values()) {
    for (const [, value] of entries) {
      if (!isObject(value) || graph.has(value) || graph.size >= MOST_NODES) continue
      if (Array.isArray(value) && value.length > MOST_NODES) continue
      // A socket's event is opaque, but for the error it tells of.
      graph.set(value, isOpaque(value) ? [['error', field(value, 'error')]] : entriesOf(value))
    }
  }
  return graph
}

/** Endpoints named by viem's errors, sockets and responses: a `webSocket()` entry shows its URL nowhere else. */
export function urlsOf(graph: Graph): string[] {
  return [...graph.keys()]
    .filter((node) => isOpaque(node) || isViemError(node))
    .flatMap((node) => [field(node, 'url'), field(field(node, 'target'), 'url')])
    .filter((url): url is string => typeof url === 'string' && /^(http|ws)s?:\/\//i.test(url))
}

/**
 * Cleans a graph: errors in place where they can be written to, all else by copying what has to change.
 * Without any secret known (`hasSecrets`) only the fields of viem's errors change.
 */
export function cleanGraph(
  root: object,
  { graph, source, text, hasSecrets }: { graph: Graph; source: ErrorSource; text: Clean; hasSecrets: boolean },
): object {
  const clean = withLines(graph, source, text)
  const isClean = (value: unknown) => typeof value !== 'string' || clean(value) === value
  const copies = new Map<object, object>()

  function convert(node: object, [key, value]: Entry): unknown {
    if (isViemError(node)) {
      if (key === 'url' && typeof value === 'string') return source.provider
      if (key === 'body' && isObject(value)) return { method: source.method }
      if (key === 'headers' && isHeaders(value)) return keepHeaders(value, clean)
    }
    if (typeof value === 'string') return clean(value)
    if (!isObject(value)) return value
    if (!hasSecrets || (graph.has(value) && !isOpaque(value))) return copies.get(value) ?? value
    const inner = graph.get(value)?.[0]?.[1]
    return isError(inner) ? (copies.get(inner) ?? inner) : MASK
  }

  const isOpen = (node: object, entries: readonly Entry[]) =>
    isError(node) &&
    entries.every(([key]) => isWritable(node, key) && isClean(key)) &&
    (Object.hasOwn(node, 'message') || isClean(node.message))
  const mustCopy = (node: object, entries: readonly Entry[]) =>
    entries.some((entry) => convert(node, entry) !== entry[1] || !isClean(entry[0])) || !isClean(field(node, 'message'))

  // Children come after their parents, so that backwards one pass finds nearly all that must be copied.
  const walked = [...graph].filter(([node]) => node === root || !isOpaque(node))
  const closed = walked.filter(([node, entries]) => !isOpen(node, entries)).reverse()
  for (let before = -1; before < copies.size; ) {
    before = copies.size
    for (const [node, entries] of closed)
      if (!copies.has(node) && mustCopy(node, entries)) copies.set(node, blankOf(node, clean))
  }
  for (const [node, entries] of walked) {
    const target = copies.get(node) ?? node
    for (const entry of entries) {
      const value = convert(node, entry)
      if (target !== node || value !== entry[1]) define(target, node, entry[0], value, clean)
    }
  }
  return copies.get(root) ?? root
}

/** Response headers worth keeping on an error: the others may hold cookies. */
export function keepHeaders(headers: Headers, clean: Clean): Headers {
  const kept = new Headers()
  for (const name of ['retry-after', 'date', 'content-type']) {
    const value = headers.get(name)
    if (value) kept.set(name, clean(value))
  }
  return kept
}

/** Given to the constructor of viem's classes, the message of a cause would replace the details. */
export function withCause(error: Error, cause: unknown): Error {
  if (cause) Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true })
  return error
}

/** Whether a value is an error, of this or another realm. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

/**
 * Whether an object keeps things to itself. Plain objects of any realm, lists and errors show all they have; dates and
 * bytes have no text.
 */
export function isOpaque(value: object) {
  if (Array.isArray(value) || isError(value) || value instanceof Date || ArrayBuffer.isView(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype !== null && Object.getPrototypeOf(prototype) !== null
}

// viem prints the endpoint and the whole request, also into the messages of what it wraps: exactly these lines become
// the provider's id and the method.
function withLines(graph: Graph, { provider, method }: ErrorSource, text: Clean): Clean {
  const lines = new Map<string, string>()
  for (const node of graph.keys()) {
    const printed = isViemError(node) ? field(node, 'metaMessages') : undefined
    for (const line of Array.isArray(printed) ? printed.map(String) : []) {
      if (line.startsWith('URL: ')) lines.set(text(line), `URL: ${provider}`)
      if (line.startsWith('Request body: ')) lines.set(text(line), `Request body: ${JSON.stringify({ method })}`)
    }
  }
  return (value) => {
    let rest = text(value)
    for (const [line, neat] of lines) if (rest.includes(line)) rest = rest.replaceAll(line, () => neat)
    return rest
  }
}

function entriesOf(node: object): Entry[] {
  if (ArrayBuffer.isView(node)) return [] // one entry a byte
  return Reflect.ownKeys(node).map((key) => [key, field(node, key)])
}

function isViemError(node: object) {
  return isError(node) && typeof field(node, 'shortMessage') === 'string'
}

function isHeaders(value: unknown): value is Headers {
  return typeof field(value, 'get') === 'function'
}

function isWritable(node: object, key: PropertyKey) {
  const property = Object.getOwnPropertyDescriptor(node, key)
  return property?.configurable === true || property?.writable === true
}

// Same class; fields follow. What keeps its message where nothing can be written (DOMException) becomes a plain error.
function blankOf(node: object, clean: Clean): object {
  if (Array.isArray(node)) return []
  if (!isError(node) || Object.hasOwn(node, 'message')) return Object.create(Object.getPrototypeOf(node))
  return Object.assign(new Error(clean(node.message)), { name: node.name, code: field(node, 'code') })
}

function define(target: object, node: object, key: PropertyKey, value: unknown, clean: Clean) {
  const { enumerable = true, configurable = true } = Object.getOwnPropertyDescriptor(node, key) ?? {}
  const name = typeof key === 'string' && target !== node ? clean(key) : key
  Object.defineProperty(target, name, { value, enumerable, configurable, writable: true })
}
