// All proofs, from the bottom of the house to its top.

import { proofs as ofChannels } from './channels'
import type { Proof } from './proof'
import { proofs as ofFunctions } from './pure'
import { proofs as ofRequests } from './requests'

export const proofs: readonly Proof[] = [...ofFunctions, ...ofChannels, ...ofRequests]
