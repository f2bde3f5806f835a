// What bundlers make of the library for a browser: nothing of Node comes along.

import { readdir } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, inject, test } from 'vitest'

const bundles = [
  { bundler: 'vite', folder: 'dapp' },
  { bundler: 'esbuild', folder: 'dapp-by-esbuild' },
] as const

const builtins = new Set(builtinModules)
/** How a bundler names what it leaves out, or what is Node's. */
const isForeign = (id: string) =>
  id.startsWith('node:') || id.includes('(disabled)') || id.includes('__vite-browser-external') || builtins.has(id)

describe.each(bundles)('a bundle by $bundler', ({ bundler, folder }) => {
  test('default: the library is in it, as built', () => {
    expect(inject('modules')[bundler]).toContain('dist/index.js')
  })

  test('default: its socket is the platform’s', () => {
    const packages = inject('modules')[bundler].filter((id) => /node_modules\/(isomorphic-ws|ws)\//.test(id))
    expect(packages).toEqual(['node_modules/isomorphic-ws/browser.js'])
  })

  test('default: no module of Node is in it, and none is left out', () => {
    expect(inject('modules')[bundler].filter(isForeign)).toEqual([])
  })

  test('default: what comes out asks for no module at run time but its own', async () => {
    const root = join(inject('bundles'), folder)
    const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.js'))
    const entryPoints = names.map((name) => join(root, name))
    const { metafile } = await build({
      entryPoints,
      bundle: true,
      external: ['*'],
      format: 'esm',
      outdir: root,
      write: false,
      metafile: true,
    })
    const asked = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
    expect(names.length).toBeGreaterThan(0)
    expect(asked.filter((path) => !path.startsWith('./'))).toEqual([])
  })
})
