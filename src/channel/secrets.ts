// Keeps endpoints and keys out of everything that leaves a channel. Knows the secrets of a provider and removes them from
// texts, data and errors of any depth. Judges no error.

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
   * Cleans an error that comes from below, or data of one. Errors of viem get the provider's id as `url`, and only the method
   * as `body`. Class, code and data stay the same; so does the object, if it can be written to. Never throws.
   */
  clean(value: unknown, source: ErrorSource): unknown
  /** Adds secrets for good. */
  add(secrets: Secrets): void
  /** Adds secrets that change with time, such as tokens: only the newest 256 are kept. */
  addPassing(secrets: Secrets): void
}

/** Shorter parts of a URL (in characters) are taken for words, not for keys. */
const SHORTEST_SECRET = 8
/** Passing secrets that are kept: past it the oldest is forgotten. */
const MOST_PASSING = 256

export function createRedactor(): Redactor {
  const lasting = new Set<string>()
  /** The newest last. */
  const passing = new Set<string>()
  /** All of them, the longest first, so that a URL is replaced as a whole, not part by part; sorted when it is needed. */
  let secrets: readonly string[] | undefined

  function text(value: string) {
    secrets ??= [...lasting, ...passing].sort((a, b) => b.length - a.length)
    let rest = value
    for (const secret of secrets)
      if (rest.length >= secret.length && rest.includes(secret)) rest = rest.replaceAll(secret, MASK)
    return rest
  }

  function add({ urls = [], headers = [] }: Secrets, to = lasting) {
    for (const secret of [...urls.flatMap(secretsOfUrl), ...headers.flatMap(secretsOfHeader)]) {
      if (lasting.has(secret)) continue
      if (!to.delete(secret)) secrets = undefined
      to.add(secret)
    }
    for (const oldest of passing) if (passing.size > MOST_PASSING) passing.delete(oldest)
  }

  const addPassing = (more: Secrets) => add(more, passing)

  function clean(value: unknown, source: ErrorSource): unknown {
    if (typeof value === 'string') return text(value)
    if (!isObject(value)) return value
    try {
      const graph = reach(value)
      addPassing({ urls: urlsOf(graph) })
      // viem's webSocket() rejects with the event of a socket that could not be opened.
      if (isOpaque(value) && field(value, 'type') && isObject(field(value, 'target')))
        return clean(errorOfEvent(value, source), source)
      return cleanGraph(value, { graph, source, text, hasSecrets: lasting.size + passing.size > 0 })
    } catch {
      // A proxy that throws: nothing of it is sure to be clean.
      return new BaseError('The provider failed with an error that cannot be read.')
    }
  }

  return { text, clean, add: (more) => add(more), addPassing }
}

/**
 * The redactor for one socket, whose headers are in use for long: those that it was told of last are renewed before each use, as
 * the headers of many requests may have passed since.
 */
export function renewing(redactor: Redactor): Redactor {
  let latest: Secrets = {}
  const renew = () => redactor.addPassing(latest)
  return {
    ...redactor,
    addPassing(more) {
      latest = more
      renew()
    },
    text(value) {
      renew()
      return redactor.text(value)
    },
    clean(value, source) {
      renew()
      return redactor.clean(value, source)
    },
  }
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
    // It is the path of a local socket, or a malformed URL that the client will refuse: secret as a whole.
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

/** The user info of a URL (percent-encoded, as it stands there) in the form of Basic authorization; empty if there is none. */
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
    return text // it is not encoded, or cannot be: then it never shows in the other form
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
