/** Reads NCPDP SCRIPT XML, 2017071 and 2023011, as far as prescriptions go. */
import { AppError, invalid } from '@pharmagraph/platform'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { given, type PatientAsWritten, type PostalAddress, type PrescriptionContent } from '../content.ts'
import type { DeaSchedule } from '../entities/prescription.ts'
import { notCounted } from '../fhir/units.ts'

const maxBytes = 512 * 1024
/** SCRIPT itself allows 35 characters; a network may add its own prefix. */
const longestIdentity = 100
const versions = ['2017071', '2023011']

/** Entities are not expanded, so none can grow; what XML itself defines is put back by `unescape`. */
const parser = new XMLParser({
  ignoreAttributes: false, attributeNamePrefix: '@', removeNSPrefix: true, parseTagValue: false, parseAttributeValue: false, processEntities: false, maxNestedTags: 50,
})

export type ScriptMessage = {
  messageId: string
  relatesTo: string | undefined
  prescriberOrderNumber: string | undefined
  from: string | undefined
  to: string | undefined
  /** As the message states it, such as 2017071. */
  version: string | undefined
  /** The sender wants to hear that it was received: by Verify instead of Status. */
  returnReceipt: boolean
  /** The element in Body: NewRx, CancelRx … */
  type: string
  body: Element
}
type Element = { [name: string]: unknown }

/** Reads the envelope. Throws INVALID_INPUT where there is none: nobody can be answered by message id then. */
export function readScript(raw: Buffer): ScriptMessage {
  if (raw.length > maxBytes) throw new AppError('INVALID_INPUT', `a message has at most ${maxBytes / 1024} KB`, { field: 'Message' }, { http: 413 })
  const xml = decoded(raw)
  // SCRIPT has no document type; refusing all of them shuts out external and recursive entities
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) throw invalid('Message', 'a message must not declare a document type or entities')
  const wellFormed = !xml.includes('\0') && XMLValidator.validate(xml)
  if (wellFormed !== true) throw invalid('Message', 'the message is not well-formed XML')
  const message = child(treeOf(xml), 'Message')
  mustBeScript(xml)
  const header = child(message, 'Header')
  const body = child(message, 'Body')
  const messageId = text(header, 'MessageID')
  if (!message || !header || !body || !messageId) throw invalid('Message', 'the message has no Header with a MessageID, or no Body')
  const [type, ...others] = Object.keys(body).filter((name) => !name.startsWith('@') && name !== '#text')
  if (!type || others.length) throw invalid('Body', 'the Body must hold exactly one element')
  const identities = [messageId, text(header, 'From'), text(header, 'PrescriberOrderNumber'), text(header, 'RelatesToMessageID')]
  if (identities.some((identity) => (identity?.length ?? 0) > longestIdentity)) throw invalid('Header', `identities in the Header have at most ${longestIdentity} characters`)
  const version = ['@version', '@TransactionVersion', '@TransportVersion', '@DatatypesVersion'].map((name) => message[name]).find((value) => value !== undefined)
  return {
    messageId, relatesTo: text(header, 'RelatesToMessageID'), prescriberOrderNumber: text(header, 'PrescriberOrderNumber'),
    from: text(header, 'From'), to: text(header, 'To'), type, body: child(body, type) ?? {}, version: version === undefined ? undefined : String(version),
    returnReceipt: !['0', 'false', 'n', 'no', ''].includes((text(header, 'ReturnReceipt') ?? '').toLowerCase()),
  }
}

/** A document is read as it says it is encoded: names spelt wrongly belong to nobody. */
function decoded(raw: Buffer): string {
  const marked = [...byteOrderMarks].find(([mark]) => raw.subarray(0, mark.length / 2).toString('hex') === mark)?.[1]
  const declared = marked ?? /^\s*<\?xml[^>]*\bencoding=["']([\w.:-]+)["']/.exec(raw.subarray(0, 200).toString('latin1'))?.[1]?.toLowerCase() ?? 'utf-8'
  if (!encodings.includes(declared)) throw invalid('Message', `the encoding ${declared.slice(0, 40)} is not read here: send UTF-8`)
  try {
    return new TextDecoder(declared, { fatal: true }).decode(raw)
  } catch {
    throw invalid('Message', `the message is not the ${declared} it says it is`)
  }
}
const byteOrderMarks = new Map([['efbbbf', 'utf-8'], ['fffe', 'utf-16le'], ['feff', 'utf-16be']])
const encodings: readonly string[] = ['utf-8', 'us-ascii', 'iso-8859-1', 'windows-1252', 'utf-16le', 'utf-16be']

function treeOf(xml: string): Element {
  try {
    return parser.parse(xml) as Element
  } catch {
    throw invalid('Message', 'the message is nested too deeply, or has names that no message of SCRIPT has')
  }
}

/** The names mean what SCRIPT means by them only in its own namespace; a message that names none is taken at its word. */
function mustBeScript(xml: string): void {
  const [, prefix, attributes = ''] = /<(?:([\w.-]+):)?Message\b([^>]*)>/.exec(xml) ?? []
  const namespace = new RegExp(`(?:^|\\s)xmlns${prefix ? `:${prefix.replace(/[.]/g, '\\.')}` : ''}\\s*=\\s*["']([^"']*)["']`).exec(attributes)?.[1]
  if (namespace && !/^https?:\/\/www\.ncpdp\.org\/schema\//i.test(namespace)) throw invalid('Message', 'the message is not in the namespace of NCPDP SCRIPT, http://www.ncpdp.org/schema/SCRIPT')
}

/** Refuses versions of SCRIPT that are not spoken here (2017071 ends for Part D on 2028-01-01, 89 FR 51238). */
export function checkVersion({ version }: ScriptMessage): void {
  if (version === undefined) throw invalid('version', 'the message does not say which version of SCRIPT it follows: send 2017071 or 2023011')
  if (!versions.some((known) => version.startsWith(known))) throw invalid('version', `SCRIPT version ${version.slice(0, 20)} is not supported: send 2017071 or 2023011`)
}

/** One of the versions spoken here; surescripts writes 20170715 for 2017071. */
export const spokenVersion = (version: string | undefined): string | undefined => versions.find((known) => version?.startsWith(known.slice(0, 6)))

/** NCI Thesaurus codes of DEA schedules. */
const schedules: Record<string, DeaSchedule> = { C48672: 'CI', C48675: 'CII', C48676: 'CIII', C48677: 'CIV', C48679: 'CV', C38046: 'NONE' }

/** The content of a NewRx. Throws INVALID_INPUT naming, in a pharmacist's words, everything it lacks. */
export function readNewRx({ body }: ScriptMessage): PrescriptionContent {
  const patient = child(body, 'Patient', 'HumanPatient')
  const prescriber = child(body, 'Prescriber', 'NonVeterinarian')
  const drug = child(body, 'MedicationPrescribed')
  const person = patientOf(patient)
  const written = {
    'the name of the patient': person.family && person.given,
    "the prescriber's NPI": text(prescriber, 'Identification', 'NPI'),
    'the drug': text(drug, 'DrugDescription'),
    'the quantity': quantityOf(drug),
    'the directions for use': text(drug, 'Sig', 'SigText') ?? text(drug, 'Directions'),
    'the written date': day(drug, 'WrittenDate'),
  }
  const missing = Object.entries(written).flatMap(([what, value]) => (value === undefined || value === '' ? [what] : []))
  if (missing.length) throw invalid('NewRx', `the prescription does not say ${missing.join(', ')}`)
  if (drug?.['CompoundInformation'] !== undefined) throw invalid('CompoundInformation', 'a compounded drug is not taken in this way, since its ingredients would be lost: send it to a compounding pharmacy, or on paper')

  const dea = text(prescriber, 'Identification', 'DEANumber')
  const ndc = text(drug, 'DrugCoded', 'ProductCode', 'Code') ?? text(drug, 'DrugCoded', 'ProductCode')
  const qualifier = text(drug, 'DrugCoded', 'ProductCode', 'Qualifier') ?? text(drug, 'DrugCoded', 'ProductCode', '@Qualifier')
  const schedule = scheduleOf(drug)
  const note = text(drug, 'Note')
  return {
    patient: person,
    prescriber: {
      npi: written["the prescriber's NPI"]!, ...given('dea', dea), ...given('family', text(prescriber, 'Name', 'LastName')), ...given('given', text(prescriber, 'Name', 'FirstName')),
      ...given('phone', text(prescriber, 'CommunicationNumbers', 'PrimaryTelephone', 'Number')), ...given('address', addressOf(child(prescriber, 'Address'))),
    },
    drug: { text: written['the drug']!, ...given('ndc', qualifier === undefined || qualifier === 'ND' ? ndc : undefined), ...given('schedule', schedule) },
    sig: written['the directions for use']!,
    quantity: written['the quantity']!,
    daysSupply: daysOf(drug) ?? null,
    refills: refillsOf(drug) ?? 0,
    daw: dawOf(drug) ?? 0,
    issueDate: written['the written date']!,
    earliestFillDate: earliestFill(drug) ?? null,
    // SCRIPT does not say how the prescriber came to know the patient
    evaluationBasis: 'IN_PERSON',
    ...given('note', note), ...given('conditionCode', conditionIn(note)),
  }
}

export type CancelRx = { npi: string | undefined; prescriberOrderNumber: string | undefined; originalMessageId: string | undefined; reference: string | undefined }

/** What a CancelRx names: the order number or the message of the NewRx, and who cancels. */
export const readCancelRx = ({ body, prescriberOrderNumber, relatesTo }: ScriptMessage): CancelRx => ({
  npi: text(child(body, 'Prescriber', 'NonVeterinarian'), 'Identification', 'NPI'),
  prescriberOrderNumber: prescriberOrderNumber ?? text(child(body, 'MedicationPrescribed'), 'PrescriberOrderNumber'),
  originalMessageId: relatesTo,
  reference: text(body, 'RequestReferenceNumber'),
})

/** A prescription the prescriber changed in answer to us: what the response says anew, and the rest as it was. */
export function readChanged({ body }: ScriptMessage, before: PrescriptionContent): PrescriptionContent {
  const drug = child(body, 'MedicationPrescribed')
  if (!drug) throw invalid('MedicationPrescribed', 'the response is approved with changes, and does not say which')
  const { daysSupply, note: _, ...kept } = before
  const ndc = text(drug, 'DrugCoded', 'ProductCode', 'Code') ?? text(drug, 'DrugCoded', 'ProductCode')
  const description = text(drug, 'DrugDescription')
  const changedDrug = description !== undefined && description !== before.drug.text
  return {
    ...kept,
    // another drug: nothing of the old one's coding holds
    drug: changedDrug ? { text: description, ...given('ndc', ndc), ...given('schedule', scheduleOf(drug)) } : { ...before.drug, ...given('ndc', ndc ?? before.drug.ndc) },
    sig: text(drug, 'Sig', 'SigText') ?? text(drug, 'Directions') ?? before.sig,
    quantity: quantityOf(drug) ?? before.quantity,
    daysSupply: daysOf(drug) ?? daysSupply,
    refills: refillsOf(drug) ?? before.refills,
    daw: dawOf(drug) ?? before.daw,
    issueDate: day(drug, 'WrittenDate') ?? before.issueDate,
    ...given('note', text(drug, 'Note')),
  }
}

/** Codes of a Status, Verify or Error, without what people wrote. */
export const readStatus = ({ type, body }: ScriptMessage): string => [type, text(body, 'Code'), text(body, 'DescriptionCode')].filter((part) => /^[\w.-]{1,20}$/.test(part ?? '')).join(' ')

/** What a prescriber answered to a question of ours. */
export function readChangeResponse({ body }: ScriptMessage): { outcome: string; note: string | undefined } {
  const response = child(body, 'Response')
  const outcome = Object.keys(response ?? {}).find((name) => /^[A-Z]/.test(name))
  if (!response || !outcome) throw invalid('RxChangeResponse', 'the response does not say whether it is approved, validated or denied')
  return { outcome, note: text(response, outcome, 'Note') ?? text(response, outcome, 'DenialReason') }
}

/** A number that is there and cannot be read is not taken for none: "as needed" is no number of refills, "Y" no substitution code. */
function numberOf(what: string, written: string | undefined): number | undefined {
  const value = amount(written)
  if (written !== undefined && value === undefined) throw invalid('NewRx', `${what} is no number`)
  return value
}
export const daysOf = (drug: Element | undefined): number | undefined => numberOf("the days' supply", text(drug, 'DaysSupply'))
export const refillsOf = (drug: Element | undefined): number | undefined => numberOf('the number of refills', text(drug, 'NumberOfRefills') ?? text(drug, 'Refills', 'Value'))
const dawOf = (drug: Element | undefined): number | undefined => numberOf('what it says of substitution (0 allowed, 1 not)', text(drug, 'Substitutions'))

/** In dispensing units; undefined where it is missing or no number. CodeListQualifier 38 is the original quantity. */
export function quantityOf(drug: Element | undefined): number | undefined {
  const qualifier = text(drug, 'Quantity', 'CodeListQualifier')
  if (qualifier !== undefined && qualifier !== '38') throw invalid('Quantity', `the quantity is qualified as ${qualifier.slice(0, 10)}: write the number to dispense (qualifier 38)`)
  const uncounted = notCounted(text(drug, 'Quantity', 'QuantityUnitOfMeasure', 'Code'))
  if (uncounted) throw invalid('Quantity', uncounted)
  return amount(text(drug, 'Quantity', 'Value'))
}

/** Throws INVALID_INPUT for a schedule nobody knows: taken for none, it would be dispensed as none. */
function scheduleOf(drug: Element | undefined): DeaSchedule | undefined {
  const code = text(drug, 'DrugCoded', 'DEASchedule', 'Code')
  if (code !== undefined && !(code in schedules)) throw invalid('DEASchedule', `${code.slice(0, 20)} is no code of a DEA schedule: C48672 to C48679, or C38046`)
  return schedules[code ?? '']
}

function patientOf(patient: Element | undefined): PatientAsWritten {
  return {
    ...given('family', text(patient, 'Name', 'LastName')), ...given('given', text(patient, 'Name', 'FirstName')), ...given('dateOfBirth', day(patient, 'DateOfBirth')),
    ...given('sex', text(patient, 'Gender')), ...given('phone', text(patient, 'CommunicationNumbers', 'PrimaryTelephone', 'Number')),
    ...given('email', text(patient, 'CommunicationNumbers', 'ElectronicMail')), ...given('address', addressOf(child(patient, 'Address'))),
  }
}

const addressOf = (address: Element | undefined): PostalAddress | undefined =>
  address && {
    ...given('line1', text(address, 'AddressLine1')), ...given('line2', text(address, 'AddressLine2')), ...given('city', text(address, 'City')),
    ...given('state', text(address, 'StateProvince')), ...given('postalCode', text(address, 'PostalCode')),
  }

/** SCRIPT has no field for it: prescribers of New York write "Code D" into the note (10 NYCRR 80.67(d)). */
const conditionIn = (note: string | undefined): string | undefined => /\b[Cc](?:ode|ODE):?\s+([A-F])\b/.exec(note ?? '')?.[1]

/** The prescriber's "do not fill before", 21 CFR 1306.12(b). */
function earliestFill(drug: Element | undefined): string | undefined {
  const dates = [drug?.['OtherMedicationDate']].flat().filter((date): date is Element => typeof date === 'object' && date !== null)
  const effective = dates.find((date) => text(date, 'OtherMedicationDateQualifier') === 'EffectiveDate')
  return effective && day(effective, 'OtherMedicationDate')
}

/** The element at a path. Throws INVALID_INPUT where there are several: which of two quantities was meant is not ours to choose. */
export function child(element: Element | undefined, ...path: string[]): Element | undefined {
  let at: unknown = element
  for (const name of path) at = only(name, (at as Element | undefined)?.[name])
  return typeof at === 'object' && at !== null ? (at as Element) : undefined
}

/** The text of the element at a path, with or without attributes; undefined where there is none. */
export function text(element: Element | undefined, ...path: string[]): string | undefined {
  const parent = path.length > 1 ? child(element, ...path.slice(0, -1)) : element
  const found = only(path.at(-1)!, parent?.[path.at(-1)!])
  const value = typeof found === 'object' && found !== null ? (found as Element)['#text'] : found
  const trimmed = typeof value === 'string' ? unescape(value).trim() : ''
  return trimmed || undefined
}

const day = (element: Element | undefined, name: string): string | undefined => (text(element, name, 'Date') ?? text(element, name, 'DateTime'))?.slice(0, 10)
function only(name: string, value: unknown): unknown {
  if (Array.isArray(value)) throw invalid(name, `the message says ${name} more than once`)
  return value
}
const amount = (value: string | undefined): number | undefined => (value !== undefined && /^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined)

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
/** The five entities and the character references that XML itself defines. */
const unescape = (value: string): string =>
  value.replace(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi, (whole, name?: string, decimal?: string, hex?: string) => {
    if (name) return named[name.toLowerCase()] ?? whole
    const code = decimal ? Number(decimal) : Number.parseInt(hex!, 16)
    const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
    return isCharacter ? String.fromCodePoint(code) : whole
  })
