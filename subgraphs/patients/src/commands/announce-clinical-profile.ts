import { emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import { sealProfile, type ClinicalProfile } from '../clinical-profile.ts'
import { Allergy, type AllergyDetails, type CodedConcept } from '../entities/allergy.ts'
import { Condition } from '../entities/condition.ts'
import type { Identity, Patient } from '../entities/patient.ts'
import { openAll } from '../opened.ts'
import type { Services } from '../services.ts'

const rxNorm = 'http://www.nlm.nih.gov/research/umls/rxnorm'
/** ICD-10-CM chapters on pregnancy (Z33.1, Z34, O09–O48) and SNOMED CT 77386006 |Pregnant|; after birth (O80–O94) no more. */
const saysPregnant = ({ system, code }: CodedConcept): boolean =>
  (/icd-10/i.test(system) && /^(Z33\.1|Z34|O(09|[1-3]\d|4[0-8]))/.test(code)) || (/snomed/i.test(system) && code === '77386006')

/** Tells drug screening the whole profile as it is now. The caller holds the patient's lock: versions are counted one by one. */
export async function announceClinicalProfile(em: EntityManager, actor: Actor, { vault, matchKey }: Services, patient: Patient): Promise<void> {
  await em.flush()
  const { id: patientId } = patient
  const inForce = { patientId, endedAt: null }
  const [allergies, conditions, { dateOfBirth, sex }] = await Promise.all([
    em.find(Allergy, inForce, { orderBy: { id: 'asc' } }).then((rows) => openAll<Allergy, AllergyDetails>(em, vault, rows)),
    em.find(Condition, inForce, { orderBy: { id: 'asc' } }).then((rows) => openAll<Condition, { code: CodedConcept }>(em, vault, rows)),
    vault.open<Identity>(em, patientId, patient.sealed),
  ])
  const profile: ClinicalProfile = {
    allergies: allergies.map(({ substance: { system, code, display } }) => ({ system, code, display, ...(system === rxNorm ? {} : { class: display.toLowerCase() }) })),
    conditions: conditions.map(({ code: { system, code } }) => ({ system, code })),
    birthYearMonth: dateOfBirth.slice(0, 7),
    sex,
    ...(conditions.some(({ code }) => saysPregnant(code)) ? { pregnant: true } : {}),
  }
  const version = (patient.profileVersion += 1)
  emit(em, actor, 'patients.clinical-profile-changed.v1', patientId, { patientId, version, sealed: sealProfile(matchKey, { patientId, version }, profile) })
}
