import { begin, clock, emit, invalid, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { isNpi } from '@pharmagraph/schema/identifiers'
import { access } from '../access.ts'
import { checkContent, contentHash, type PrescriptionContent } from '../content.ts'
import type { DrugFact } from '../entities/facts.ts'
import { Prescription, type DeaSchedule } from '../entities/prescription.ts'
import { signReceived } from '../integrity/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { match, matchTokens } from '../matching.ts'
import { patientState } from '../reads/fillable.ts'
import { refusedByRule } from '../refusals.ts'
import { refusalOfIssue, validity } from '../regulations/decisions.ts'
import type { Services } from '../services.ts'

export type Submission = {
  content: PrescriptionContent
  source: Prescription['source']
  /** Identity at the sender: a repeat returns the prescription the first one made. */
  externalKey: string
  messageId?: string | undefined
  prescriberOrderNumber?: string | undefined
  /** Of SCRIPT, in which its sender is answered. */
  scriptVersion?: string | undefined
}

/**
 * Takes a prescription in, whatever way it came: RECEIVED, content sealed and hashed, matched as far as that goes
 * without doubt. What follows (data entry or review) starts from the event, so that a burst does not slow submission.
 * Throws INVALID_INPUT, or the code of the rule that forbids it.
 */
export async function receivePrescription(em: EntityManager, actor: Actor, services: Services, submission: Submission): Promise<Prescription> {
  access.must(actor, 'intake:receive', undefined)
  const { content, externalKey } = submission
  // two deliveries of one message: the second waits here and then finds the first
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`receive:${externalKey}`])
  const known = await em.findOne(Prescription, { externalKey })
  if (known) return known

  checkContent(content)
  if (!isNpi(content.prescriber.npi)) throw invalid('prescriber', "the prescriber's NPI is missing or fails its check digit")
  const { patientId, practitionerId, drug } = await match(em, services.matchKey, content)
  const deaSchedule = drug?.deaSchedule ?? content.drug.schedule ?? 'NONE'
  const { issueDate, refills, evaluationBasis, daysSupply } = content
  const circumstances = { state: await patientState(em, patientId, content), earliestFillDate: content.earliestFillDate }
  const refusal = refusalOfIssue({ schedule: deaSchedule, issueDate, refills, evaluationBasis, daysSupply, conditionNamed: content.conditionCode !== undefined, ingredients: ingredientsOf(drug), ...circumstances }, clock.today())
  if (refusal) throw refusedByRule(refusal)

  return recordPrescription(em, actor, services, { ...submission, patientId, practitionerId, drug, deaSchedule, state: circumstances.state })
}

export const ingredientsOf = (drug: DrugFact | null): string[] => drug?.ingredients.map(({ name }) => name) ?? []

type Recorded = Submission & {
  patientId: string | null; practitionerId: string | null; drug: DrugFact | null; deaSchedule: DeaSchedule; state: string | null
  /** Where another rule than those of the schedule sets it. */
  lasting?: { lastDay: string; rule: { id: string } }
}

/** The row of a prescription that came in, signed, with its first step and its event. */
export async function recordPrescription(
  em: EntityManager, actor: Actor, services: Services, { content, source, externalKey, messageId, prescriberOrderNumber, scriptVersion, patientId, practitionerId, drug, deaSchedule, state, lasting }: Recorded,
): Promise<Prescription> {
  const { issueDate, refills, evaluationBasis, earliestFillDate, daysSupply, quantity, daw } = content
  const id = newId()
  const { lastDay, rule } = lasting ?? validity(deaSchedule, issueDate, { state, earliestFillDate })
  const sealedFor = patientId ?? id
  const signature = signReceived(services.signer, id, content)
  const prescription = em.create(Prescription, {
    id, number: await nextNumber(em), status: 'RECEIVED', patientId, practitionerId, drugId: drug?.drugId ?? null, deaSchedule, source,
    sealedFor, sealed: await services.vault.seal(em, sealedFor, content), contentHash: contentHash(content),
    signature: signature.value, signatureKeyId: signature.keyId,
    matchTokens: patientId ? [] : matchTokens(services.matchKey, content.patient).map(({ token }) => token), prescriberNpi: content.prescriber.npi,
    externalKey, messageId: messageId ?? null, prescriberOrderNumber: prescriberOrderNumber ?? null, scriptVersion: scriptVersion ?? null,
    quantity, daysSupply, refillsAuthorized: refills, fillsReleased: 0, daw, issueDate, earliestFillDate, expiryDate: lastDay, expiryRule: rule.id, evaluationBasis, patientState: state,
    conditionNamed: content.conditionCode !== undefined, oralAuthorisedAt: content.emergency ? new Date(content.emergency.authorisedAt) : null,
    submittedBy: actor.subject, receivedAt: clock.now(),
  })
  begin(em, actor, prescriptionLifecycle, prescription, 'receive')
  emit(em, actor, 'prescriptions.prescription-received.v1', id, {
    prescriptionId: id, patientId, practitionerId, drugId: drug?.drugId ?? null, contentHash: prescription.contentHash,
    // the sources of this version are a closed list: an oral order is one of our own application, and says so
    ...(source === 'ORAL' ? { source: 'PORTAL', oral: true } : { source }),
  })
  await em.flush()
  return prescription
}

async function nextNumber(em: EntityManager): Promise<string> {
  const [row] = await em.execute<{ next: string }[]>(`select nextval('prescription_number') as next`)
  return `RX${row!.next}`
}
