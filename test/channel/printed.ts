// What must not be seen in an error, as a program may print it.

import { inspect } from 'node:util'

const params = [{ to: '0x00000000000000000000000000000000deadbeef', data: '0xparams-of-the-call' }, 'latest']
export const call = { method: 'eth_call', params }

/** Everything a program may print of an error, deep and hidden. */
export function print(error: any): string {
  const chain: string[] = []
  for (let one = error, depth = 0; one && depth < 10; one = one.cause, depth++) {
    chain.push(`${one} ${one.message} ${one.stack} ${one.shortMessage} ${one.details} ${JSON.stringify(one)}`)
    for (const inner of one.errors ?? []) chain.push(print(inner))
  }
  return `${chain.join('\n')}\n${inspect(error, { showHidden: true, depth: null, maxArrayLength: null, maxStringLength: null, getters: true })}`
}
