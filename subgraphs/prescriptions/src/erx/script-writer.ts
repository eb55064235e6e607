/** Writes NCPDP SCRIPT XML: what we answer, and what we tell the prescriber. */
import { clock } from '@pharmagraph/platform'
import type { PrescriptionContent } from '../content.ts'

export type Envelope = {
  messageId: string; relatesTo?: string | undefined; prescriberOrderNumber?: string | undefined; from?: string | undefined; to?: string | undefined
  /** RFC 3339; now where it is left out. A message that may be sent again needs the same one each time. */
  sentAt?: string
  /** Of SCRIPT, as the other side speaks it. */
  version?: string | undefined
}

/** The version spoken to whom nothing was heard from yet. */
const usualVersion = '2017071'

/** An element tree: text, or children by name; undefined children are left out. */
type Tree = string | number | { [name: string]: Tree | undefined }

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }
// XML 1.0 has no way to write most control characters
const escape = (value: string): string => value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '').replace(/[&<>"']/g, (character) => escapes[character]!)

const write = (tree: Tree): string =>
  typeof tree === 'object'
    ? Object.entries(tree).map(([name, child]) => (child === undefined ? '' : `<${name}>${write(child)}</${name}>`)).join('')
    : escape(String(tree))

export function message({ messageId, relatesTo, prescriberOrderNumber, from, to, sentAt = clock.now().toISOString(), version = usualVersion }: Envelope, body: Tree): string {
  const header = { To: to, From: from, MessageID: messageId, RelatesToMessageID: relatesTo, SentTime: sentAt, PrescriberOrderNumber: prescriberOrderNumber }
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Message xmlns="http://www.ncpdp.org/schema/SCRIPT" version="${version}">${write({ Header: header, Body: body })}</Message>`
}

/** 010: taken by the receiver, who answers for it from here on. */
export const status = (envelope: Envelope, description: string): string => message(envelope, { Status: { Code: '010', Description: description } })
/** The same, to a sender who wanted a receipt. */
export const verify = (envelope: Envelope, description: string): string => message(envelope, { Verify: { Code: '010', Description: description } })
/** 900: rejected. */
export const error = (envelope: Envelope, description: string): string => message(envelope, { Error: { Code: '900', Description: description } })

export const cancelRxResponse = (envelope: Envelope, reference: string | undefined, outcome: { approved: boolean; note: string }): string =>
  message(envelope, {
    CancelRxResponse: { RequestReferenceNumber: reference, Response: outcome.approved ? { Approved: { Note: outcome.note } } : { Denied: { DenialReason: outcome.note } } },
  })

export type Dispensed = { ndc11: string | undefined; quantity: number; daysSupply: number | null; day: string; fillNumber: number; refillsRemaining: number }

/** Tells the prescriber that a fill was dispensed. */
export const rxFill = (envelope: Envelope, content: PrescriptionContent, { ndc11, quantity, daysSupply, day, fillNumber, refillsRemaining }: Dispensed): string =>
  message(envelope, {
    RxFill: {
      FillStatus: { Dispensed: { Note: `Fill ${fillNumber + 1}, ${refillsRemaining} refills left` } },
      ...people(content),
      MedicationDispensed: {
        DrugDescription: content.drug.text,
        DrugCoded: ndc11 ? { ProductCode: { Code: ndc11, Qualifier: 'ND' } } : undefined,
        Quantity: { Value: quantity, CodeListQualifier: '38' },
        DaysSupply: daysSupply ?? undefined,
        LastFillDate: { Date: day },
        Sig: { SigText: content.sig },
      },
    },
  })

/** Tells the prescriber that the rest of a part is not dispensed any more (21 CFR 1306.13(a)). */
export const rxFillVoid = (envelope: Envelope, content: PrescriptionContent, { dispensed, owed, day, why }: { dispensed: number; owed: number; day: string; why: string }): string =>
  message(envelope, {
    RxFill: {
      FillStatus: { PartiallyDispensed: { Note: `${dispensed} units dispensed, the other ${owed} are void: ${why}. They take a new prescription.` } },
      ...people(content),
      MedicationDispensed: { DrugDescription: content.drug.text, Quantity: { Value: dispensed, CodeListQualifier: '38' }, LastFillDate: { Date: day }, Sig: { SigText: content.sig } },
    },
  })

/** Asks the prescriber to make the prescription clear (message request code S). */
export const rxChangeRequest = (envelope: Envelope, content: PrescriptionContent, reference: string, question: string): string =>
  message(envelope, {
    RxChangeRequest: { MessageRequestCode: 'S', RequestReferenceNumber: reference, ChangeReasonText: question, ...people(content), MedicationPrescribed: prescribed(content) },
  })

export const people = ({ patient, prescriber }: PrescriptionContent): { [name: string]: Tree } => ({
  Patient: { HumanPatient: { Name: { LastName: patient.family, FirstName: patient.given }, DateOfBirth: patient.dateOfBirth ? { Date: patient.dateOfBirth } : undefined } },
  Prescriber: { NonVeterinarian: { Identification: { NPI: prescriber.npi }, Name: { LastName: prescriber.family, FirstName: prescriber.given } } },
})

export const prescribed = ({ drug, quantity, daysSupply, refills, issueDate, sig }: PrescriptionContent): Tree => ({
  DrugDescription: drug.text,
  Quantity: { Value: quantity, CodeListQualifier: '38' },
  DaysSupply: daysSupply ?? undefined,
  NumberOfRefills: refills,
  WrittenDate: { Date: issueDate },
  Sig: { SigText: sig },
})
