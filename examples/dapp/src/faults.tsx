// Buttons that break a provider, and mend it. For `npm run dapp` only: its dev server has an endpoint for it.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

const faults = [
  ['none', 'well'],
  ['refuse', 'killed'],
  ['hang', 'hangs'],
  ['slow', 'slow'],
  ['error503', '503'],
  ['html', 'HTML'],
] as const

type FaultByProvider = Readonly<Record<string, string>>

export function Faults({ provider }: { provider: string }) {
  const queryClient = useQueryClient()
  const { data } = useQuery({ queryKey: ['faults'], queryFn: () => askFaults(), networkMode: 'always' })
  const { mutate } = useMutation({
    mutationFn: (fault: string) => askFaults({ provider, fault }),
    onSuccess: (now) => queryClient.setQueryData(['faults'], now),
    networkMode: 'always',
  })

  return (
    <fieldset className="faults">
      <legend>Break it</legend>
      {faults.map(([fault, title]) => (
        <button
          key={fault}
          type="button"
          aria-pressed={data?.[provider] === fault}
          onClick={() => mutate(fault)}
          data-fault={fault}
        >
          {title}
        </button>
      ))}
    </fieldset>
  )
}

/** @param change without one, it only asks */
async function askFaults(change?: { provider: string; fault: string }): Promise<FaultByProvider> {
  const response = change
    ? await fetch(`/faults?${new URLSearchParams(change)}`, { method: 'POST' })
    : await fetch('/faults')
  return response.json()
}
