// A browser bundle of some exports, minified, and its weight over the wire. Built from the source, so it needs no build.

import { brotliCompressSync, constants } from 'node:zlib'
import { build } from 'esbuild'

export type Bundle = {
  /** In bytes. */
  readonly minified: number
  /** Quality 11 (in bytes). */
  readonly brotli: number
  /** Bytes in the output by source file, the largest first. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[]
}

/** npm runs scripts there. */
const root = process.cwd()

/** @param contents a module, as if it lay in the project's root. @param external packages that stay outside. */
export async function bundleOf(contents: string, external: string[]): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    treeShaking: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    external,
    metafile: true,
    write: false,
  })
  const [file] = outputFiles
  const [output] = Object.values(metafile.outputs)
  if (!file || !output) throw new Error('esbuild gave no output')
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_SIZE_HINT]: file.contents.length,
  }
  return {
    minified: file.contents.length,
    brotli: brotliCompressSync(file.contents, { params }).length,
    files: Object.entries(output.inputs)
      .map(([path, { bytesInOutput }]) => ({ path, bytes: bytesInOutput }))
      .sort((a, b) => b.bytes - a.bytes),
  }
}

/** `{ failover }` as product and budget count it: viem outside, all else inside. */
export function failoverBundle(): Promise<Bundle> {
  return bundleOf(`export { failover } from './src/index'`, ['viem', 'viem/*'])
}
