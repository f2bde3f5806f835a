// Keeps endpoints and keys out of everything that leaves a channel: knows the secrets of a provider, removes them from
// texts, data and errors, whatever their depth. Judges no error and changes nothing in which no secret occurs.

import { BaseError, WebSocketRequestError } from 'viem'
import { field, isObject } from '../base/fields'
import type { UrlParts } from '../base/url'
import { partsOf } from '../base/url'
import type { ErrorSource } from './clean'
import { cleanGraph, isError, isOpaque, MASK, reach, urlsOf } from './clean'

export type Secrets = {
  /** Endpoints, as configured. */
  urls?: readonly string[] | undefined
  /** Values of request headers. */
  headers?: readonly string[] | undefined
}

export type Redactor = {
  /** The text with every secret in it replaced. */
  text(value: string): string
  /**
   * An error, or data of one, that comes from below. viem's classes get the provider's id as `url` and only the
   * method as `body`. Same class, code and data; the same object where it can be written to. Never throws.
   */
  clean(value: unknown, source: ErrorSource): unknown
  /** Makes more secrets known, for good. */
  add(secrets: Secrets): void
  /** Makes secrets known that change with time; the newest few hundred are kept. */
  addPassing(secrets: Secrets): void
}

/** Shorter parts of a URL are words, not keys. */
const SHORTEST_SECRET = 8
const MOST_PASSING = 256

export function createRedactor(known: Secrets = {}): Redactor {
  let lasting: readonly string[] = []
  let passing: readonly string[] = []
  let secrets: readonly string[] = []

  function text(value: string) {
    let rest = value
    for (const secret of secrets)
      if (rest.length >= secret.length && rest.includes(secret)) rest = rest.replaceAll(secret, MASK)
    return rest
  }

  function add(more: Secrets) {
    lasting = [...lasting, ...newOf(more)]
    merge()
  }

  function addPassing(more: Secrets) {
    const fresh = newOf(more)
    if (!fresh.length) return
    passing = [...fresh, ...passing].slice(0, MOST_PASSING)
    merge()
  }

  function newOf({ urls = [], headers = [] }: Secrets) {
    const found = new Set([...urls.flatMap(secretsOfUrl), ...headers.flatMap(secretsOfHeader)])
    return [...found].filter((one) => !secrets.includes(one))
  }

  // The longest first, so that a URL goes as a whole.
  function merge() {
    secrets = [...new Set([...lasting, ...passing])].sort((a, b) => b.length - a.length)
  }

  function clean(value: unknown, source: ErrorSource): unknown {
    if (typeof value === 'string') return text(value)
    if (!isObject(value)) return value
    try {
      const graph = reach(value)
      const urls = urlsOf(graph).filter((url) => !secrets.includes(url))
      if (urls.length) addPassing({ urls })
      // An event of a socket that could not be opened: viem's webSocket() rejects with it.
      if (isOpaque(value) && field(value, 'type') && isObject(field(value, 'target')))
        return clean(errorOfEvent(value, source), source)
      return cleanGraph(value, { graph, source, text, hasSecrets: secrets.length > 0 })
    } catch {
      // A proxy that throws: nothing of it can be shown for sure.
      return new BaseError('The provider failed with an error that cannot be read.')
    }
  }

  add(known)
  return { text, clean, add, addPassing }
}

/** Labels of a host name that look like a key or a private name rather than like words. */
export function secretLabels(host: string): string[] {
  if (/^[\d.]+$|:/.test(host)) return []
  return host.split('.').filter((label, index) => {
    if (label.length < SHORTEST_SECRET) return false
    if (index === 0 && host.endsWith('.quiknode.pro')) return true
    const digits = label.replace(/\D/g, '').length
    const changes = label.match(/\d[a-z]|[a-z](?=\d)/gi)?.length ?? 0
    return digits >= 8 || (digits >= 3 && changes >= 3) || /[a-z\d]{24}/i.test(label)
  })
}

function secretsOfUrl(url: string): string[] {
  let parsed: UrlParts
  try {
    parsed = partsOf(url)
  } catch {
    // A path of a local socket, or a URL only the platform's client will refuse: secret as a whole.
    return formsOf(url)
  }
  const { href, bare, username = '', password = '', pathname, search, hash, hostname } = parsed
  return [
    ...[url, href, bare].flatMap((whole) => [whole, whole.replace(/\/$/, '')]),
    ...secretLabels(hostname),
    ...[`${username}:${password}`, username, password, hash.slice(1), ...pathname.split('/')].flatMap(formsOf),
    ...search.split(/[?&]/).flatMap((field) => formsOf(field.slice(field.indexOf('=') + 1))),
    basicOf(username, password),
  ].filter((secret) => secret.length >= SHORTEST_SECRET)
}

/** User info of a URL, as it stands there, as Basic authorization has it; empty if there is none. */
export function basicOf(username = '', password = ''): string {
  if (!username && !password) return ''
  const bytes = new TextEncoder().encode(apply(decodeURIComponent, `${username}:${password}`))
  return btoa(String.fromCharCode(...bytes))
}

function secretsOfHeader(value: string): string[] {
  return [value, value.replace(/^\S+\s+/, '')].flatMap(formsOf)
}

function formsOf(part: string): string[] {
  const decoded = apply(decodeURIComponent, part)
  const forms = [part, decoded, decoded.replaceAll('+', ' '), apply(encodeURIComponent, decoded)]
  return forms.filter((form) => form.length >= SHORTEST_SECRET)
}

function apply(transform: (text: string) => string, text: string) {
  try {
    return transform(text)
  } catch {
    return text // not encoded, or not encodable: nobody sends it in this form
  }
}

function errorOfEvent(event: object, { provider, method }: ErrorSource) {
  const cause = field(event, 'error')
  return new WebSocketRequestError({
    body: { method },
    cause: isError(cause) ? cause : undefined,
    details: String(field(event, 'message') || field(event, 'reason') || 'The socket could not be opened.'),
    url: provider,
  })
}
