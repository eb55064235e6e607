import { defineLifecycle, to, type Role } from '@pharmagraph/platform'
import type { PartnerStatus, TradingPartner } from '../entities/trading-partner.ts'

const by: readonly Role[] = ['pharmacist-in-charge', 'compliance']

/** A suspended partner's deliveries are refused at the dock. */
export const tradingPartnerLifecycle = defineLifecycle<PartnerStatus, TradingPartner>({
  name: 'tradingPartner',
  initial: 'AUTHORIZED',
  table: { AUTHORIZED: { suspend: to('SUSPENDED', { by }) }, SUSPENDED: { authorize: to('AUTHORIZED', { by }) } },
})
