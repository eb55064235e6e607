import { ConfigError, keySetting, optionalSetting, setting, vaultFromSettings, type Vault } from '@pharmagraph/platform'
import { isDeaNumber, isNpi } from '@pharmagraph/schema/identifiers'
import { httpNetwork } from './erx/network.ts'
import type { ErxNetwork } from './erx/port.ts'
import { signerFromSettings, type Signer } from './integrity/signer.ts'
import { httpPdmp } from './pdmp/http.ts'
import { localPdmp } from './pdmp/local.ts'
import type { Pdmp, PdmpPharmacy } from './pdmp/port.ts'
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
  /** As whom we speak to them. */
  pharmacy: PdmpPharmacy
  /** Looks at uploads before they are kept. */
  scanner: Scanner
  /** Signs what comes from and goes to the e-prescribing network. */
  webhookSecret: string
}

/** Of nobody: the numbers only pass their check digits. */
const demoPharmacy: PdmpPharmacy = { npi: '1234567893', dea: 'FP1234563', ncpdp: '0512345' }

/** Throws ConfigError where a number is missing or fails its check digit. */
function pharmacyFromSettings(): PdmpPharmacy {
  const [npi, dea, ncpdp] = [setting('ERX_PHARMACY_NPI'), setting('ERX_PHARMACY_DEA'), setting('ERX_PHARMACY_NCPDP')]
  if (!isNpi(npi)) throw new ConfigError('ERX_PHARMACY_NPI', 'fails the check digit of an NPI')
  if (!isDeaNumber(dea)) throw new ConfigError('ERX_PHARMACY_DEA', 'fails the check digit of a DEA number')
  if (!/^\d{7}$/.test(ncpdp)) throw new ConfigError('ERX_PHARMACY_NCPDP', 'must be seven digits')
  return { npi, dea, ncpdp }
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
    pharmacy: pdmpUrl ? pharmacyFromSettings() : demoPharmacy,
    scanner: localScanner(),
    webhookSecret,
  })
}
