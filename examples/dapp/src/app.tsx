// The page: what a user of the chain wants to see, and beside it how the providers are.

import { Activity } from './activity'
import { Balance } from './balance'
import { ChainHead } from './chain-head'
import { Providers } from './providers'
import { Totals } from './totals'
import { Transfers } from './transfers'
import { useActivity } from './use-activity'
import { useOnline } from './use-online'
import { useStatus } from './use-status'

export function App() {
  const status = useStatus()
  const activity = useActivity()
  const isOnline = useOnline()

  return (
    <>
      <header className="top">
        <h1>
          viem-lasso <span>one transport over all your providers</span>
        </h1>
        <p className={`pill ${isOnline ? 'good' : 'bad'}`} role="status" data-online={isOnline}>
          {isOnline ? 'Browser online' : 'Browser offline'}
        </p>
      </header>
      <main>
        <ChainHead />
        <Balance />
        <Transfers />
        <Providers status={status} />
        <Activity activity={activity} />
        <Totals status={status} />
      </main>
    </>
  )
}
