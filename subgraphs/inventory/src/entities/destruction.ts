import { defineEntity, p } from '@mikro-orm/postgresql'
import { LotSchema } from './lot.ts'

export const destructionStatuses = ['PROPOSED', 'WITNESSED', 'WITHDRAWN'] as const
export type DestructionStatus = (typeof destructionStatuses)[number]
export const destructionMethods = ['INCINERATION', 'CHEMICAL', 'REVERSE_DISTRIBUTOR'] as const

/** Destroying a whole lot: one person does it, another sees it done (21 CFR 1317.95 for controlled substances). */
export const DestructionSchema = defineEntity({
  name: 'Destruction',
  tableName: 'destruction',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    lotId: () => p.manyToOne(LotSchema).mapToPk().fieldName('lot_id'),
    status: p.enum(destructionStatuses),
    method: p.enum(destructionMethods),
    proposedBy: p.string(),
    proposedAt: p.datetime(),
    /** Units at the moment of destruction. */
    quantity: p.decimal('number').precision(12).scale(3).nullable(),
    witnessedBy: p.string().nullable(),
    witnessedAt: p.datetime().nullable(),
    /** DEA Form 41 for a controlled substance. */
    reference: p.string().nullable(),
  },
  indexes: [{ name: 'destruction_one_open', expression: `create unique index destruction_one_open on destruction (lot_id) where status = 'PROPOSED'` }],
})
export class Destruction extends DestructionSchema.class {}
DestructionSchema.setClass(Destruction)
