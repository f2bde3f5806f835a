// How something ended, in a form that can be compared: over http() and over failover() it must be the same.

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

/** Where nobody listens, nor ever will: the system gives these ports to nobody, and `fetch` refuses none of them. */
const deadPorts = [2, 3, 4, 5]
let lastDead = 0

/** Each time another one: connections are refused. */
export function deadUrl(): string {
  return `http://127.0.0.1:${deadPorts[lastDead++ % deadPorts.length]}`
}
