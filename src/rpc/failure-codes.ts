// What numbers mean: JSON-RPC codes, EIP-1193 codes, HTTP statuses, and revert data. Pure.
// Most codes say little, so failure.ts reads the text before them. Only the certain codes here go before the text.

import type { Facts } from './failure-facts'
import type { Meaning } from './transaction-words'
import { SEND } from './transaction-words'

/** Patterns for a number as text, each with its meaning; the first row that matches wins. */
type Numbers = readonly (readonly [RegExp, Meaning])[]

/** The selectors of Solidity's `Error(string)` and `Panic(uint256)`. */
const REVERT_DATA = /^0x(08c379a0|4e487b71)/
const CALL = /call|estimate|simulate|accesslist/i

const CERTAIN_CODES: Numbers = [
  [/^(4001|500[0-3])$/, { kind: 'user-rejected' }],
  [/^4100$/, { kind: 'auth', verdict: 'final', blame: 'nobody' }],
  [/^4200$/, { kind: 'unsupported-method' }],
  [/^490[01]$/, { kind: 'network', blame: 'nobody', isUntouched: true }],
  // 4902: the wallet does not know the chain. 57xx: EIP-5792. Only the caller can do something about them.
  [/^(4902|57\d\d)$/, { kind: 'invalid-params' }],
]

/** The meaning of revert data, and of codes that have one meaning whatever the text says. */
export function meaningOfCertainCode({ code, innerCode, hex }: Facts, method: string): Meaning | undefined {
  if (hex.some((data) => REVERT_DATA.test(data))) return { kind: 'reverted' }
  const isExecution = code === 3 || innerCode === 3
  if (isExecution && !SEND.test(method) && (CALL.test(method) || hex.some(isErrorData))) return { kind: 'reverted' }
  // EIP-7966: the node took the transaction, but it was not mined in time.
  if (code === 4 && method === 'eth_sendRawTransactionSync')
    return { kind: 'timeout', verdict: 'final', blame: 'nobody' }
  // ERC-7769: the bundler refuses the user operation itself, or (-32504) an entity that has a bad name with this bundler.
  if (/UserOperation/.test(method) && /^-3250\d$/.test(`${code}`))
    return { kind: 'transaction-rejected', verdict: code === -32504 ? 'next' : 'final' }
  // A wallet may wrap its own EIP-1193 error into an internal one.
  return meaningIn(CERTAIN_CODES, code === -32603 && /^4\d{3}$/.test(`${innerCode}`) ? innerCode : code)
}

const CODES: Numbers = [
  [/^-32700$/, { kind: 'parse-error' }],
  [/^-32(601|004|042|61[23])$/, { kind: 'unsupported-method' }],
  // What `eth_simulateV1` says of its params.
  [/^-380(1\d|2[0-5])$/, { kind: 'invalid-params' }],
  [/^-320(0[579]|1[267]|29|46|9[07])$/, { kind: 'rate-limit' }],
  [/^-(32052|40100)$/, { kind: 'auth' }],
  [/^-3(2614|2062|2701|8004)$/, { kind: 'range-too-large' }],
  [/^(-320(01|14)|-32801|4444)$/, { kind: 'missing-state' }],
  [/^3$/, { kind: 'reverted' }],
]
/** Codes that say less than an HTTP status of `TELLING_STATUS`; 0 stands for an error without a code. */
const VAGUE = /^(-32(00[0-36-9]|60[023])|0)$/
const TELLING_STATUS = /^4(0[13]|29)$/

/** Words for params. An error for bad params (-32602) without any of them is about something else. */
const OF_PARAMS =
  /^\W*$|inval|param|arg|expect|must|missing|empty|type|than|block|hex|address|length|long|cod|field|match/

/** What a code suggests, for errors whose text says nothing known. */
export function meaningOfCode({ code = 0, innerCode, status, text, hex }: Facts, method: string): Meaning | undefined {
  if (VAGUE.test(`${code}`) && TELLING_STATUS.test(`${status}`)) return meaningOfStatus(status)
  if (code === -32600) {
    const isPlain = /^\W*((invalid|bad) (json[- ]?rpc )?request\W*)?$/.test(text)
    return { kind: 'invalid-request', verdict: isPlain ? 'final' : 'next' }
  }
  const isInternal = !text || /^\W*(unknown |plugin )?internal/.test(text)
  if (code === -32603 && innerCode === undefined && isInternal) return { kind: 'server-error' }
  if (code === 3 || code === -32003 || code === -32010 || code === -32015) {
    if (SEND.test(method)) return { kind: 'transaction-rejected', transaction: 'rule' }
    if (CALL.test(method)) return { kind: 'reverted' }
  }
  if (CALL.test(method) && hex.some(isErrorData)) return { kind: 'reverted' }
  if ((innerCode ?? code) === -32602)
    return { kind: 'invalid-params', verdict: OF_PARAMS.test(text) ? 'final' : 'next' }
  return meaningIn(CODES, innerCode) ?? meaningIn(CODES, code)
}

const STATUSES: Numbers = [
  [/^429$/, { kind: 'rate-limit' }],
  [/^413$/, { kind: 'invalid-request', verdict: 'next' }],
  [/^4(0[137]|51)$/, { kind: 'auth' }],
  [/^(408|504|52[24])$/, { kind: 'timeout' }],
  // Cloudflare's own statuses: it could not reach the provider.
  [/^5(2[13567]|30)$/, { kind: 'network', isUntouched: true }],
  [/^5\d\d$/, { kind: 'server-error' }],
]

export function meaningOfStatus(status: number | undefined): Meaning | undefined {
  return meaningIn(STATUSES, status)
}

function meaningIn(numbers: Numbers, number: number | undefined): Meaning | undefined {
  return numbers.find(([pattern]) => pattern.test(`${number}`))?.[1]
}

/** Whether hex can be the data of a contract's error: it holds at least a selector (4 bytes). */
function isErrorData(hex: string): boolean {
  return hex.length >= 10
}
