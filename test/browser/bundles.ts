// A page through each bundler, as an application would be built: what comes out goes to a folder, what went in is returned.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as buildByEsbuild } from 'esbuild'
import { build as buildByVite } from 'vite'

export type BundleOptions = {
  readonly root: string
  readonly to: string
  /** React's development build. @default false */
  readonly isDevelopment?: boolean | undefined
}

const repository = fileURLToPath(new URL('../..', import.meta.url))
export const dappRoot = join(repository, 'examples/dapp')
export const pagesRoot = join(repository, 'test/browser/pages')

/** The ids of all modules in the bundle. */
export async function bundleByVite({ root, to, isDevelopment = false }: BundleOptions): Promise<string[]> {
  const mode = isDevelopment ? 'development' : 'production'
  // Vite asks the environment first, where Vitest has written `test`.
  const { NODE_ENV } = process.env
  process.env.NODE_ENV = mode
  const result = await buildByVite({
    root,
    configFile: join(dappRoot, 'vite.config.ts'),
    base: './',
    logLevel: 'error',
    mode,
    build: { outDir: to, emptyOutDir: true, chunkSizeWarningLimit: 2_000 },
  })
  process.env.NODE_ENV = NODE_ENV
  const outputs = [result].flat().flatMap((one) => ('output' in one ? one.output : []))
  const ids = outputs.flatMap((output) => (output.type === 'chunk' ? Object.keys(output.modules) : []))
  return ids.map((id) => relative(repository, id))
}

/** The paths of all files in the bundle. */
export async function bundleByEsbuild({ root, to }: BundleOptions): Promise<string[]> {
  const { metafile } = await buildByEsbuild({
    entryPoints: { main: join(root, 'src/main.tsx') },
    absWorkingDir: repository,
    outdir: to,
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    alias: { 'viem-lasso': join(repository, 'dist/index.js') },
    define: { 'process.env.NODE_ENV': '"production"', 'import.meta.env': '{}' },
    metafile: true,
    logLevel: 'error',
  })
  await mkdir(to, { recursive: true })
  const html = await readFile(join(root, 'index.html'), 'utf8')
  const withStyle = html.replace('</head>', '<link rel="stylesheet" href="./main.css" /></head>')
  await writeFile(join(to, 'index.html'), withStyle.replace('/src/main.tsx', './main.js'))
  return Object.keys(metafile.inputs)
}
