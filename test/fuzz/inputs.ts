// What a provider may send, drawn at random: JSON of every odd kind, errors near those that are known, frames, bodies, headers,
// blooms. Valid samples come along, and the same ones broken somewhere.

import fc from 'fast-check'
import { providerErrors } from '../support/provider-error'

const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'toJSON',
  'then',
  'hasOwnProperty',
  'length',
  'get',
  '',
]
const FIELDS = [
  'id',
  'result',
  'error',
  'code',
  'message',
  'data',
  'method',
  'params',
  'subscription',
  'number',
  'hash',
]
const DEEP = 10_000

/** Texts that regular expressions, parsers and encoders may trip over. */
export const oddText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '0x',
    '0x0',
    '0x1',
    '0x10',
    '0xg',
    '-0x1',
    '1e999',
    '\ud800',
    'x\udfff',
    '\u0000',
    'null',
    'İ',
  ),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.integer({ min: 1, max: 80 }).map((digits) => `0x${'f'.repeat(digits)}`),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 600 }))
    .map(([word, n]) => word.repeat(n)),
)

const oddNumber = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(-0, 2 ** 53, -(2 ** 63), Number.MAX_VALUE, Number.MIN_VALUE, -32_000, -32_602, 3, 429),
)

/** Whatever can be JSON, with keys that mean something to objects; now and then very deep or very wide. */
export const oddJson: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 400, arbitrary: fc.letrec<{ value: unknown }>((tie) => ({ value: oddJsonOf(tie('value')) })).value },
  { weight: 1, arbitrary: fc.constantFrom('[', '{"data":', '{"cause":').map(nested) },
  { weight: 1, arbitrary: fc.constantFrom(200, 20_000).map((length) => Array.from({ length }, (_, i) => i)) },
)

function oddJsonOf(inner: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const key = fc.oneof(fc.constantFrom(...KEYS, ...FIELDS), oddText)
  return fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    oddNumber,
    oddText,
    fc.array(inner, { maxLength: 4 }),
    fc.array(fc.tuple(key, inner), { maxLength: 5 }).map(objectOf),
  )
}

/** As `JSON.parse` makes it: every key is its own, `__proto__` too. */
function objectOf(entries: readonly (readonly [string, unknown])[]): object {
  const made = {}
  for (const [key, value] of entries)
    Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true })
  return made
}

function nested(open: string): unknown {
  return JSON.parse(`${open.repeat(DEEP)}1${(open === '[' ? ']' : '}').repeat(DEEP)}`)
}

const rows = providerErrors()
const knownText = fc.constantFrom(
  ...rows.flatMap(({ error, bodyText }) => [error?.message ?? bodyText ?? '']).filter((text) => text !== ''),
)

/** A text that a provider is known for, cut, doubled or with something in its middle. */
export const mutatedText = fc.oneof(
  knownText,
  fc.tuple(knownText, fc.nat(200), fc.oneof(oddText, knownText), fc.nat(20)).map(([text, at, more, left]) => {
    return text.slice(0, at) + more + text.slice(at + left)
  }),
)

/** An error object, from known to nonsense. */
export const oddError = fc.oneof(
  fc.constantFrom(...rows.flatMap(({ error }) => error ?? [])),
  fc
    .record(
      { code: fc.oneof(oddNumber, oddJson), message: fc.oneof(mutatedText, oddJson), data: oddJson },
      { requiredKeys: [] },
    )
    .map((error) => error as unknown),
  oddJson,
)

/** The answer to one request: most have its id. */
export function oddAnswer(id: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.record({ jsonrpc: fc.constant('2.0'), id, result: oddJson }),
    fc.record({ jsonrpc: fc.constant('2.0'), id, error: oddError }),
    fc.record({ id: fc.oneof(id, oddJson), result: oddJson, error: oddError }, { requiredKeys: [] }),
    oddJson,
  )
}

/** JSON text, whole or damaged: cut, with a character changed, doubled. */
export function textOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const written = value.map(write)
  return fc.oneof(
    { weight: 6, arbitrary: written },
    { weight: 1, arbitrary: fc.tuple(written, fc.nat(300)).map(([text, at]) => text.slice(0, at)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(written, fc.nat(300), oddText)
        .map(([text, at, odd]) => `${text.slice(0, at)}${odd.slice(0, 3)}${text.slice(at + 1)}`),
    },
    {
      weight: 1,
      arbitrary: fc.oneof(
        mutatedText,
        written.map((text) => text + text),
      ),
    },
  )
}

/** JSON; what is too deep for the writer is written as such. */
export function write(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined'
  } catch {
    return '['.repeat(DEEP) + ']'.repeat(DEEP)
  }
}

/** What `Retry-After` and others have been seen to hold, and what they have not. */
export const retryAfter = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '-1',
    '1.5',
    '1e3',
    '1e999',
    'Infinity',
    'NaN',
    '5, 10',
    'soon',
    '0x10',
    '1'.repeat(400),
  ),
  fc.date({ noInvalidDate: false }).map((date) => (Number.isNaN(date.getTime()) ? 'Invalid Date' : date.toUTCString())),
  fc.nat().map(String),
  fc.string({ maxLength: 30 }).map((text) => text.replace(/[^\t\x20-\x7e]/g, '')),
)

export const status = fc.oneof(
  { weight: 3, arbitrary: fc.constant(200) },
  fc.constantFrom(201, 204, 301, 400, 401, 402, 403, 404, 405, 413, 429, 500, 502, 503, 504, 521, 599),
  fc.integer({ min: 200, max: 599 }),
)

export const method = fc.constantFrom(
  ...['eth_blockNumber', 'eth_call', 'eth_getLogs', 'eth_getBlockByNumber', 'eth_getTransactionReceipt', 'eth_chainId'],
  ...['eth_sendRawTransaction', 'eth_getFilterChanges', 'debug_traceTransaction', 'eth_estimateGas', 'net_version', ''],
)

export const bloom = fc.oneof(
  oddText,
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 512, maxLength: 512 }).map((hex) => `0x${hex}`),
)
