import { addDays, clock, demoData, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { parseNdc } from '@pharmagraph/schema/identifiers'
import { takeCancelRx } from './commands/take-cancel-rx.ts'
import { claimWorkItem } from './commands/claim-work-item.ts'
import { receivePrescription } from './commands/receive-prescription.ts'
import { rejectPrescription } from './commands/reject-prescription.ts'
import { triagePrescription } from './commands/triage-prescription.ts'
import { verifyPrescription } from './commands/verify-prescription.ts'
import type { PrescriptionContent } from './content.ts'
import { DrugFact, PatientFact, PractitionerFact, type IngredientFact } from './entities/facts.ts'
import type { DeaSchedule } from './entities/prescription.ts'
import { WorkItem } from './entities/work-item.ts'
import { matchKeyOf } from './matching.ts'
import type { Services } from './services.ts'

type People = {
  practitioners: { id: string; givenName: string; familyName: string; npi: string; dea: string | null; licenseState: string; scheduleAuthority: DeaSchedule[] }[]
  patients: { id: string; givenName: string; familyName: string; birthDate: string }[]
}
type Formulary = { drugs: { id: string; ndc: string; name: string; genericName: string; ingredients: IngredientFact[]; form: string; deaSchedule: DeaSchedule; rxOnly: boolean; packageUnit: string; pharmClass?: string }[] }
type Tools = { services: Services; transact<T>(work: (em: EntityManager) => Promise<T>): Promise<T> }

/** WAITING stops where the pharmacists' queue begins; the others went through their hands. */
type Course = 'WAITING' | 'VERIFIED' | 'REJECTED' | 'DISCONTINUED'
type Past = { patient: string; prescriber: string; drug: string; strength: string; sig: string; quantity: number; daysSupply: number; refills: number; daysAgo: number; course: Course }

const past: Past[] = [
  { patient: 'Chen', prescriber: 'Goldberg', drug: 'warfarin', strength: '5 mg', sig: 'Take 1 tablet by mouth every evening.', quantity: 30, daysSupply: 30, refills: 5, daysAgo: 60, course: 'VERIFIED' },
  { patient: 'Chen', prescriber: 'Petrova', drug: 'allopurinol', strength: '300 mg', sig: 'Take 1 tablet by mouth daily.', quantity: 90, daysSupply: 90, refills: 3, daysAgo: 75, course: 'VERIFIED' },
  { patient: 'Alvarez', prescriber: 'Petrova', drug: 'metformin', strength: '1000 mg', sig: 'Take 1 tablet by mouth twice daily with meals.', quantity: 180, daysSupply: 90, refills: 3, daysAgo: 40, course: 'VERIFIED' },
  { patient: 'Alvarez', prescriber: 'Petrova', drug: 'lisinopril', strength: '10 mg', sig: 'Take 1 tablet by mouth daily.', quantity: 90, daysSupply: 90, refills: 3, daysAgo: 40, course: 'VERIFIED' },
  { patient: 'Okafor', prescriber: 'Wright', drug: 'trazodone', strength: '50 mg', sig: 'Take 1 tablet by mouth at bedtime.', quantity: 30, daysSupply: 30, refills: 5, daysAgo: 20, course: 'VERIFIED' },
  { patient: 'Rossi', prescriber: 'Tanaka', drug: 'levothyroxine', strength: '50 ug', sig: 'Take 1 tablet by mouth every morning.', quantity: 90, daysSupply: 90, refills: 1, daysAgo: 120, course: 'DISCONTINUED' },
  { patient: 'Kowalski', prescriber: 'Wright', drug: 'alprazolam', strength: '0.5 mg', sig: 'Take 1 tablet by mouth twice daily as needed.', quantity: 60, daysSupply: 30, refills: 1, daysAgo: 9, course: 'REJECTED' },
  { patient: 'Rossi', prescriber: 'Tanaka', drug: 'levothyroxine', strength: '100 ug', sig: 'Take 1 tablet by mouth every morning.', quantity: 90, daysSupply: 90, refills: 3, daysAgo: 1, course: 'WAITING' },
  { patient: 'Alvarez', prescriber: 'Petrova', drug: 'rosuvastatin', strength: '10 mg', sig: 'Take 1 tablet by mouth every evening.', quantity: 90, daysSupply: 90, refills: 3, daysAgo: 0, course: 'WAITING' },
  { patient: 'Kowalski', prescriber: 'Wright', drug: 'lorazepam', strength: '1 mg', sig: 'Take 1 tablet by mouth at bedtime as needed.', quantity: 15, daysSupply: 15, refills: 0, daysAgo: 0, course: 'WAITING' },
  { patient: 'Rahman', prescriber: 'Dubois', drug: 'montelukast', strength: '10 mg', sig: 'Take 1 tablet by mouth every evening.', quantity: 30, daysSupply: 30, refills: 5, daysAgo: 0, course: 'WAITING' },
]

/** A pharmacist-in-charge with a fresh second factor, of the demo accounts. */
const grace = (): Actor => ({
  subject: '01990000-0000-7000-8000-000000000010', roles: ['pharmacist-in-charge', 'pharmacist'], scopes: [], pharmacistId: '01990000-0000-7000-8000-000000000303',
  amr: ['pwd', 'otp'], authTime: Math.floor(clock.now().getTime() / 1000),
})

/** Prescriptions of the demo patients, through the same commands as real ones. Those already there are left alone. */
export async function seed({ services, transact }: Tools): Promise<void> {
  const people = demoData<People>('people.json')
  const formulary = demoData<Formulary>('formulary.json')
  await transact((em) => knowDemoWorld(em, people, formulary))
  for (const entry of past) await transact((em) => prescribe(em, services, people, formulary, entry))
  await transact((em) => sendUnmatched(em, services, people, formulary))
}

/** What the first events will tell, as version 0 of it, so that the demo does not have to wait for them. */
async function knowDemoWorld(em: EntityManager, people: People, { drugs }: Formulary): Promise<void> {
  const patients = people.patients.map(({ id }) => ({ patientId: id, registered: true, asOf: null, dispensingConsent: true, consentVersion: 0 }))
  await em.upsertMany(PatientFact, patients, { onConflictFields: ['patientId'], onConflictAction: 'ignore' })
  const practitioners = people.practitioners.map(({ id, npi, dea, licenseState, scheduleAuthority }) => ({ practitionerId: id, npi, deaNumber: dea, active: true, licenceStates: [licenseState], scheduleAuthority, asOf: new Date(0) }))
  await em.upsertMany(PractitionerFact, practitioners, { onConflictFields: ['practitionerId'], onConflictAction: 'ignore' })
  const facts = drugs.map(({ id, ndc, name, genericName, ingredients, form, deaSchedule, rxOnly, packageUnit, pharmClass }) => ({
    drugId: id, version: 0, ndc, ndc12: parseNdc(ndc)!.ndc12, name, genericName, ingredients, dosageForm: form, deaSchedule, rxOnly, pharmacologicClass: pharmClass ?? null,
    dispensingUnit: packageUnit, matchKey: ingredients.length === 1 ? matchKeyOf(genericName, ingredients[0]!.strength, form) : '',
  }))
  await em.upsertMany(DrugFact, facts, { onConflictFields: ['drugId'], onConflictAction: 'ignore' })
}

async function prescribe(em: EntityManager, services: Services, people: People, formulary: Formulary, entry: Past): Promise<void> {
  const prescriberOrderNumber = `DEMO-${entry.patient}-${entry.drug}-${entry.strength}`.replaceAll(' ', '')
  const prescription = await receivePrescription(em, systemActor('erx-network'), services, {
    content: contentOf(people, formulary, entry), source: 'NCPDP_SCRIPT', externalKey: `demo:${prescriberOrderNumber}`, messageId: prescriberOrderNumber, prescriberOrderNumber,
  })
  if (prescription.status !== 'RECEIVED' || entry.course === 'WAITING') return
  await triagePrescription(em, services, prescription.id)
  const item = await em.findOne(WorkItem, { prescriptionId: prescription.id, status: 'AVAILABLE' })
  if (!item) return
  const pharmacist = grace()
  await claimWorkItem(em, pharmacist, services, { workItemId: item.id })
  await em.flush()
  const held = { workItemId: item.id, token: item.token }
  if (entry.course === 'REJECTED') {
    await rejectPrescription(em, pharmacist, services, { ...held, reasonCode: 'PRESCRIBER_REQUEST', text: 'Changed to another drug by telephone.' })
    return
  }
  await verifyPrescription(em, pharmacist, services, held)
  await em.flush()
  if (entry.course === 'DISCONTINUED') await takeCancelRx(em, { npi: prescription.prescriberNpi, prescriberOrderNumber, originalMessageId: undefined, reference: undefined })
}

/** One whose name is misspelt: a technician has to find the patient. */
async function sendUnmatched(em: EntityManager, services: Services, people: People, formulary: Formulary): Promise<void> {
  const entry: Past = { patient: 'Nguyen', prescriber: 'Goldberg', drug: 'furosemide', strength: '40 mg', sig: 'Take 1 tablet by mouth every morning.', quantity: 30, daysSupply: 30, refills: 5, daysAgo: 0, course: 'WAITING' }
  const content = contentOf(people, formulary, entry)
  const nguyen = people.patients.find(({ familyName }) => familyName === 'Nguyen')!
  await receivePrescription(em, systemActor('erx-network'), services, {
    content: { ...content, patient: { family: 'Nguyan', given: nguyen.givenName, dateOfBirth: nguyen.birthDate } }, source: 'NCPDP_SCRIPT', externalKey: 'demo:unmatched', messageId: 'DEMO-unmatched',
  })
}

function contentOf({ practitioners, patients }: People, { drugs }: Formulary, entry: Past): PrescriptionContent {
  const patient = patients.find(({ familyName }) => familyName === entry.patient)
  const prescriber = practitioners.find(({ familyName }) => familyName === entry.prescriber)
  const drug = drugs.find(({ genericName, ingredients, form }) => genericName === entry.drug && ingredients[0]!.strength === entry.strength && form.startsWith('TABLET'))
  if (!patient || !prescriber || !drug) throw new Error(`demo prescription of ${entry.drug} for ${entry.patient}: not in the demo data`)
  return {
    patient: { id: patient.id, family: patient.familyName, given: patient.givenName, dateOfBirth: patient.birthDate },
    prescriber: { npi: prescriber.npi, ...(prescriber.dea ? { dea: prescriber.dea } : {}), family: prescriber.familyName, given: prescriber.givenName },
    drug: { text: `${drug.name} ${entry.strength} Oral Tablet`, ndc: drug.ndc },
    sig: entry.sig, quantity: entry.quantity, daysSupply: entry.daysSupply, refills: entry.refills, daw: 0,
    issueDate: addDays(clock.today(), -entry.daysAgo), earliestFillDate: null, evaluationBasis: 'IN_PERSON',
  }
}
