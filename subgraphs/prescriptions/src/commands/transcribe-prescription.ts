import { LockMode } from '@mikro-orm/postgresql'
import { clock, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { isNpi } from '@pharmagraph/schema/identifiers'
import { access } from '../access.ts'
import { checkContent, contentHash, given, type PrescriptionContent } from '../content.ts'
import { Prescription } from '../entities/prescription.ts'
import { isIntact, signReceived } from '../integrity/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { match } from '../matching.ts'
import { needsDataEntry } from '../reads/missing-elements.ts'
import { refused, refusedByRule } from '../refusals.ts'
import { refusalOfIssue } from '../regulations/decisions.ts'
import type { Services } from '../services.ts'
import { endDataEntry, fillIn, knownDrug } from './complete-data-entry.ts'
import { heldWorkItem, type Held } from './held-work-item.ts'
import { ingredientsOf } from './receive-prescription.ts'
import { isUnread } from './receive-upload.ts'
import { contentAltered } from './verify-prescription.ts'
import { hasSeenPicture } from './view-picture.ts'

export type Transcription = Held & {
  prescriberNpi: string; drugId: string; drugText: string; sig: string; quantity: number; daysSupply: number; refills: number; daw: number; issueDate: string
  earliestFillDate?: string | null | undefined; note?: string | null | undefined
}

/** A technician or pharmacist reads an uploaded picture into fields; what is typed is signed together with the picture's hash. */
export async function transcribePrescription(em: EntityManager, actor: Actor, services: Services, input: Transcription): Promise<Prescription> {
  access.must(actor, 'data:enter', undefined)
  const item = await heldWorkItem(em, actor, input, 'DATA_ENTRY')
  const prescription = await em.findOneOrFail(Prescription, { id: item.prescriptionId! }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!isUnread(prescription)) throw invalid('workItemId', 'only an uploaded picture is read, and once')
  if (!(await hasSeenPicture(em, actor, prescription))) throw invalid('workItemId', 'look at the picture first')
  const upload = await services.vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed)
  if (!isIntact(services.signer, prescription, upload)) throw refused(prescriptionLifecycle, prescription, actor, contentAltered)

  const content = contentOf(input, upload)
  checkContent(content)
  if (!isNpi(content.prescriber.npi)) throw invalid('prescriberNpi', "the prescriber's NPI is missing or fails its check digit")
  const drug = await knownDrug(em, input.drugId)
  const { daysSupply, evaluationBasis, refills, issueDate, earliestFillDate } = content
  const refusal = refusalOfIssue({ schedule: drug.deaSchedule, issueDate, refills, evaluationBasis, daysSupply, ingredients: ingredientsOf(drug), state: prescription.patientState, earliestFillDate }, clock.today())
  if (refusal) throw refusedByRule(refusal)
  const { value: signature, keyId: signatureKeyId } = signReceived(services.signer, prescription.id, content)
  Object.assign(prescription, {
    sealed: await services.vault.seal(em, prescription.sealedFor, content), contentHash: contentHash(content), signature, signatureKeyId, prescriberNpi: content.prescriber.npi,
    quantity: content.quantity, refillsAuthorized: refills, daw: content.daw, issueDate, earliestFillDate,
  })
  const { practitionerId } = await match(em, services.matchKey, content)
  await fillIn(em, services, prescription, { patientId: prescription.patientId ?? null, practitionerId, drug, daysSupply })
  if (needsDataEntry(prescription)) throw invalid('prescriberNpi', 'the prescriber is not in our register: register the prescriber, or reject the prescription')
  return endDataEntry(em, actor, services, prescription, item)
}

const contentOf = ({ prescriberNpi, drugText, sig, quantity, daysSupply, refills, daw, issueDate, earliestFillDate, note }: Transcription, { patient, picture }: PrescriptionContent): PrescriptionContent => ({
  patient, prescriber: { npi: prescriberNpi }, drug: { text: drugText }, sig, quantity, daysSupply, refills, daw, issueDate, earliestFillDate: earliestFillDate ?? null,
  // a paper prescription says nothing of it; a controlled one is not verified from a picture anyway
  evaluationBasis: 'IN_PERSON', ...given('note', note ?? undefined), ...given('picture', picture),
})
