// How something ended, in a form that can be compared: over http() and over failover() it must be the same.

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import type { EIP1193RequestFn, Transport } from 'viem'

/** Of an error all that programs look at, with its causes; of a value the value. */
export async function outcomeOf(run: () => unknown) {
  try {
    return { value: await run() }
  } catch (error) {
    return { error: chainOf(error) }
  }
}

/** What runs over a transport, for comparison: `run` gets the same twice but for the transport. */
export async function compare<transport extends Transport>(
  transports: readonly [transport, Transport],
  run: (transport: Transport) => unknown,
) {
  const [expected, actual] = [await outcomeOf(() => run(transports[0])), await outcomeOf(() => run(transports[1]))]
  return { expected, actual }
}

function chainOf(error: unknown): unknown[] {
  const links: unknown[] = []
  for (let link = error; link; link = (link as { cause?: unknown }).cause) {
    const { name, code, data, reason, raw, signature, shortMessage, details, status } = link as Record<string, unknown>
    links.push({ name, code, data, reason, raw, signature, shortMessage, details, status })
  }
  return links
}

/** A wallet in a page: EIP-1193 over a node, with a log of what it was asked. */
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

/** Where nobody listens: connections are refused. */
export async function deadUrl(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}
