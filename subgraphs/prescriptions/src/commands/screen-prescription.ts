import { clock, newId, type EntityManager } from '@pharmagraph/platform'
import { ClinicalAlert } from '../entities/clinical-alert.ts'
import { DrugFact, InteractionFact } from '../entities/facts.ts'
import { Prescription } from '../entities/prescription.ts'
import { blocks, findingsBetween, ingredientNames, type Finding } from '../screening/findings.ts'
import type { Services } from '../services.ts'

/**
 * Screens a prescription against what else its patient takes, and answers with the alerts that stand in the way. Run at
 * review and at every fill: drugs and knowledge change in between. An alert keeps its override; one whose ground is gone closes.
 */
export async function screenPrescription(em: EntityManager, { vault }: Services, prescription: Prescription): Promise<ClinicalAlert[]> {
  const { id, patientId, drugId } = prescription
  const drug = drugId ? await em.findOne(DrugFact, { drugId }) : null
  if (!patientId || !drug) return []
  const taken = await activePrescriptions(em, prescription)
  const otherDrugs = new Map((await em.find(DrugFact, { drugId: { $in: taken.map((other) => other.drugId!) } })).map((fact) => [fact.drugId, fact]))
  const names = ingredientNames(drug)
  const knowledge = await em.find(InteractionFact, { $or: [{ aMembers: { $overlap: names } }, { bMembers: { $overlap: names } }] })
  const found = taken.flatMap((other) => {
    const otherDrug = otherDrugs.get(other.drugId!)
    return otherDrug ? findingsBetween(drug, otherDrug, knowledge).map((finding) => ({ ...finding, otherPrescriptionId: other.id })) : []
  })

  const alerts = await em.find(ClinicalAlert, { $or: [{ prescriptionId: id }, { otherPrescriptionId: id }] })
  const own = alerts.filter((alert) => alert.prescriptionId === id)
  const stillFound = new Set<ClinicalAlert>()
  for (const finding of found) {
    const known = own.find((alert) => alert.otherPrescriptionId === finding.otherPrescriptionId && isSame(alert, finding))
    if (known) stillFound.add(known)
    // answered from the other side: the pair was reviewed when the other prescription was
    else if (!alerts.some((alert) => alert.prescriptionId === finding.otherPrescriptionId && isSame(alert, finding) && alert.overriddenAt)) {
      const { otherPrescriptionId, kind, reasonCode, severity, finding: what, message, management, evidence, knowledgeVersion } = finding
      const alert = em.create(ClinicalAlert, {
        id: newId(), prescriptionId: id, otherPrescriptionId, kind, reasonCode, severity, finding: what, sealedFor: patientId, sealed: await vault.seal(em, patientId, message),
        management, evidence, knowledgeVersion, open: blocks(severity), foundAt: clock.now(),
      })
      own.push(alert)
      stillFound.add(alert)
    }
  }
  for (const alert of own) if (alert.open && !stillFound.has(alert)) alert.open = false
  await em.flush()
  return own.filter(({ open }) => open)
}

const isSame = (alert: ClinicalAlert, { kind, finding }: Finding): boolean => alert.kind === kind && alert.finding === finding

/** What the patient may be taking: verified prescriptions, and ended ones of which there is supply left. */
const activePrescriptions = (em: EntityManager, { id, patientId }: Prescription): Promise<Prescription[]> =>
  em.find(Prescription, {
    patientId: patientId!, id: { $ne: id }, drugId: { $ne: null },
    $or: [{ status: 'VERIFIED' }, { supplyUntil: { $gte: clock.today() }, status: { $in: ['DEPLETED', 'EXPIRED', 'DISCONTINUED'] } }],
  }, { orderBy: { id: 'asc' } })
