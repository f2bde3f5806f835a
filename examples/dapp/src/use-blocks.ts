// The newest blocks, live: every block once, in order; those of a branch that was left are taken back.

import { useEffect, useState } from 'react'
import type { HeadOfChain } from 'viem-lasso'
import { useClient } from 'wagmi'

const mostKept = 60

export function useBlocks(): readonly HeadOfChain[] {
  const { transport } = useClient()
  const [blocks, setBlocks] = useState<readonly HeadOfChain[]>([])

  useEffect(() => {
    const controller = new AbortController()
    setBlocks([])
    async function follow() {
      for await (const head of transport.heads({ signal: controller.signal })) {
        setBlocks((known) => [...known.filter(({ number }) => number < head.number), head].slice(-mostKept))
      }
    }
    follow().catch(console.error) // the transport was closed
    return () => controller.abort()
  }, [transport])

  return blocks
}
