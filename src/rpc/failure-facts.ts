// Anything thrown -> the facts that classify it: code, status, texts, revert data. Pure; never throws.
// Errors of viem are known by name and fields; their long message (URL, request body) is never read.

import { field } from '../base/fields'

export type Facts = {
  /** Names along the chain of causes, outermost first, each between spaces. */
  names: string
  /** Whether the provider gave a JSON-RPC error object. */
  isRpc: boolean
  code?: number
  /** The code of the error that a wallet or gateway wrapped into its own. */
  innerCode?: number
  status?: number
  /** The provider's text, as it came. */
  message: string
  /** All texts and system codes, capped. */
  said: string
  /** The same on one line, in lower case. */
  text: string
  /** Hex found where revert data may be, lower case, capped. */
  hex: string[]
  data?: unknown
  headers?: unknown
}

const MAX_LINKS = 12
const MAX_TEXT = 4_096
const LONG_WORDS = /(\w{80})\w+/g
const HEX = /^\s*(?:reverted )?(0x[\da-f]*)\s*$/i
/** A refused handshake, as `ws` tells it. */
const HANDSHAKE = /unexpected server response: (\d{3})/

export function factsOf(error: unknown): Facts {
  const facts: Facts = { names: ' ', isRpc: false, message: '', said: '', text: '', hex: [] }
  const texts: string[] = []
  const links: unknown[] = [error]
  try {
    // What is nested is one more link: causes, what wallets put into `data`, the first of an AggregateError.
    for (let at = 0; at < MAX_LINKS; at++) {
      const link = links[at]
      if (typeof link === 'string') readText(link, facts, texts)
      else if (typeof link === 'object' && link !== null) {
        for (const next of readLink(link, facts, texts)) if (next != null && !links.includes(next)) links.push(next)
      }
    }
  } catch {
    // A revoked proxy: what was read before it has to do.
  }
  facts.message = texts[0] ?? ''
  facts.said = [...new Set(texts.map((text) => text.slice(0, MAX_TEXT)))].join(' | ').slice(0, MAX_TEXT)
  // Every `\w*` of a rule starts anew at each place of a word: what no word is as long as says nothing.
  facts.text = facts.said.toLowerCase().replace(/\s+/g, ' ').replace(LONG_WORDS, '$1')
  const handshake = HANDSHAKE.exec(facts.text)
  if (handshake) facts.status ??= Number(handshake[1])
  return facts
}

function readLink(link: object, facts: Facts, texts: string[]): unknown[] {
  const name = field(link, 'name')
  const code = field(link, 'code')
  const message = field(link, 'message')
  // Nothing but a wallet throws a plain object; an event has a type.
  const isPlain =
    facts.names === ' ' && typeof message === 'string' && !name && !field(link, 'stack') && !field(link, 'type')
  if (isPlain || name === 'RpcRequestError') facts.isRpc = true
  if (typeof name === 'string') facts.names += `${name.slice(0, 64)} `
  // -1 is viem's for "unknown", over whatever it wraps; a DOMException (AbortError, TimeoutError) has a number too.
  if (typeof code === 'number' && code !== -1 && !/(Abort|Timeout|Network)Error $/.test(facts.names))
    readCode(code, facts)
  const status = field(link, 'status')
  if (typeof status === 'number' && status >= 100) facts.status ??= status
  facts.headers ??= field(link, 'headers')

  const cause = field(link, 'cause')
  const short = field(link, 'shortMessage')
  const isViem = typeof short === 'string'
  // viem's `message` carries URL and request body: its details are what the provider said.
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
