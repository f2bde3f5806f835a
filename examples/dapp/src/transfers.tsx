// The token's transfers, the newest first.

import type { Address } from 'viem'
import { token } from './config'
import { formatAmount, formatCount, shorten } from './format'
import { useTransfers } from './use-transfers'

export function Transfers() {
  const transfers = useTransfers(token)

  return (
    <section className="card transfers" aria-labelledby="transfers-title">
      <h2 id="transfers-title">
        Transfers <small>{transfers.length} newest, live</small>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="scroll" aria-labelledby="transfers-title" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Block</th>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col" className="number">
                Amount
              </th>
            </tr>
          </thead>
          <tbody>
            {transfers.map(({ id, block, from, to, amount }) => (
              <tr key={id} data-log={id}>
                <td>{formatCount(block)}</td>
                <td>
                  <Account address={from} />
                </td>
                <td>
                  <Account address={to} />
                </td>
                <td className="number">{formatAmount(amount)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {transfers.length === 0 && <p className="empty">No transfers yet.</p>}
      </section>
    </section>
  )
}

function Account({ address }: { address: Address }) {
  const hue = (Number.parseInt(address.slice(2, 8), 16) % 360).toString()
  return (
    <span className="account" title={address}>
      <i style={{ background: `hsl(${hue} 65% 55%)` }} aria-hidden="true" />
      {shorten(address)}
    </span>
  )
}
