import { randomUUID } from 'node:crypto'
import type { PrescriptionOrder } from './order.ts'

const NPI = 'http://hl7.org/fhir/sid/us-npi'
const DEA = 'urn:oid:2.16.840.1.113883.4.814'
const NDC = 'http://hl7.org/fhir/sid/ndc'
const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm'
const NCI = 'http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl'
const UCUM = 'http://unitsofmeasure.org'

/** Where a partner keeps its order numbers; the importer recognises a repeat by this identifier. */
export const ORDER_SYSTEM = 'urn:pharmagraph:sandbox:prescription-order'

/** The order as one FHIR R4 MedicationRequest, patient and prescriber contained. */
export const medicationRequest = (order: PrescriptionOrder, orderNumber: string): object => ({
  ...request(order, orderNumber, '#patient', '#prescriber'),
  contained: [
    { ...patient(order), id: 'patient' },
    { ...practitioner(order), id: 'prescriber' },
  ],
})

/** The order as a FHIR R4 collection Bundle of three resources that name each other by urn:uuid. */
export function bundle(order: PrescriptionOrder, orderNumber: string): object {
  const [patientUrl, prescriberUrl, requestUrl] = [randomUUID(), randomUUID(), randomUUID()].map((id) => `urn:uuid:${id}`) as [string, string, string]
  return {
    resourceType: 'Bundle',
    type: 'collection',
    entry: [
      { fullUrl: patientUrl, resource: patient(order) },
      { fullUrl: prescriberUrl, resource: practitioner(order) },
      { fullUrl: requestUrl, resource: request(order, orderNumber, patientUrl, prescriberUrl) },
    ],
  }
}

const request = (order: PrescriptionOrder, orderNumber: string, subject: string, requester: string): object => ({
  resourceType: 'MedicationRequest',
  identifier: [{ system: ORDER_SYSTEM, value: orderNumber }],
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: {
    coding: [
      { system: NDC, code: order.drug.ndc, display: order.drug.description },
      ...(order.drug.rxNorm ? [{ system: RXNORM, code: order.drug.rxNorm }] : []),
    ],
    text: order.drug.description,
  },
  subject: { reference: subject },
  authoredOn: order.writtenDate,
  requester: { reference: requester },
  ...(order.note && { note: [{ text: order.note }] }),
  dosageInstruction: [{ text: order.sig }],
  dispenseRequest: {
    ...(order.earliestFillDate && { validityPeriod: { start: order.earliestFillDate } }),
    numberOfRepeatsAllowed: order.refills,
    quantity: { value: order.quantity, system: NCI, code: order.quantityUnit ?? 'C48542' },
    expectedSupplyDuration: { value: order.daysSupply, unit: 'days', system: UCUM, code: 'd' },
  },
  substitution: { allowedBoolean: order.substitution ?? true },
})

const patient = ({ patient: person }: PrescriptionOrder): object => ({
  resourceType: 'Patient',
  name: [humanName(person)],
  gender: { F: 'female', M: 'male', U: 'unknown' }[person.gender],
  birthDate: person.dateOfBirth,
  ...contact(person),
})

const practitioner = ({ prescriber }: PrescriptionOrder): object => ({
  resourceType: 'Practitioner',
  identifier: [{ system: NPI, value: prescriber.npi }, ...(prescriber.dea ? [{ system: DEA, value: prescriber.dea }] : [])],
  name: [humanName(prescriber)],
  ...contact(prescriber),
})

const humanName = ({ firstName, middleName, lastName }: PrescriptionOrder['patient'] | PrescriptionOrder['prescriber']): object => ({
  family: lastName,
  given: [firstName, ...(middleName ? [middleName] : [])],
})

const contact = ({ address, phone, email }: PrescriptionOrder['patient'] | PrescriptionOrder['prescriber']): object => ({
  ...((phone || email) && {
    telecom: [...(phone ? [{ system: 'phone', value: phone }] : []), ...(email ? [{ system: 'email', value: email }] : [])],
  }),
  ...(address && {
    address: [
      {
        line: [address.line1, ...(address.line2 ? [address.line2] : [])],
        city: address.city,
        state: address.state,
        postalCode: address.postalCode,
        country: 'US',
      },
    ],
  }),
})
