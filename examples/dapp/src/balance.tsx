// What an address has, read again with every block. Plain wagmi: nothing here knows that there are several providers.

import { useEffect, useState } from 'react'
import type { Address } from 'viem'
import { erc20Abi, isAddress } from 'viem'
import { useBalance, useBlockNumber, useReadContract } from 'wagmi'
import { account, token } from './config'
import { formatAmount } from './format'

export function Balance() {
  const [text, setText] = useState<string>(account)
  const [address, setAddress] = useState<Address>(account)
  const { data: height } = useBlockNumber({ watch: true })
  const ether = useBalance({ address })
  const tokens = useReadContract({ abi: erc20Abi, address: token, functionName: 'balanceOf', args: [address] })
  const { refetch: readEther } = ether
  const { refetch: readTokens } = tokens
  const isValid = isAddress(text)
  const error = ether.error ?? tokens.error

  useEffect(() => {
    if (height === undefined) return
    void readEther()
    void readTokens()
  }, [height, readEther, readTokens])

  function change(next: string) {
    setText(next)
    if (isAddress(next)) setAddress(next)
  }

  return (
    <section className="card balance" aria-labelledby="balance-title">
      <h2 id="balance-title">Balance</h2>
      <label>
        <span>Address</span>
        <input
          value={text}
          onChange={({ target }) => change(target.value.trim())}
          aria-invalid={!isValid}
          spellCheck={false}
          autoComplete="off"
        />
      </label>
      <dl className="amounts">
        <div>
          <dt>Ether</dt>
          <dd data-ether={ether.data ? `${ether.data.value}` : ''}>
            {ether.data ? formatAmount(ether.data.value) : '–'}
          </dd>
        </div>
        <div>
          <dt>Tokens</dt>
          <dd data-tokens={tokens.data === undefined ? '' : `${tokens.data}`}>
            {tokens.data === undefined ? '–' : formatAmount(tokens.data)}
          </dd>
        </div>
      </dl>
      {error && (
        <p className="error" role="alert">
          {error.name}: {'shortMessage' in error ? String(error.shortMessage) : error.message}
        </p>
      )}
    </section>
  )
}
