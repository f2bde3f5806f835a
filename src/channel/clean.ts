// Cleans an error (or its data) with everything that can be reached from it: causes, lists, hidden fields. Iterative, bounded,
// safe with cycles. Does not know which texts are secret: the function `text` that it is given does (secrets.ts).

import { field, isObject } from '../base/fields'

export type ErrorSource = {
  /** Id of the provider. */
  provider: string
  method: string
}

/** All objects that can be reached from an error, each once and with its own entries, those nearest to the error first. */
export type Graph = ReadonlyMap<object, readonly Entry[]>

type Entry = readonly [key: PropertyKey, value: unknown]
type Clean = (text: string) => string

export const MASK = '***'
/** Most objects of one error that are looked at, and most items of one list. What lies beyond is masked. */
const MOST_NODES = 10_000

export function reach(root: object): Graph {
  const graph = new Map([[root, entriesOf(root)]])
  for (const entries of graph.values()) {
    for (const [, value] of entries) {
      if (!isObject(value) || graph.has(value) || graph.size >= MOST_NODES) continue
      if (Array.isArray(value) && value.length > MOST_NODES) continue
      // Opaque objects are not looked into, but the `error` of a socket's event is.
      graph.set(value, isOpaque(value) ? [['error', field(value, 'error')]] : entriesOf(value))
    }
  }
  return graph
}

/** The endpoints that viem's errors, sockets and responses name: a `webSocket()` entry shows its URL nowhere else. */
export function urlsOf(graph: Graph): string[] {
  return [...graph.keys()]
    .filter((node) => isOpaque(node) || isViemError(node))
    .flatMap((node) => [field(node, 'url'), field(field(node, 'target'), 'url')])
    .filter((url): url is string => typeof url === 'string' && /^(http|ws)s?:\/\//i.test(url))
}

/**
 * Cleans a graph: errors in place if they can be written to, all else by copies of what has to change. If no secret is known
 * (`hasSecrets`), only the fields of viem's errors change.
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

  // Children come after their parents in the graph, so that one pass backwards finds nearly all objects that must be copied.
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

/** The response headers that an error keeps: others may hold cookies. */
export function keepHeaders(headers: Headers, clean: Clean): Headers {
  const kept = new Headers()
  for (const name of ['retry-after', 'date', 'content-type']) {
    const value = headers.get(name)
    if (value) kept.set(name, clean(value))
  }
  return kept
}

/** Sets the cause of an error of viem. If the constructor got it, the cause's message would replace the `details`. */
export function withCause(error: Error, cause: unknown): Error {
  if (cause) Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true })
  return error
}

/** Whether a value is an error, of this or another realm. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

/**
 * Whether an object may hold text that its own fields do not show. Plain objects of any realm, lists and errors show all they
 * have; dates and bytes have no text.
 */
export function isOpaque(value: object) {
  if (Array.isArray(value) || isError(value) || value instanceof Date || ArrayBuffer.isView(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype !== null && Object.getPrototypeOf(prototype) !== null
}

// viem prints the endpoint and the whole request into messages, also into those of the errors around it. These lines, and no
// others, are replaced by the provider's id and the method.
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
  if (ArrayBuffer.isView(node)) return [] // its entries would be its bytes
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

// An empty object of the same class, for the fields to be copied to. A DOMException, whose message cannot be written, becomes
// a plain error.
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
