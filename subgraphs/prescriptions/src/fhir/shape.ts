/**
 * Whether a resource is what FHIR R4 says it is, as far as it is read here: what comes from outside has any type, and a
 * number where a text belongs must be refused by its path, not found out later. Members that are not read are not looked at.
 */
import { AppError } from '@pharmagraph/platform'
import type { Resource } from './r4.ts'

type Kind = 'text' | 'number' | 'whole' | 'boolean' | 'day' | 'time' | 'resource'
type Shape = Kind | readonly [Shape] | { readonly [member: string]: Shape }

const coding = { system: 'text', code: 'text', display: 'text' } as const
const concept = { coding: [coding], text: 'text' } as const
const identifier = { system: 'text', value: 'text' } as const
const reference = { reference: 'text', identifier, display: 'text' } as const
const person = {
  id: 'text', identifier: [identifier], name: [{ use: 'text', family: 'text', given: ['text'] }], gender: 'text', birthDate: 'day',
  telecom: [{ system: 'text', value: 'text' }], address: [{ line: ['text'], city: 'text', state: 'text', postalCode: 'text' }],
} as const

const shapes: Readonly<Record<string, { readonly [member: string]: Shape }>> = {
  MedicationRequest: {
    id: 'text', identifier: [identifier], status: 'text', intent: 'text', contained: ['resource'], insurance: [reference], doNotPerform: 'boolean', reportedBoolean: 'boolean',
    extension: [{ url: 'text', valueCode: 'text', valueInteger: 'whole' }], medicationCodeableConcept: concept, medicationReference: reference, subject: reference, requester: reference,
    authoredOn: 'time', note: [{ text: 'text' }], dosageInstruction: [{ text: 'text', patientInstruction: 'text' }], substitution: { allowedBoolean: 'boolean' },
    dispenseRequest: {
      validityPeriod: { start: 'time', end: 'time' }, numberOfRepeatsAllowed: 'whole', quantity: { value: 'number', comparator: 'text', unit: 'text', system: 'text', code: 'text' },
      expectedSupplyDuration: { value: 'number', comparator: 'text', unit: 'text', code: 'text' },
    },
  },
  Patient: person,
  Practitioner: person,
  Medication: { id: 'text', code: concept },
  AllergyIntolerance: { id: 'text', patient: reference, code: concept, clinicalStatus: concept, verificationStatus: concept, criticality: 'text' },
  Coverage: {
    id: 'text', status: 'text', beneficiary: reference, subscriberId: 'text', payor: [reference], type: concept, class: [{ type: concept, value: 'text' }],
  },
}

const kinds: Readonly<Record<Kind, { is(value: unknown): boolean; what: string }>> = {
  text: { is: (value) => typeof value === 'string', what: 'a text' },
  number: { is: (value) => typeof value === 'number' && Number.isFinite(value), what: 'a number' },
  whole: { is: Number.isSafeInteger, what: 'a whole number' },
  boolean: { is: (value) => typeof value === 'boolean', what: 'true or false' },
  day: { is: (value) => typeof value === 'string' && /^\d{4}(-\d{2}(-\d{2})?)?$/.test(value), what: 'a day, as YYYY-MM-DD' },
  time: { is: (value) => typeof value === 'string' && /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/.test(value), what: 'a day or an instant, as YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz' },
  resource: { is: isResource, what: 'a resource with its resourceType' },
}

function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && typeof (value as Resource).resourceType === 'string'
}

export type Issue = { path: string; message: string }
const mostIssues = 20

/** Throws INVALID_INPUT with every place at which the resource is not what R4 says, by its path. */
export function mustBeShaped(resource: Resource, path = resource.resourceType): void {
  const issues: Issue[] = []
  lookAt(resource, path, issues)
  refuseFor(issues)
}

/** Throws INVALID_INPUT that tells of all; nothing where there is none. */
export function refuseFor(issues: readonly Issue[]): void {
  if (issues.length === 0) return
  throw new AppError('INVALID_INPUT', issues.map(({ message }) => message).join('; '), { field: issues[0]!.path, issues: issues.slice(0, mostIssues) })
}

function lookAt(resource: Resource, path: string, issues: Issue[]): void {
  // a member that changes what the others mean, and that nobody here understands (R4 2.4.1.1, 2.26.3.11)
  for (const member of ['modifierExtension', 'implicitRules'] as const) {
    if (member in resource) issues.push({ path: `${path}.${member}`, message: `${path}.${member} changes the meaning of the rest in a way not understood here: leave it out, or send the order another way` })
  }
  compare(resource, shapes[resource.resourceType] ?? {}, path, issues)
}

function compare(value: unknown, shape: Shape, path: string, issues: Issue[]): void {
  const wrong = (what: string): void => void issues.push({ path, message: `${path} must be ${what}` })
  if (typeof shape === 'string') {
    if (!kinds[shape].is(value)) return wrong(kinds[shape].what)
    if (shape === 'resource') lookAt(value as Resource, path, issues)
    return
  }
  if (isList(shape)) {
    if (!Array.isArray(value)) return wrong('a list')
    for (const [place, item] of value.entries()) compare(item, shape[0], `${path}[${place}]`, issues)
    return
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('an object')
  for (const [member, inner] of Object.entries(shape)) if (member in value) compare((value as Record<string, unknown>)[member], inner, `${path}.${member}`, issues)
}

const isList = (shape: Shape): shape is readonly [Shape] => Array.isArray(shape)
