/** NCPDP RxRenewalRequest and its answer. */
import { invalid } from '@pharmagraph/platform'
import { given, type DrugAsWritten, type PrescriptionContent } from '../content.ts'
import { child, daysOf, quantityOf, refillsOf, text, type ScriptMessage } from './script-reader.ts'
import { message, people, prescribed, type Envelope } from './script-writer.ts'

/** Asks the prescriber for a new prescription of what was dispensed before. */
export const rxRenewalRequest = (envelope: Envelope, content: PrescriptionContent, reference: string, lastFillDay: string | undefined): string =>
  message(envelope, {
    RxRenewalRequest: {
      RequestReferenceNumber: reference, ...people(content), MedicationPrescribed: prescribed(content),
      MedicationDispensed: { DrugDescription: content.drug.text, Quantity: { Value: content.quantity, CodeListQualifier: '38' }, LastFillDate: lastFillDay ? { Date: lastFillDay } : undefined },
    },
  })

export const renewalOutcomes = ['Approved', 'ApprovedWithChanges', 'Replace', 'Denied'] as const
export type Renewal = { outcome: (typeof renewalOutcomes)[number]; changes: Partial<Pick<PrescriptionContent, 'sig' | 'quantity' | 'daysSupply' | 'refills' | 'drug'>> }

/** What the prescriber answered: approved as it was, with changes, replaced by something else, or denied. */
export function readRenewalResponse({ body }: ScriptMessage): Renewal {
  const outcome = renewalOutcomes.find((name) => child(body, 'Response') && name in child(body, 'Response')!)
  if (!outcome) throw invalid('RxRenewalResponse', `the response does not say whether it is ${renewalOutcomes.join(', ')}`)
  if (outcome === 'Denied') return { outcome, changes: {} }
  const drug = child(body, 'MedicationResponse') ?? child(body, 'MedicationPrescribed')
  return {
    outcome,
    changes: {
      ...given('sig', text(drug, 'Sig', 'SigText')), ...given('quantity', quantityOf(drug)), ...given('daysSupply', daysOf(drug)),
      ...given('refills', refillsOf(drug)), ...given('drug', outcome === 'Approved' ? undefined : drugOf(drug)),
    },
  }
}

function drugOf(drug: ScriptMessage['body'] | undefined): DrugAsWritten | undefined {
  const description = text(drug, 'DrugDescription')
  return description ? { text: description, ...given('ndc', text(drug, 'DrugCoded', 'ProductCode', 'Code')) } : undefined
}
