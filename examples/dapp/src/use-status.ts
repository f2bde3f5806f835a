// What the transport knows of its providers, as it changes: `status()` twice a second, and at once when something happens.

import { useEffect, useState } from 'react'
import type { Status } from 'viem-lasso'
import { useClient } from 'wagmi'

const readEvery = 500

export function useStatus(): Status {
  const { transport } = useClient()
  const [status, setStatus] = useState(transport.status)

  useEffect(() => {
    const read = () => setStatus(transport.status())
    const timer = setInterval(read, readEvery)
    const offs = (['breaker', 'connection', 'subscription'] as const).map((name) => transport.on(name, read))
    return () => {
      clearInterval(timer)
      for (const off of offs) off()
    }
  }, [transport])

  return status
}
