import { defineEntity, p } from '@mikro-orm/postgresql'
import { LocationSchema } from './location.ts'

export const storageClasses = ['FROZEN', 'REFRIGERATED', 'COOL', 'CRT'] as const
export type StorageClass = (typeof storageClasses)[number]

/** What a logger in one storage zone of a location measured. A reading that comes again changes nothing. */
export const TemperatureReadingSchema = defineEntity({
  name: 'TemperatureReading',
  tableName: 'temperature_reading',
  properties: {
    sensorId: p.string().length(50).primary(),
    at: p.datetime().primary(),
    locationId: () => p.manyToOne(LocationSchema).mapToPk().fieldName('location_id'),
    storageClass: p.enum(storageClasses),
    celsius: p.decimal('number').precision(5).scale(2),
    /** How often the logger measures: a longer silence is a gap. */
    intervalMinutes: p.integer().check('interval_minutes > 0'),
  },
  indexes: [{ properties: ['locationId', 'storageClass', 'at'] }],
})
export class TemperatureReading extends TemperatureReadingSchema.class {}
TemperatureReadingSchema.setClass(TemperatureReading)
