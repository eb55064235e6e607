import { defineEntity, p } from '@mikro-orm/postgresql'

export const LocationSchema = defineEntity({
  name: 'Location',
  tableName: 'location',
  properties: {
    id: p.uuid().primary(),
    name: p.string(),
    city: p.string(),
    state: p.string().length(2),
    /** States the location is licensed to dispense into. */
    servesStates: p.array(),
  },
})
export class Location extends LocationSchema.class {}
LocationSchema.setClass(Location)
