/** Our own copies of what other subgraphs told by events: only what an order needs, newest telling wins. */
import { defineEntity, p } from '@mikro-orm/postgresql'

export const deaSchedules = ['NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'] as const
export const storageClasses = ['FROZEN', 'REFRIGERATED', 'COOL', 'CRT'] as const
export const deliverabilities = ['DELIVERABLE', 'UNCERTAIN', 'UNDELIVERABLE'] as const

export const DrugFactSchema = defineEntity({
  name: 'DrugFact',
  tableName: 'drug_fact',
  properties: {
    id: p.uuid().primary(),
    /** The catalog's version of the drug. */
    factVersion: p.integer(),
    name: p.string(),
    rxOnly: p.boolean(),
    deaSchedule: p.enum(deaSchedules),
    storageClass: p.enum(storageClasses),
    packageSize: p.decimal('number').precision(12).scale(3),
    priceMinor: p.integer(),
    currency: p.string().length(3),
  },
})
export class DrugFact extends DrugFactSchema.class {}
DrugFactSchema.setClass(DrugFact)

export const PrescriptionFactSchema = defineEntity({
  name: 'PrescriptionFact',
  tableName: 'prescription_fact',
  properties: {
    id: p.uuid().primary(),
    /** Time and id of the event told last; these events carry no version. */
    toldBy: p.string(),
    patientId: p.uuid().nullable(),
    drugId: p.uuid().nullable(),
    status: p.string(),
    quantity: p.decimal('number').precision(12).scale(3),
    daysSupply: p.integer().nullable(),
    refillsRemaining: p.integer(),
    expiryDate: p.date(),
  },
})
export class PrescriptionFact extends PrescriptionFactSchema.class {}
PrescriptionFactSchema.setClass(PrescriptionFact)

export const ConsentFactSchema = defineEntity({
  name: 'ConsentFact',
  tableName: 'consent_fact',
  properties: {
    patientId: p.uuid().primary(),
    purpose: p.string().primary(),
    factVersion: p.integer(),
    granted: p.boolean(),
  },
})
export class ConsentFact extends ConsentFactSchema.class {}
ConsentFactSchema.setClass(ConsentFact)

export const AddressFactSchema = defineEntity({
  name: 'AddressFact',
  tableName: 'address_fact',
  properties: {
    id: p.uuid().primary(),
    patientId: p.uuid(),
    state: p.string(),
    deliverability: p.enum(deliverabilities),
  },
})
export class AddressFact extends AddressFactSchema.class {}
AddressFactSchema.setClass(AddressFact)
