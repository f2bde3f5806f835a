// The build: ESM, CommonJS and types from one entry. viem stays outside (a peer), eventemitter3 too (it has both forms).

import type { Options } from 'tsup'
import { defineConfig } from 'tsup'

const shared: Options = {
  entry: ['src/index.ts'],
  target: 'es2022',
  platform: 'neutral',
  splitting: false,
  treeshake: true,
  minify: false,
  // Unminified output reads like the source; maps would more than double the package.
  sourcemap: false,
  external: [/^viem($|\/)/],
}

export default defineConfig([
  { ...shared, format: 'esm', dts: true },
  // p-retry is ESM only: `require` of it fails on Node 20, so the CommonJS build carries its own copy.
  { ...shared, format: 'cjs', dts: true, noExternal: ['p-retry'] },
])
