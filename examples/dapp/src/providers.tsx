// How each provider is: what its breakers say, how fast it answers, which block it has, what its socket does.

import type { ChannelStatus, ProviderStatus, Status } from 'viem-lasso'
import { hasFaults } from './config'
import { Faults } from './faults'
import { formatCount, formatMs, formatShare } from './format'

export function Providers({ status }: { status: Status }) {
  const { providers, subscriptions } = status
  const sources = new Set(subscriptions.map(({ source }) => source?.provider))

  return (
    <section className="card providers" aria-labelledby="providers-title">
      <h2 id="providers-title">Providers</h2>
      <ul>
        {providers.map((provider) => (
          <li key={provider.id} data-provider={provider.id}>
            <Provider provider={provider} uptime={status.uptime} isSource={sources.has(provider.id)} />
          </li>
        ))}
      </ul>
    </section>
  )
}

type ProviderProps = { provider: ProviderStatus; uptime: number; isSource: boolean }

function Provider({ provider, uptime, isSource }: ProviderProps) {
  const { id, head, lag, channels, wrongChain, cooldownUntil = 0 } = provider
  const rest = Math.max(0, cooldownUntil - uptime)

  return (
    <>
      <h3>
        {id}
        {isSource && <span className="pill source">streams</span>}
        {wrongChain && <span className="pill bad">wrong chain</span>}
        {rest > 0 && <span className="pill warn">cools for {Math.ceil(rest / 1_000)} s</span>}
        <small>
          block {formatCount(head)}
          {lag !== undefined && lag > 0 && `, ${lag} behind`}
        </small>
      </h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Channel</th>
            <th scope="col">Breaker</th>
            <th scope="col" className="number">
              p50
            </th>
            <th scope="col" className="number spare">
              p95
            </th>
            <th scope="col" className="number">
              Success
            </th>
            <th scope="col" className="number">
              Calls
            </th>
          </tr>
        </thead>
        <tbody>
          {channels.http && <Channel name="http" channel={channels.http} uptime={uptime} />}
          {channels.ws && <Channel name="ws" channel={channels.ws} uptime={uptime} />}
        </tbody>
      </table>
      {hasFaults && <Faults provider={id} />}
    </>
  )
}

const tones = { closed: 'good', 'half-open': 'warn', open: 'bad' } as const

function Channel({ name, channel, uptime }: { name: string; channel: ChannelStatus; uptime: number }) {
  const { breaker, latency, success, attempts, inFlight, socket } = channel
  const { state, openUntil } = breaker
  const wait = state === 'open' && openUntil !== undefined ? Math.max(0, Math.ceil((openUntil - uptime) / 1_000)) : 0

  return (
    <tr data-channel={name} data-breaker={state} data-socket={socket}>
      <th scope="row">
        {name}
        {socket && <small> {socket}</small>}
      </th>
      <td>
        <span className={`pill ${tones[state]}`}>
          {state}
          {wait > 0 && ` ${wait} s`}
        </span>
      </td>
      <td className="number">{formatMs(latency.p50)}</td>
      <td className="number spare">{formatMs(latency.p95)}</td>
      <td className="number">{formatShare(success)}</td>
      <td className="number" data-attempts={attempts} title={`${inFlight} under way`}>
        {formatCount(attempts)}
      </td>
    </tr>
  )
}
