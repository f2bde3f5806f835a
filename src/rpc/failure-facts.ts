// Reads the facts that classify a failure from anything that was thrown: code, status, texts, revert data. Never throws. Pure.
// Errors of viem are recognised by name and fields. Their long message (URL, request body) is never read.

import { field } from '../base/fields'

export type Facts = {
  /** Names of the errors along the chain of causes, outermost first, each between spaces. */
  names: string
  /** Whether the provider gave a JSON-RPC error object. */
  isRpc: boolean
  code?: number
  /** The code of the error that a wallet or gateway wrapped into its own. */
  innerCode?: number
  status?: number
  /** The first text that was found, as it came. */
  message: string
  /** All texts and system codes, cut off at 4_096 characters. */
  said: string
  /** `said` on one line, in lower case, its longest words cut short. */
  text: string
  /** Hex that was found where revert data may be, in lower case. */
  hex: string[]
  data?: unknown
  headers?: unknown
}

/** Links of the chain of causes that are read. */
const MAX_LINKS = 12
/** Characters of a text that are read. */
const MAX_TEXT = 4_096
const LONG_WORDS = /(\w{80})\w+/g
const HEX = /^\s*(?:reverted )?(0x[\da-f]*)\s*$/i
/** How the package `ws` reports a refused handshake, with the HTTP status. */
const HANDSHAKE = /unexpected server response: (\d{3})/

export function factsOf(error: unknown): Facts {
  const facts: Facts = { names: ' ', isRpc: false, message: '', said: '', text: '', hex: [] }
  const texts: string[] = []
  const links: unknown[] = [error]
  try {
    // Nested errors are further links: causes, what wallets put into `data`, the first error of an AggregateError.
    for (let at = 0; at < MAX_LINKS; at++) {
      const link = links[at]
      if (typeof link === 'string') readText(link, facts, texts)
      else if (typeof link === 'object' && link !== null) {
        for (const next of readLink(link, facts, texts)) if (next != null && !links.includes(next)) links.push(next)
      }
    }
  } catch {
    // A revoked proxy throws at any access. The facts that were read before it have to do.
  }
  facts.message = texts[0] ?? ''
  facts.said = [...new Set(texts.map((text) => text.slice(0, MAX_TEXT)))].join(' | ').slice(0, MAX_TEXT)
  // A pattern with `\w*` starts anew at each character of a word, so that very long words would cost quadratic time.
  facts.text = facts.said.toLowerCase().replace(/\s+/g, ' ').replace(LONG_WORDS, '$1')
  const handshake = HANDSHAKE.exec(facts.text)
  if (handshake) facts.status ??= Number(handshake[1])
  return facts
}

function readLink(link: object, facts: Facts, texts: string[]): unknown[] {
  const name = field(link, 'name')
  const code = field(link, 'code')
  const message = field(link, 'message')
  // A plain object without name and stack is an error object of a wallet; with a `type` it is an event.
  const isPlain =
    facts.names === ' ' && typeof message === 'string' && !name && !field(link, 'stack') && !field(link, 'type')
  if (isPlain || name === 'RpcRequestError') facts.isRpc = true
  if (typeof name === 'string') facts.names += `${name.slice(0, 64)} `
  // -1 is viem's code for "unknown", whatever it wraps. That of a DOMException (AbortError, TimeoutError) is no JSON-RPC code.
  if (typeof code === 'number' && code !== -1 && !/(Abort|Timeout|Network)Error $/.test(facts.names))
    readCode(code, facts)
  const status = field(link, 'status')
  if (typeof status === 'number' && status >= 100) facts.status ??= status
  facts.headers ??= field(link, 'headers')

  const cause = field(link, 'cause')
  const short = field(link, 'shortMessage')
  const isViem = typeof short === 'string'
  // viem's `message` carries URL and request body. What the provider said is in `details`.
  const said = isViem ? [field(link, 'details') || (cause ? '' : short)] : [message, field(link, 'reason'), code]
  for (const text of said) if (typeof text === 'string' && text) readText(text, facts, texts)
  const data = field(link, 'data')
  facts.data ??= data
  const errors = field(link, 'errors')
  const error = isViem ? undefined : field(link, 'error')
  return [cause, data, field(link, 'originalError'), error, Array.isArray(errors) ? errors[0] : undefined]
}

function readCode(code: number, facts: Facts): void {
  facts.isRpc = true
  facts.code ??= code
  if (code !== facts.code) facts.innerCode ??= code
}

function readText(text: string, facts: Facts, texts: string[]): void {
  const hex = HEX.exec(text.slice(0, MAX_TEXT))?.[1]
  if (hex) facts.hex.push(hex.toLowerCase())
  else texts.push(text)
}
