// Vite for the dapp. Its dev server reads the library's source, so that a change in it is seen at once; a build takes `dist`,
// as a user gets it. A dapp of your own needs none of the alias.

import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const library = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

export default defineConfig(({ command }) => ({
  plugins: [react()],
  resolve: { alias: { 'viem-lasso': library(command === 'serve' ? 'src/index.ts' : 'dist/index.js') } },
}))
