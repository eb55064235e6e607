import { emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import { sealProfile, type ClinicalProfile } from '../clinical-profile.ts'
import { Allergy, type AllergyDetails, type CodedConcept } from '../entities/allergy.ts'
import { Condition } from '../entities/condition.ts'
import type { Identity, Patient } from '../entities/patient.ts'
import { openAll } from '../opened.ts'
import type { Services } from '../services.ts'
import { icd10, rxNorm, snomed } from '../terminologies.ts'

/** ICD-10-CM chapters on pregnancy (Z33.1, Z34, O09–O48) and SNOMED CT 77386006 |Pregnant|; after birth (O80–O94) no more. */
const saysPregnant = ({ system, code }: CodedConcept): boolean =>
  (system === icd10 && /^(Z33\.1|Z34|O(09|[1-3]\d|4[0-8]))/.test(code)) || (system === snomed && code === '77386006')

/** Tells drug screening the whole profile as it is now. The caller holds the patient's lock: versions are counted one by one. */
export async function announceClinicalProfile(em: EntityManager, actor: Actor, { vault, matchKey }: Services, patient: Patient): Promise<void> {
  await em.flush()
  const { id: patientId } = patient
  const inForce = { patientId, endedAt: null }
  const allergies = await openAll<Allergy, AllergyDetails>(em, vault, await em.find(Allergy, inForce, { orderBy: { id: 'asc' } }))
  const conditions = await openAll<Condition, { code: CodedConcept }>(em, vault, await em.find(Condition, inForce, { orderBy: { id: 'asc' } }))
  const { family, given, dateOfBirth, phone, sex } = await vault.open<Identity>(em, patientId, patient.sealed)
  const profile: ClinicalProfile = {
    allergies: allergies.map(({ substance: { system, code, display } }) => ({ system, code, display, ...(system === rxNorm ? {} : { class: display.toLowerCase() }) })),
    conditions: conditions.map(({ code: { system, code } }) => ({ system, code })),
    birthYearMonth: dateOfBirth.slice(0, 7),
    sex,
    person: { family, given, dateOfBirth, phone: phone || null },
    ...(conditions.some(({ code }) => saysPregnant(code)) ? { pregnant: true } : {}),
  }
  const version = (patient.profileVersion += 1)
  emit(em, actor, 'patients.clinical-profile-changed.v1', patientId, { patientId, version, sealed: sealProfile(matchKey, { patientId, version }, profile) })
}
