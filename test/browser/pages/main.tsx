// A component that makes a client when it comes and closes it when it goes: React's StrictMode does that twice.

import { StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { createPublicClient } from 'viem'
import { anvil } from 'viem/chains'
import { failover } from 'viem-lasso'

const providers = new URLSearchParams(location.search).getAll('provider')
// One for the page; each client made after a `close` gets an engine of its own.
const transport = failover(providers)

function Head() {
  const [numbers, setNumbers] = useState<readonly bigint[]>([])
  const [closed, setClosed] = useState(0)
  const [isLive, setIsLive] = useState(false)

  useEffect(() => {
    const client = createPublicClient({ chain: { ...anvil, blockTime: 1_000 }, transport })
    const offState = client.transport.on('subscription', ({ to }) => setIsLive(to === 'live'))
    const off = client.watchBlockNumber({ onBlockNumber: (number) => setNumbers((known) => [...known, number]) })
    return () => {
      off()
      offState()
      void client.transport.close()
      setClosed((count) => count + 1)
    }
  }, [])

  return (
    <p data-closed={closed}>
      <output>{[isLive && 'live', ...numbers].filter(Boolean).join(' ')}</output>
    </p>
  )
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Head />
  </StrictMode>,
)
