import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'

export const deaSchedules = ['NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'] as const
export type DeaSchedule = (typeof deaSchedules)[number]
export const licenceStatuses = ['ACTIVE', 'EXPIRED', 'SUSPENDED', 'REVOKED'] as const
export type LicenceStatus = (typeof licenceStatuses)[number]

/** A prescriber or pharmacist. Register data is public: nothing here is sealed. */
export const PractitionerSchema = defineEntity({
  name: 'Practitioner',
  tableName: 'practitioner',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    given: p.string(),
    family: p.string(),
    npi: p.string().length(10).unique(),
    deaNumber: p.string().nullable().unique(),
    specialty: p.string(),
    scheduleAuthority: p.array().$type<DeaSchedule[]>(),
    phone: p.string(),
    clinic: p.string().nullable(),
    registeredAt: p.datetime().onCreate(() => clock.now()),
  },
})
export class Practitioner extends PractitionerSchema.class {}
PractitionerSchema.setClass(Practitioner)

export const LicenceSchema = defineEntity({
  name: 'Licence',
  tableName: 'licence',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    practitionerId: p.uuid().index(),
    number: p.string(),
    /** Two letters; a number is unique within its state only. */
    state: p.string().length(2),
    status: p.enum(licenceStatuses),
    expiresOn: p.date(),
    /** When the state's register last confirmed it. */
    checkedAt: p.datetime().nullable(),
    /** When the register is to be asked next. */
    checkDueAt: p.datetime().index(),
  },
  uniques: [{ properties: ['number', 'state'] }],
})
export class Licence extends LicenceSchema.class {}
LicenceSchema.setClass(Licence)
