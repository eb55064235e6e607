/** A prescription as a prescriber writes it, from which every message is built. Dates are `YYYY-MM-DD`. */
export interface PrescriptionOrder {
  patient: Person & { dateOfBirth: string; gender: 'F' | 'M' | 'U' }
  prescriber: Person & {
    npi: string
    /** Needed by law to prescribe a controlled substance. */
    dea?: string
    stateLicense?: string
  }
  drug: {
    description: string
    /** 11 digits, no dashes. */
    ndc: string
    rxNorm?: string
    deaSchedule?: DeaSchedule
  }
  quantity: number
  /** NCI Thesaurus code of the quantity's unit; C48542, tablet, by default. */
  quantityUnit?: string
  daysSupply: number
  sig: string
  /** Fills after the first. */
  refills: number
  writtenDate: string
  /** Do not fill before: 21 CFR 1306.12(b). */
  earliestFillDate?: string
  /** `false` says dispense as written. */
  substitution?: boolean
  note?: string
  pharmacy?: { ncpdpId: string; npi?: string; name: string }
}

export type DeaSchedule = 'CII' | 'CIII' | 'CIV' | 'CV'

interface Person {
  firstName: string
  lastName: string
  middleName?: string
  address?: { line1: string; line2?: string; city: string; state: string; postalCode: string }
  phone?: string
  email?: string
}

/** The pharmacy of the demo, where an order names none. */
export const OUR_PHARMACY = { ncpdpId: '5699999', npi: '1999999984', name: 'Pharmagraph Pharmacy' }

const text = { type: 'string', minLength: 1 }
const date = { type: 'string', format: 'date' }
const person = {
  firstName: text,
  lastName: text,
  middleName: text,
  phone: text,
  email: text,
  address: {
    type: 'object',
    additionalProperties: false,
    required: ['line1', 'city', 'state', 'postalCode'],
    properties: { line1: text, line2: text, city: text, state: text, postalCode: text },
  },
}

/** JSON Schema of {@link PrescriptionOrder}: its properties and which of them are required. */
export const ORDER_PROPERTIES = {
  patient: {
    type: 'object',
    additionalProperties: false,
    required: ['firstName', 'lastName', 'dateOfBirth', 'gender'],
    properties: { ...person, dateOfBirth: date, gender: { enum: ['F', 'M', 'U'] } },
  },
  prescriber: {
    type: 'object',
    additionalProperties: false,
    required: ['firstName', 'lastName', 'npi'],
    properties: { ...person, npi: text, dea: text, stateLicense: text },
  },
  drug: {
    type: 'object',
    additionalProperties: false,
    required: ['description', 'ndc'],
    properties: { description: text, ndc: text, rxNorm: text, deaSchedule: { enum: ['CII', 'CIII', 'CIV', 'CV'] } },
  },
  quantity: { type: 'number', exclusiveMinimum: 0 },
  quantityUnit: text,
  daysSupply: { type: 'integer', minimum: 1 },
  sig: text,
  refills: { type: 'integer', minimum: 0, maximum: 99 },
  writtenDate: date,
  earliestFillDate: date,
  substitution: { type: 'boolean' },
  note: text,
  pharmacy: {
    type: 'object',
    additionalProperties: false,
    required: ['ncpdpId', 'name'],
    properties: { ncpdpId: text, npi: text, name: text },
  },
}
export const ORDER_REQUIRED = ['patient', 'prescriber', 'drug', 'quantity', 'daysSupply', 'sig', 'refills', 'writtenDate']
