// How something ended, in a form that can be compared: over http() and over failover() it must be the same.

import type { Transport } from 'viem'

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
