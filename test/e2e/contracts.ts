// A small contract for a real node, assembled by hand: it stores, emits, and fails in every way that viem decodes.

import type { Hex } from 'viem'
import {
  encodeErrorResult,
  numberToHex,
  pad,
  parseAbi,
  size,
  slice,
  toEventSelector,
  toFunctionSelector,
  zeroAddress,
} from 'viem'

export const probeAbi = parseAbi([
  'function value() view returns (uint256)',
  'function ping(uint256 x)',
  'function reject() view',
  'function reason() view',
  'function divide() view',
  'function silent() view',
  'function spin() view',
  'event Ping(uint256 indexed x, uint256 number)',
  'error Rejected(uint256 available, address who)',
  'error Error(string)',
  'error Panic(uint256)',
])

const topic = toEventSelector('event Ping(uint256 indexed x, uint256 number)')

/** The code after deployment. */
export const probeCode: Hex = dispatch({
  // SLOAD 0, returned
  'value()': '6000546000526020 6000f3',
  // x to slot 0; the block's number as data, x as a topic
  'ping(uint256)': `600435 80600055 43600052 7f${topic.slice(2)} 60206000a2 00`,
  'reject()': revertWith(encodeErrorResult({ abi: probeAbi, errorName: 'Rejected', args: [7n, zeroAddress] })),
  'reason()': revertWith(encodeErrorResult({ abi: probeAbi, errorName: 'Error', args: ['rate limit exceeded'] })),
  'divide()': revertWith(encodeErrorResult({ abi: probeAbi, errorName: 'Panic', args: [0x12n] })),
  'silent()': '60006000fd',
  'spin()': 'fe',
})

/** Reverts any call with this data. */
export function revertingCode(data: Hex): Hex {
  return `0x${compact(revertWith(data))}`
}

/** Returns this data to any call. */
export function returningCode(data: Hex): Hex {
  return `0x${compact(`${toMemory(data)} ${push(size(data))} 6000f3`)}`
}

/** What deploys code. */
export function deployOf(code: Hex): Hex {
  const length = numberToHex(size(code), { size: 2 }).slice(2)
  return `0x61${length}80600c6000396000f3${code.slice(2)}`
}

/** Jumps to the body of the function that is called; 5b is where a jump may land. */
export function dispatch(bodies: Record<string, string>): Hex {
  const entries = Object.entries(bodies).map(([name, body]) => ({
    selector: toFunctionSelector(name).slice(2),
    body: `5b${compact(body)}`,
  }))
  const tail = '60006000fd'
  let at = 6 + entries.length * 11 + tail.length / 2
  let table = '60003560e01c'
  for (const { selector, body } of entries) {
    table += `8063${selector}14${push(at)}57`
    at += body.length / 2
  }
  return `0x${table}${tail}${entries.map(({ body }) => body).join('')}`
}

function revertWith(data: Hex): string {
  return `${toMemory(data)} ${push(size(data))} 6000fd`
}

function toMemory(data: Hex): string {
  let code = ''
  for (let at = 0; at < size(data); at += 32) {
    const word = pad(slice(data, at, Math.min(at + 32, size(data))), { dir: 'right', size: 32 })
    code += `7f${word.slice(2)} ${push(at)} 52 `
  }
  return code
}

/** PUSH2, always as wide, so that lengths are known before. */
function push(value: number): string {
  return `61${numberToHex(value, { size: 2 }).slice(2)}`
}

function compact(code: string): string {
  return code.replaceAll(/\s/g, '')
}
