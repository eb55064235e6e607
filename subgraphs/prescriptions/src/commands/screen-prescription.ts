import { blindIndex, clock, newId, type EntityManager, type Vault } from '@pharmagraph/platform'
import type { ClinicalProfile } from '../clinical-profile.ts'
import type { PrescriptionContent, ReportedAllergy } from '../content.ts'
import { ClinicalAlert, type PatientAlert } from '../entities/clinical-alert.ts'
import { ClinicalProfileFact, DrugFact, InteractionFact } from '../entities/facts.ts'
import { Fill, fillsUndone } from '../entities/fill.ts'
import { chainOf, Prescription } from '../entities/prescription.ts'
import { blocks, findingsBetween, ingredientNames, needsTwo, type Finding } from '../screening/findings.ts'
import { allergyFindings, asKnownAllergies, duplicateDispense, lateRefill, patientFindings } from '../screening/patient-findings.ts'
import type { Services } from '../services.ts'

/**
 * Screens a prescription against its patient and what else they take, and answers with the alerts that stand in the way. Run at
 * review and at every fill: drugs and knowledge change in between. An alert keeps its override; one whose ground is gone closes.
 */
export async function screenPrescription(em: EntityManager, { vault, matchKey }: Services, prescription: Prescription): Promise<ClinicalAlert[]> {
  const { id, patientId, drugId } = prescription
  const drug = drugId ? await em.findOne(DrugFact, { drugId }) : null
  if (!patientId || !drug) return []
  const taken = await activePrescriptions(em, prescription)
  const otherDrugs = new Map((await em.find(DrugFact, { drugId: { $in: taken.map((other) => other.drugId!) } })).map((fact) => [fact.drugId, fact]))
  const today = clock.today()
  const dispensed = await em.find(Fill, { prescriptionId: { $in: [id, ...taken.map((other) => other.id)] }, status: { $nin: [...fillsUndone] }, releasedAt: { $ne: null } }, { orderBy: { releasedAt: 'asc' } })
  const names = ingredientNames(drug)
  const knowledge = await em.find(InteractionFact, { $or: [{ aMembers: { $overlap: names } }, { bMembers: { $overlap: names } }] })
  const withOthers = taken.flatMap((other) => {
    const otherDrug = otherDrugs.get(other.drugId!)
    if (!otherDrug) return []
    const lastDispensed = dispensed.filter(({ prescriptionId }) => prescriptionId === other.id).map(({ releasedAt }) => clock.dayOf(releasedAt!)).at(-1)
    // a new version is no duplicate of the old one, nor a renewal of what it renews; but what that dispensed a few days ago counts
    const pair = succeeds(prescription, other) || succeeds(other, prescription) ? [] : findingsBetween(drug, otherDrug, knowledge)
    const dispensedTwice = chainOf(other) === chainOf(prescription) ? [] : duplicateDispense(drug, otherDrug, lastDispensed, today)
    return [...pair, ...dispensedTwice].map((finding) => plain(finding, other.id))
  })
  const profile = await clinicalProfile(em, vault, patientId)
  const last = dispensed.filter(({ prescriptionId }) => prescriptionId === id).at(-1)
  const reported = asKnownAllergies(await reportedAllergies(em, vault, prescription))
  const ofPatient = !profile ? allergyFindings(drug, reported) : patientFindings(drug, { quantity: prescription.quantity, daysSupply: prescription.daysSupply, dispensingUnit: drug.dispensingUnit, dosageForm: drug.dosageForm }, { ...profile, allergies: [...profile.allergies, ...reported] }, today)
  const found: StoredFinding[] = [...withOthers, ...ofPatient.map((finding) => sealable(matchKey, finding, id)), ...lateRefill(prescription.supplyUntil, last?.daysSupply, today).map((finding) => plain(finding, id))]

  const alerts = await em.find(ClinicalAlert, { $or: [{ prescriptionId: id }, { otherPrescriptionId: id }] })
  const own = alerts.filter((alert) => alert.prescriptionId === id)
  const stillFound = new Set<ClinicalAlert>()
  for (const finding of found) {
    const { toSeal, ...columns } = finding
    const known = own.find((alert) => alert.otherPrescriptionId === finding.otherPrescriptionId && isSame(alert, finding))
    if (known && known.severity === finding.severity) {
      stillFound.add(known)
      if (isAnswered(known)) continue
      // its ground was gone for a while
      known.open = blocks(known.severity)
      if (!known.overriddenAt && known.knowledgeVersion !== finding.knowledgeVersion) Object.assign(known, { ...columns, sealed: await vault.seal(em, patientId, toSeal) })
      continue
    }
    // knowledge has come to weigh it otherwise: what was answered stays on record, and answers this no more
    if (known) {
      Object.assign(known, { open: false, finding: `${known.finding}#${known.id}` })
      await em.flush()
    }
    // answered from the other side: the pair was reviewed when the other prescription was
    if (!alerts.some((alert) => alert.prescriptionId === finding.otherPrescriptionId && isSame(alert, finding) && alert.severity === finding.severity && isAnswered(alert))) {
      const alert = em.create(ClinicalAlert, {
        ...columns, id: newId(), prescriptionId: id, sealedFor: patientId, sealed: await vault.seal(em, patientId, toSeal), open: blocks(columns.severity), foundAt: clock.now(),
      })
      own.push(alert)
      stillFound.add(alert)
    }
  }
  for (const alert of own) if (alert.open && !stillFound.has(alert)) alert.open = false
  await em.flush()
  return own.filter(({ open }) => open)
}

const succeeds = (next: Prescription, prior: Prescription): boolean => next.priorPrescriptionId === prior.id || chainOf(next) === chainOf(prior)

const isAnswered = ({ severity, overriddenAt, confirmedAt }: ClinicalAlert): boolean => !!overriddenAt && (!needsTwo(severity) || !!confirmedAt)

/** What is known of the patient; null where nothing was told yet. */
async function clinicalProfile(em: EntityManager, vault: Vault, patientId: string): Promise<ClinicalProfile | null> {
  const fact = await em.findOne(ClinicalProfileFact, { patientId })
  return fact && vault.open<ClinicalProfile>(em, patientId, fact.sealed)
}

/** What the sender of this prescription told of the patient's allergies. */
const reportedAllergies = async (em: EntityManager, vault: Vault, { source, sealedFor, sealed }: Prescription): Promise<ReportedAllergy[]> =>
  source === 'FHIR' ? ((await vault.open<PrescriptionContent>(em, sealedFor, sealed)).reported?.allergies ?? []) : []

/** A finding as its row holds it; `otherPrescriptionId` is the prescription itself where no other is concerned. */
type StoredFinding = Pick<ClinicalAlert, 'otherPrescriptionId' | 'kind' | 'reasonCode' | 'severity' | 'finding' | 'evidence' | 'knowledgeVersion'> & { management: string | null; toSeal: string | PatientAlert }

const plain = ({ message, kind, ...finding }: Finding, otherPrescriptionId: string): StoredFinding => ({ ...finding, kind: kind as StoredFinding['kind'], otherPrescriptionId, toSeal: message })

/** What tells of allergies, age or pregnancy: no column shows more than that there is a finding. */
const sealable = (matchKey: Buffer, { kind, reasonCode, message, evidence, finding, severity, knowledgeVersion }: Finding, prescriptionId: string): StoredFinding => ({
  otherPrescriptionId: prescriptionId, kind: 'PATIENT', reasonCode: '', severity, finding: blindIndex(matchKey, 'finding', finding), evidence: '', management: null, knowledgeVersion,
  toSeal: { kind, reasonCode, message, evidence },
})

const isSame = (alert: ClinicalAlert, { kind, finding }: StoredFinding): boolean => alert.kind === kind && alert.finding === finding

/** What the patient may be taking: verified prescriptions, and ended ones of which there is supply left. */
const activePrescriptions = (em: EntityManager, { id, patientId }: Prescription): Promise<Prescription[]> =>
  em.find(Prescription, {
    patientId: patientId!, id: { $ne: id }, drugId: { $ne: null },
    $or: [{ status: 'VERIFIED' }, { supplyUntil: { $gte: clock.today() }, status: { $in: ['ON_HOLD', 'DEPLETED', 'EXPIRED', 'DISCONTINUED', 'TRANSFERRED_OUT'] } }],
  }, { orderBy: { id: 'asc' } })
