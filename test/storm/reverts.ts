// Contracts that revert every call, and the error that each node gives for them. Pure.

import type { Hex } from 'viem'
import { RpcFault } from '../support/chain-rpc'

const reason: Hex = `0x08c379a0${'20'.padStart(64, '0')}${'2'.padStart(64, '0')}${'6e6f'.padEnd(64, '0')}`

type Refusal = { readonly code: number; readonly message: string; readonly data: Hex }

/** The errors of reverts: with a reason, a panic, a custom error, and without data. */
export const refusals: readonly Refusal[] = [
  { code: 3, message: 'execution reverted: no', data: reason },
  { code: -32000, message: 'execution reverted: no', data: reason },
  { code: 3, message: 'execution reverted', data: `0x4e487b71${'11'.padStart(64, '0')}` },
  { code: 3, message: 'execution reverted', data: `0xdecaf000${'7'.padStart(64, '0')}` },
  { code: -32000, message: 'execution reverted', data: '0xdecaf000' },
  { code: 3, message: 'execution reverted', data: '0x' },
]

export function contractOf(refusal: number): Hex {
  return `0x${'ee'.repeat(19)}0${refusal}`
}

/** The error that every node with the state gives for a call to such a contract. */
export function refusalOf(method: string, [call]: readonly any[]): Refusal | undefined {
  if (method !== 'eth_call' && method !== 'eth_estimateGas') return undefined
  return refusals.find((_, index) => contractOf(index) === call.to)
}

export function refuse(method: string, params: readonly unknown[]) {
  const refusal = refusalOf(method, params)
  if (refusal) throw new RpcFault(refusal.code, refusal.message, refusal.data)
}

/** Whether an error that viem throws is that revert. */
export function isThat(error: any, { code, data }: Refusal): boolean {
  return error?.code === code && (error.data ?? error.cause?.data) === data
}
