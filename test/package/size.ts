// The weight of `{ failover }` in a user's browser bundle, against its budget. Measures the source, so it needs no build.

import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { build } from 'esbuild'

/** What it may weigh (in bytes, brotli). A ratchet: it only ever goes down, until it is at the goal. */
const budget = 68_000
const goal = 18_000
const rowCount = 15

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

const { outputFiles, metafile } = await build({
  stdin: { contents: `export { failover } from './src/index'`, resolveDir: root, loader: 'ts' },
  absWorkingDir: root,
  bundle: true,
  minify: true,
  treeShaking: true,
  platform: 'browser',
  format: 'esm',
  target: 'es2022',
  external: ['viem', 'viem/*'],
  metafile: true,
  write: false,
})

const [file] = outputFiles
const [output] = Object.values(metafile.outputs)
if (!file || !output) throw new Error('esbuild gave no output')

const size = brotliCompressSync(file.contents, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: file.contents.length },
}).length

const inputs = Object.entries(output.inputs)
  .map(([path, { bytesInOutput }]) => ({ path, bytes: bytesInOutput }))
  .sort((a, b) => b.bytes - a.bytes)
const rest = inputs.slice(rowCount).reduce((sum, { bytes }) => sum + bytes, 0)

print('minified', file.contents.length)
for (const { path, bytes } of inputs.slice(0, rowCount)) print(`  ${path}`, bytes)
if (rest > 0) print(`  ${inputs.length - rowCount} more`, rest)
print('brotli', size)
print('budget', budget)
print('goal', goal)

if (size > budget) {
  console.error(`{ failover } is ${size - budget} bytes over its budget`)
  process.exitCode = 1
}

function print(label: string, bytes: number) {
  console.log(`${label.padEnd(50)}${bytes.toLocaleString('en').padStart(10)}`)
}
