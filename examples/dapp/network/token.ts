// A token small enough to be assembled by hand, for the demo's own chain: it keeps balances and emits `Transfer`, and checks
// nothing. Put it where money is and it is gone.

import type { Address, Hex } from 'viem'
import { pad, toEventSelector } from 'viem'
import { dispatch } from '../../../test/e2e/contracts'

export const token: Address = '0x00000000000000000000000000000000000c01d5'

const topic = toEventSelector('event Transfer(address indexed from, address indexed to, uint256 value)')

/** The code after deployment. A balance is in the slot that is named by its owner. */
export const tokenCode: Hex = dispatch({
  'balanceOf(address)': '600435 54 600052 60206000f3',
  'transfer(address,uint256)': `
    602435 80600052
    80 3354 03 3355
    60043554 01 60043555
    600435 33 7f${topic.slice(2)} 60206000a3
    600160005260206000f3`,
})

export function balanceSlot(owner: Address): Hex {
  return pad(owner)
}
