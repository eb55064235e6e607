import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'
import type { Point } from '../geo/distance.ts'

export const deliverabilities = ['DELIVERABLE', 'UNCERTAIN', 'UNDELIVERABLE'] as const

/** Where somebody lives identifies them (45 CFR 164.514(b)(2)(i)(B)): street, town and coordinates are sealed, the state is not. */
export type Place = {
  recipient: string
  line1: string
  line2: string | null
  city: string
  postalCode: string
  location: Point
  instructions: string | null
}

export const AddressSchema = defineEntity({
  name: 'Address',
  tableName: 'address',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    patientId: p.uuid().index(),
    /** JSON of Place, under the patient's key. */
    sealed: p.text(),
    state: p.string().length(2),
    country: p.string().length(2),
    deliverability: p.enum(deliverabilities),
    createdAt: p.datetime().onCreate(() => clock.now()),
  },
})
export class Address extends AddressSchema.class {}
AddressSchema.setClass(Address)
