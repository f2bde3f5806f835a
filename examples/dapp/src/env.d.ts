// What Vite hands over at build time; `npm run dapp` sets it.

interface ImportMetaEnv {
  readonly VITE_PROVIDERS?: string
  readonly VITE_TOKEN?: string
  readonly VITE_ACCOUNT?: string
  readonly VITE_FAULTS?: string
}
