// The head of the chain: its number by wagmi, and the newest blocks as bars.

import type { HeadOfChain } from 'viem-lasso'
import { useBlockNumber } from 'wagmi'
import { formatCount } from './format'
import { useBlocks } from './use-blocks'

export function ChainHead() {
  const { data: height } = useBlockNumber({ watch: true })
  const blocks = useBlocks()
  const most = Math.max(1, ...blocks.map(gasOf))

  return (
    <section className="card head" aria-labelledby="head-title">
      <h2 id="head-title">Head</h2>
      <p className="big" data-height={height === undefined ? '' : `${height}`}>
        {formatCount(height)}
      </p>
      <ol className="blocks" aria-label="Newest blocks, by gas used">
        {blocks.map((block) => (
          <li
            key={block.hash}
            data-block={block.hash}
            title={`Block ${block.number}: ${formatCount(gasOf(block))} gas`}
            style={{ height: `${Math.max(6, (100 * gasOf(block)) / most)}%` }}
          />
        ))}
      </ol>
    </section>
  )
}

function gasOf({ raw }: HeadOfChain): number {
  return Number(raw.gasUsed ?? 0)
}
