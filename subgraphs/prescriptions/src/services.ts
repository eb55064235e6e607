import { keySetting, optionalSetting, setting, vaultFromSettings, type Vault } from '@pharmagraph/platform'
import { httpNetwork } from './erx/network.ts'
import type { ErxNetwork } from './erx/port.ts'
import { signerFromSettings, type Signer } from './integrity/signer.ts'
import { httpPdmp } from './pdmp/http.ts'
import { localPdmp } from './pdmp/local.ts'
import type { Pdmp } from './pdmp/port.ts'
import { localScanner, type Scanner } from './uploads/scanner.ts'

export type Services = {
  vault: Vault
  /** Keys the hashes by which patients are found. */
  matchKey: Buffer
  /** Signs prescriptions as they come in and as they are verified. */
  signer: Signer
  network: ErxNetwork
  /** The states' monitoring programmes. */
  pdmp: Pdmp
  /** Looks at uploads before they are kept. */
  scanner: Scanner
  /** Signs what comes from and goes to the e-prescribing network. */
  webhookSecret: string
}

let made: Services | undefined
/** Made on first use: consumers and jobs share them with the rest of the process. */
export const services = (): Services => {
  if (made) return made
  const webhookSecret = setting('ERX_WEBHOOK_SECRET')
  const pdmpUrl = optionalSetting('ERX_PDMP_URL')
  return (made = {
    vault: vaultFromSettings(),
    matchKey: keySetting('MATCH_KEY'),
    signer: signerFromSettings(),
    network: httpNetwork(setting('ERX_NETWORK_URL'), webhookSecret),
    pdmp: pdmpUrl ? httpPdmp(pdmpUrl, webhookSecret) : localPdmp(),
    scanner: localScanner(),
    webhookSecret,
  })
}
