import { clock, type EntityManager } from '@pharmagraph/platform'
import { isDeaNumber } from '@pharmagraph/schema/identifiers'
import type { PrescriptionContent } from '../content.ts'
import { PractitionerFact } from '../entities/facts.ts'
import { PdmpQuery } from '../entities/pdmp.ts'
import { isControlled, type Prescription } from '../entities/prescription.ts'
import { pdmpQueryRule } from '../regulations/reporting.ts'

/** Elements a person can add to what came in. */
export const needsDataEntry = ({ patientId, practitionerId, drugId, daysSupply, quantity }: Prescription): boolean => quantity === 0 || !patientId || !practitionerId || !drugId || !daysSupply

/**
 * What 21 CFR 1306.05(a) asks for and the prescription lacks, as sentences; empty when it is complete. A matched
 * patient's name and address are on our file; the form and strength are those of the matched drug.
 */
export async function missingElements(em: EntityManager, prescription: Prescription, content: PrescriptionContent): Promise<string[]> {
  const { patientId, practitionerId, drugId, daysSupply, deaSchedule, patientState } = prescription
  const prescriber = practitionerId ? await em.findOne(PractitionerFact, { practitionerId }) : null
  const dea = content.prescriber.dea ?? prescriber?.deaNumber
  const controlled = isControlled(deaSchedule)
  const pdmpRule = pdmpQueryRule(deaSchedule, patientState, clock.today())
  const gaps: [boolean, string][] = [
    [!patientId, 'the patient is not matched to a patient of the pharmacy'],
    [!drugId, 'the drug is not matched to a product'],
    [!daysSupply, "the days' supply is missing"],
    [!prescriber, 'the prescriber is not in our register'],
    [!!prescriber && !prescriber.active, 'the prescriber has no active licence'],
    [controlled && !(dea && isDeaNumber(dea)), "a controlled substance needs the prescriber's DEA number"],
    [controlled && !!content.prescriber.dea && !!prescriber?.deaNumber && registration(content.prescriber.dea) !== registration(prescriber.deaNumber), "the DEA number written is not the one the prescriber is registered with: ask the prescriber"],
    [controlled && !!prescriber && !prescriber.scheduleAuthority.includes(deaSchedule), `the prescriber may not prescribe schedule ${deaSchedule.slice(1)}`],
    [!!pdmpRule && !(await isAsked(em, prescription, pdmpRule.parameters.withinDays)), `the monitoring programme of ${patientState} has not answered yet (${pdmpRule?.source}): put the item back and claim it again to ask it anew`],
  ]
  return gaps.flatMap(([missing, sentence]) => (missing ? [sentence] : []))
}

/** Without the suffix that an institution adds for its people (21 CFR 1301.22(c)). */
const registration = (dea: string): string => dea.trim().toUpperCase().split('-')[0]!

const isAsked = async (em: EntityManager, { id }: Prescription, withinDays: number): Promise<boolean> =>
  (await em.count(PdmpQuery, { prescriptionId: id, askedAt: { $gte: new Date(clock.now().getTime() - withinDays * 86_400_000) } })) > 0
