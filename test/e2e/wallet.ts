// A wallet in a page: EIP-1193 over a node, with a log of what it was asked.

import type { EIP1193RequestFn } from 'viem'

export function walletOver(url: string) {
  const asked: string[] = []
  let lastId = 0
  const request = async ({ method, params }: { method: string; params?: unknown }) => {
    asked.push(method)
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: ++lastId, method, params: params ?? [] }),
    })
    const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } }
    if (error) throw Object.assign(new Error(error.message), error)
    return result
  }
  return { asked, provider: { request: request as EIP1193RequestFn, on() {}, removeListener() {} } }
}
