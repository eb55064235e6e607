import { defineEntity, p } from '@mikro-orm/postgresql'

export const partnerKinds = ['MANUFACTURER', 'REPACKAGER', 'WHOLESALER', 'LOGISTICS_PROVIDER'] as const
export const partnerStatuses = ['AUTHORIZED', 'SUSPENDED'] as const
export type PartnerStatus = (typeof partnerStatuses)[number]

/** Who may sell to us (21 USC 360eee(2), 360eee-1(d)(1)): registered, licensed until a day, and not suspended. */
export const TradingPartnerSchema = defineEntity({
  name: 'TradingPartner',
  tableName: 'trading_partner',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    name: p.string(),
    kind: p.enum(partnerKinds),
    /** Global Location Number, thirteen digits. */
    gln: p.string().length(13).unique(),
    /** Number of the state licence, or of the FDA establishment registration for a manufacturer. */
    licenceNumber: p.string(),
    licensedUntil: p.date(),
    status: p.enum(partnerStatuses),
  },
})
export class TradingPartner extends TradingPartnerSchema.class {}
TradingPartnerSchema.setClass(TradingPartner)

export const isAuthorised = ({ status, licensedUntil }: TradingPartner, day: string): boolean => status === 'AUTHORIZED' && licensedUntil >= day
