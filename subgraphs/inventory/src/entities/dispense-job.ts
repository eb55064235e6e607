import { defineEntity, p } from '@mikro-orm/postgresql'
import { LotSchema } from './lot.ts'

/** What a person loaded into a device, as far as we counted: the device knows better. */
export const DeviceCassetteSchema = defineEntity({
  name: 'DeviceCassette',
  tableName: 'device_cassette',
  properties: {
    deviceId: p.string().length(50).primary(),
    lotId: () => p.manyToOne(LotSchema).mapToPk().fieldName('lot_id').primary(),
    units: p.decimal('number').precision(12).scale(3).check('units >= 0'),
    loadedBy: p.string(),
    loadedAt: p.datetime(),
  },
})
export class DeviceCassette extends DeviceCassetteSchema.class {}
DeviceCassetteSchema.setClass(DeviceCassette)

export const dispenseJobStatuses = ['REQUESTED', 'COUNTED', 'REFUSED', 'WITHDRAWN'] as const
export type DispenseJobStatus = (typeof dispenseJobStatuses)[number]
export const refusals = ['WRONG_PRODUCT', 'WRONG_LOT', 'MISCOUNT', 'JAMMED', 'EMPTY'] as const
export type DeviceRefusal = (typeof refusals)[number]

/** One lot of one fill for a device to count out. Where it does not, a person counts by hand: a device never holds up a fill. */
export const DispenseJobSchema = defineEntity({
  name: 'DispenseJob',
  tableName: 'dispense_job',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    deviceId: p.string().length(50),
    fillId: p.uuid(),
    orderLineId: p.uuid().index(),
    lotId: () => p.manyToOne(LotSchema).mapToPk().fieldName('lot_id'),
    ndc: p.string(),
    lotNumber: p.string(),
    quantity: p.decimal('number').precision(12).scale(3).check('quantity > 0'),
    status: p.enum(dispenseJobStatuses),
    refusal: p.enum(refusals).nullable(),
    /** What a person has to know of a refusal. */
    message: p.text().nullable(),
    counted: p.decimal('number').precision(12).scale(3).nullable(),
    /** Of the package the units came from, as the device scanned it. */
    serialNumber: p.string().length(20).nullable(),
    requestedAt: p.datetime(),
    answeredAt: p.datetime().nullable(),
  },
  uniques: [{ properties: ['fillId', 'lotId'] }],
})
export class DispenseJob extends DispenseJobSchema.class {}
DispenseJobSchema.setClass(DispenseJob)
