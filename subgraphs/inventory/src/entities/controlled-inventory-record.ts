import { defineEntity, p } from '@mikro-orm/postgresql'
import { LocationSchema } from './location.ts'

export const businessTimes = ['OPENING', 'CLOSING'] as const
/** `booked`: what the books said at that moment. `exact`: counted unit by unit, not estimated. */
export type RecordedLine = { drugId: string; ndc: string; deaSchedule: string; quantity: number; exact: boolean; booked: number }

/**
 * The inventory of controlled substances that is taken every two years (21 CFR 1304.11, rule C22), as it was found. Kept
 * two years; a trigger refuses any change.
 */
export const ControlledInventoryRecordSchema = defineEntity({
  name: 'ControlledInventoryRecord',
  tableName: 'controlled_inventory_record',
  properties: {
    id: p.uuid().primary(),
    locationId: () => p.manyToOne(LocationSchema).mapToPk().fieldName('location_id'),
    takenOn: p.date(),
    businessTime: p.enum(businessTimes),
    takenBy: p.string(),
    takenAt: p.datetime(),
    lines: p.json<RecordedLine[]>(),
    /** Two years from the day it was taken (21 CFR 1304.11(c)). */
    nextDueOn: p.date(),
    retainUntil: p.date(),
  },
  uniques: [{ properties: ['locationId', 'takenOn', 'businessTime'] }],
})
export class ControlledInventoryRecord extends ControlledInventoryRecordSchema.class {}
ControlledInventoryRecordSchema.setClass(ControlledInventoryRecord)
