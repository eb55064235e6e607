import { setting, vaultFromSettings, type Vault } from '@pharmagraph/platform'
import { carrierAddresses } from './addresses/carrier.ts'
import type { AddressPort } from './addresses/port.ts'
import { easypostCarrier } from './carrier/easypost.ts'
import type { CarrierPort } from './carrier/port.ts'

export type Services = {
  vault: Vault
  addresses: AddressPort
  carrier: CarrierPort
  /** Signs the carrier's webhooks. */
  carrierSecret: string
}

let made: Services | undefined
/** Made on first use: jobs share them with the rest of the process. */
export const services = (): Services =>
  (made ??= {
    vault: vaultFromSettings(),
    addresses: carrierAddresses({ url: setting('CARRIER_URL'), apiKey: setting('CARRIER_API_KEY', 'local') }),
    carrier: easypostCarrier({ url: setting('CARRIER_URL'), apiKey: setting('CARRIER_API_KEY', 'local') }),
    carrierSecret: setting('CARRIER_WEBHOOK_SECRET'),
  })
