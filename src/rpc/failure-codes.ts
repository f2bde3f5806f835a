// Numbers -> what they mean: JSON-RPC codes, EIP-1193 codes, HTTP statuses, and revert data. Pure.
// Most codes mean little: failure.ts asks the words first, but for those no text can change.

import type { FailureKind } from '../types'
import type { Facts } from './failure-facts'
import type { Meaning } from './transaction-words'

const REVERT_DATA = /^0x(08c379a0|4e487b71)/
const CALL = /call|estimate|simulate|accesslist/i
const SEND = /send.*transaction/i

/** What stands behind a code of one meaning, and revert data. */
export function meaningOfCertainCode({ code = 0, innerCode, hex }: Facts, method: string): Meaning | undefined {
  if (hex.some((data) => REVERT_DATA.test(data))) return { kind: 'reverted' }
  const isExecution = code === 3 || innerCode === 3
  if (isExecution && !SEND.test(method) && (CALL.test(method) || hex.some(isErrorData))) return { kind: 'reverted' }
  // EIP-7966: taken, but not mined in time.
  if (code === 4 && method === 'eth_sendRawTransactionSync')
    return { kind: 'timeout', verdict: 'final', blame: 'nobody' }
  if (code === 4001 || (code >= 5_000 && code <= 5_003)) return { kind: 'user-rejected' }
  if (code === 4100) return { kind: 'auth', verdict: 'final', blame: 'nobody' }
  if (code === 4200) return { kind: 'unsupported-method', isMethodUnknown: true }
  if (code === 4900 || code === 4901) return { kind: 'network', blame: 'nobody', isUntouched: true }
  // 4902: chain unknown to the wallet; 57xx: EIP-5792. The caller's to deal with.
  if (code === 4902 || (code >= 5_700 && code < 5_800)) return { kind: 'invalid-params' }
  if (code === -32700) return { kind: 'parse-error' }
  return undefined
}

const CODES: readonly [FailureKind, string][] = [
  ['unsupported-method', '-32601 -32604 -32004 -32042 -32612 -32613'],
  ['invalid-params', '-32602'],
  ['rate-limit', '-32005 -32007 -32009 -32012 -32016 -32017 -32029 -32090 -32097 -32605'],
  ['quota', '-32607'],
  ['auth', '-32052 -32606 -40100'],
  ['range-too-large', '-32614 -32062 -32701 -38004'],
  ['result-too-large', '-32020'],
  ['block-not-available', '-32019 -39001'],
  ['missing-state', '-32001 -32801 4444'],
  ['reverted', '3'],
]
/** Codes that say less than a status that names its reason; 0 is that of errors without one. */
const VAGUE = /^(-32(00[0-36-9]|60[023])|0)$/
const TELLING_STATUS = /^4(0[13]|29)$/

/** What a code suggests where the text says nothing known. */
export function meaningOfCode({ code = 0, innerCode, status, text, hex }: Facts, method: string): Meaning | undefined {
  if (VAGUE.test(`${code}`) && TELLING_STATUS.test(`${status}`)) return meaningOfStatus(status)
  if (code === -32600) {
    const isPlain = /^\W*((invalid|bad) (json[- ]?rpc )?request\W*)?$/.test(text)
    return { kind: 'invalid-request', verdict: isPlain ? 'final' : 'next' }
  }
  const isInternal = !text || /^\W*(unknown |plugin )?internal/.test(text)
  if (code === -32603 && innerCode === undefined && isInternal) return { kind: 'server-error' }
  if (code === -32003 || code === -32010 || code === -32015) {
    if (SEND.test(method)) return { kind: 'transaction-rejected', transaction: 'rule' }
    if (CALL.test(method)) return { kind: 'reverted' }
  }
  if (CALL.test(method) && hex.some(isErrorData)) return { kind: 'reverted' }
  for (const known of [innerCode, code]) {
    const kind = CODES.find(([, codes]) => ` ${codes} `.includes(` ${known} `))?.[0]
    if (kind) return { kind }
  }
  return undefined
}

export function meaningOfStatus(status: number | undefined): Meaning | undefined {
  if (!status || status < 400 || status > 599) return undefined
  if (status === 429) return { kind: 'rate-limit' }
  if (status === 413) return { kind: 'invalid-request', verdict: 'next' }
  const is = (statuses: string) => statuses.includes(`${status}`)
  if (is('401 403 407 451')) return { kind: 'auth' }
  if (is('408 504 522 524')) return { kind: 'timeout' }
  // Cloudflare could not reach the provider.
  if (is('521 523 525 526 527 530')) return { kind: 'network', isUntouched: true }
  return status < 500 ? undefined : { kind: 'server-error' }
}

/** A selector at least, as errors of contracts have; `0x` and short values are none. */
function isErrorData(hex: string): boolean {
  return hex.length >= 10
}
