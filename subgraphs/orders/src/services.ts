import { vaultFromSettings, type Vault } from '@pharmagraph/platform'
import type { PaymentPort } from './payments/port.ts'
import { stripePayments, stripeSettings } from './payments/stripe.ts'

export type Services = { payments: PaymentPort; vault: Vault }

export const services = (): Services => ({ payments: stripePayments(stripeSettings()), vault: vaultFromSettings() })
