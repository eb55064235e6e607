import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser'
import { OUR_PHARMACY, type DeaSchedule, type PrescriptionOrder } from './order.ts'

/**
 * How SCRIPT 2017071 is written down. `plain` is what interchange samples show: a `version` attribute and the product
 * code's qualifier as an attribute. `surescripts` is what the network's own messages show: the transport attributes,
 * qualified addresses, and the qualifier as an element.
 */
export type Dialect = 'plain' | 'surescripts'

export interface Header {
  messageId: string
  to: string
  from: string
  relatesTo?: string | undefined
  prescriberOrderNumber?: string | undefined
  digitallySigned?: boolean
  dialect?: Dialect
}

/** What one reads off any message. */
export interface ScriptMessage {
  messageId: string
  relatesTo?: string
  prescriberOrderNumber?: string
  from?: string
  to?: string
  /** The name of the element in `Body`: NewRx, Status, RxFill… */
  type: string
  /** That element. */
  content: Record<string, unknown>
}

/** NCI Thesaurus codes SCRIPT uses for DEA schedules. */
const SCHEDULE_CODES: Record<DeaSchedule, string> = { CII: 'C48675', CIII: 'C48676', CIV: 'C48677', CV: 'C48679' }

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', format: true })
const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', parseTagValue: false, parseAttributeValue: false })

/** The XML of a message; `body` is the one element inside `Body`. */
export function scriptXml(header: Header, body: object): string {
  const { messageId, to, from, relatesTo, prescriberOrderNumber, digitallySigned, dialect = 'plain' } = header
  const version = '20170715'
  const surescripts = dialect === 'surescripts'
  const message = {
    ...(surescripts
      ? {
          '@DatatypesVersion': version,
          '@TransportVersion': version,
          '@TransactionDomain': 'SCRIPT',
          '@TransactionVersion': version,
          '@StructuresVersion': version,
          '@ECLVersion': version,
        }
      : { '@xmlns': 'http://www.ncpdp.org/schema/SCRIPT', '@version': '2017071' }),
    Header: {
      To: surescripts ? { '@Qualifier': 'P', '#text': to } : to,
      From: surescripts ? { '@Qualifier': 'D', '#text': from } : from,
      MessageID: messageId,
      ...(relatesTo && { RelatesToMessageID: relatesTo }),
      SentTime: new Date().toISOString(),
      ...(prescriberOrderNumber && { PrescriberOrderNumber: prescriberOrderNumber }),
      ...(digitallySigned && { DigitalSignature: { '@Version': '1.1', DigitalSignatureIndicator: 'true' } }),
    },
    Body: body,
  }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ Message: message })}`
}

export const newRx = (order: PrescriptionOrder, dialect: Dialect): object => ({
  NewRx: { ...people(order), MedicationPrescribed: medication(order, dialect) },
})

export const cancelRx = (order: PrescriptionOrder, reference: string, dialect: Dialect): object => ({
  CancelRx: { RequestReferenceNumber: reference, ...people(order), MedicationPrescribed: medication(order, dialect) },
})

/** A prescriber's answer to the pharmacy's RxRenewalRequest or RxChangeRequest; what was asked about comes back with it. */
export function responseTo(request: ScriptMessage, outcome: string, note: string | undefined, changes: object): object {
  const { RequestReferenceNumber, Patient, Pharmacy, Prescriber, MedicationPrescribed } = request.content
  return {
    [request.type.replace('Request', 'Response')]: {
      ...(RequestReferenceNumber !== undefined && { RequestReferenceNumber }),
      Response: { [outcome]: note ? { Note: note } : '' },
      ...(Patient !== undefined && { Patient }),
      ...(Pharmacy !== undefined && { Pharmacy }),
      ...(Prescriber !== undefined && { Prescriber }),
      ...(MedicationPrescribed !== undefined && { MedicationPrescribed: { ...(MedicationPrescribed as object), ...changes } }),
    },
  }
}

export const status = (): object => ({ Status: { Code: '010', Description: 'Accepted by the receiver.' } })
export const rejection = (description: string): object => ({ Error: { Code: '900', Description: description } })

/** Reads a message; a string says why it is none. */
export function readScript(xml: string): ScriptMessage | string {
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) return 'A message must not declare a document type or entities.'
  const wellFormed = XMLValidator.validate(xml)
  if (wellFormed !== true) return `The message is not well-formed XML: ${wellFormed.err.msg}`
  const { Message: message } = parser.parse(xml) as { Message?: { Header?: Record<string, unknown>; Body?: Record<string, unknown> } }
  if (!message?.Header || !message.Body) return 'The message has no Message with a Header and a Body.'
  const { MessageID, RelatesToMessageID, PrescriberOrderNumber, From, To } = message.Header
  const [type, ...others] = Object.keys(message.Body)
  if (!type || others.length > 0) return 'The Body must hold exactly one element.'
  const messageId = plain(MessageID)
  if (!messageId) return 'Header/MessageID is missing.'
  const content = message.Body[type]
  return {
    messageId,
    type,
    content: typeof content === 'object' ? (content as Record<string, unknown>) : {},
    ...optional('relatesTo', RelatesToMessageID),
    ...optional('prescriberOrderNumber', PrescriberOrderNumber),
    ...optional('from', From),
    ...optional('to', To),
  }
}

/** The text of an element, whether it has attributes or not. */
export const plain = (element: unknown): string | undefined => {
  const value = typeof element === 'object' && element !== null ? (element as { '#text'?: unknown })['#text'] : element
  return value === undefined || value === '' ? undefined : String(value)
}

const optional = (name: string, element: unknown): object => (plain(element) === undefined ? {} : { [name]: plain(element) })

const people = ({ patient, prescriber, pharmacy = OUR_PHARMACY }: PrescriptionOrder): object => ({
  Patient: {
    HumanPatient: {
      Name: nameOf(patient),
      Gender: patient.gender,
      DateOfBirth: { Date: patient.dateOfBirth },
      ...whereabouts(patient),
    },
  },
  Pharmacy: {
    Identification: { NCPDPID: pharmacy.ncpdpId, ...(pharmacy.npi && { NPI: pharmacy.npi }) },
    BusinessName: pharmacy.name,
  },
  Prescriber: {
    NonVeterinarian: {
      Identification: {
        ...(prescriber.stateLicense && { StateLicenseNumber: prescriber.stateLicense }),
        ...(prescriber.dea && { DEANumber: prescriber.dea }),
        NPI: prescriber.npi,
      },
      Name: nameOf(prescriber),
      ...whereabouts(prescriber),
    },
  },
})

const nameOf = ({ lastName, firstName, middleName }: PrescriptionOrder['patient'] | PrescriptionOrder['prescriber']): object => ({
  LastName: lastName,
  FirstName: firstName,
  ...(middleName && { MiddleName: middleName }),
})

const whereabouts = ({ address, phone, email }: PrescriptionOrder['patient'] | PrescriptionOrder['prescriber']): object => ({
  ...(address && {
    Address: {
      AddressLine1: address.line1,
      ...(address.line2 && { AddressLine2: address.line2 }),
      City: address.city,
      StateProvince: address.state,
      PostalCode: address.postalCode,
      CountryCode: 'US',
    },
  }),
  ...((phone || email) && {
    CommunicationNumbers: {
      ...(phone && { PrimaryTelephone: { Number: phone.replace(/\D/g, '').slice(-10) } }),
      ...(email && { ElectronicMail: email }),
    },
  }),
})

const medication = (order: PrescriptionOrder, dialect: Dialect): object => ({
  DrugDescription: order.drug.description,
  DrugCoded: {
    ProductCode: dialect === 'surescripts' ? { Code: order.drug.ndc, Qualifier: 'ND' } : { '@Qualifier': 'ND', '#text': order.drug.ndc },
    ...(order.drug.rxNorm && { DrugDBCode: { Code: order.drug.rxNorm, Qualifier: dialect === 'surescripts' ? 'SCD' : 'RXNORM' } }),
    ...(order.drug.deaSchedule && { DEASchedule: { Code: SCHEDULE_CODES[order.drug.deaSchedule] } }),
  },
  Quantity: {
    Value: String(order.quantity),
    CodeListQualifier: '38', // the original quantity
    QuantityUnitOfMeasure: { Code: order.quantityUnit ?? 'C48542' },
  },
  DaysSupply: String(order.daysSupply),
  WrittenDate: { Date: order.writtenDate },
  Substitutions: order.substitution === false ? '1' : '0',
  NumberOfRefills: String(order.refills),
  Sig: { SigText: order.sig },
  ...(order.note && { Note: order.note }),
  ...(order.earliestFillDate && {
    OtherMedicationDate: { OtherMedicationDate: { Date: order.earliestFillDate }, OtherMedicationDateQualifier: 'EffectiveDate' },
  }),
})
