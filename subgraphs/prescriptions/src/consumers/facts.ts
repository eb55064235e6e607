/** Keeps our copies of what others own. Repeats and late events change nothing. */
import { handler } from '@pharmagraph/platform'
import { parseNdc } from '@pharmagraph/schema/identifiers'
import { rescheduleDrug } from '../commands/reschedule-drug.ts'
import { openClinicalProfile } from '../clinical-profile.ts'
import { matchKeyOf } from '../matching.ts'
import { withdrawAutoRefills } from '../commands/request-refill.ts'
import { services } from '../services.ts'

/** The latest version counts, in whatever order they are told. */
const keepRecordAccess = `insert into record_access_fact (id, patient_id, subject, scopes, until, fact_version) values (?, ?, ?, ?, ?, ?)
  on conflict (id) do update set scopes = excluded.scopes, until = excluded.until, fact_version = excluded.fact_version
  where excluded.fact_version > record_access_fact.fact_version`

export const factConsumers = [
  handler('logistics.address-added.v1', 'know-address', async (em, { time, data: { addressId, patientId, state } }) => {
    await em.execute(
      `insert into address_fact (address_id, patient_id, state, as_of) values (?, ?, ?, ?)
       on conflict (address_id) do update set state = excluded.state, as_of = excluded.as_of where address_fact.as_of <= excluded.as_of`,
      [addressId, patientId, state, time],
    )
  }),

  handler('patients.patient-registered.v1', 'know-patient', async (em, { time, data: { patientId, matchTokens } }) => {
    const changed = await em.execute<unknown[]>(
      `insert into patient_fact (patient_id, registered, as_of, dispensing_consent, consent_version) values (?, true, ?, false, 0)
       on conflict (patient_id) do update set registered = true, as_of = excluded.as_of
       where patient_fact.as_of is null or patient_fact.as_of <= excluded.as_of returning patient_id`,
      [patientId, time],
    )
    if (changed.length === 0) return
    // contact details change: the latest tokens are the ones that count
    await em.execute('delete from patient_token where patient_id = ?', [patientId])
    for (const { kind, token } of matchTokens) await em.execute('insert into patient_token (patient_id, kind, token) values (?, ?, ?) on conflict do nothing', [patientId, kind, token])
  }),

  handler('patients.consent-changed.v1', 'know-consent', async (em, { data: { patientId, purpose, granted, version } }, actor) => {
    if (purpose === 'AUTO_REFILL') {
      const newer = await em.execute<unknown[]>(
        `insert into patient_fact (patient_id, registered, dispensing_consent, consent_version, auto_refill_consent, auto_refill_consent_version) values (?, false, false, 0, ?, ?)
         on conflict (patient_id) do update set auto_refill_consent = excluded.auto_refill_consent, auto_refill_consent_version = excluded.auto_refill_consent_version
         where patient_fact.auto_refill_consent_version < excluded.auto_refill_consent_version returning patient_id`,
        [patientId, granted, version],
      )
      if (newer.length > 0 && !granted) await withdrawAutoRefills(em, actor, { patientId }, 'CONSENT_WITHDRAWN')
    }
    if (purpose === 'EXCHANGE') {
      await em.execute(
        `insert into patient_fact (patient_id, registered, dispensing_consent, consent_version, exchange_consent, exchange_consent_version) values (?, false, false, 0, ?, ?)
         on conflict (patient_id) do update set exchange_consent = excluded.exchange_consent, exchange_consent_version = excluded.exchange_consent_version
         where patient_fact.exchange_consent_version < excluded.exchange_consent_version`,
        [patientId, granted, version],
      )
    }
    if (purpose !== 'DISPENSING') return
    await em.execute(
      `insert into patient_fact (patient_id, registered, dispensing_consent, consent_version) values (?, false, ?, ?)
       on conflict (patient_id) do update set dispensing_consent = excluded.dispensing_consent, consent_version = excluded.consent_version
       where patient_fact.consent_version < excluded.consent_version`,
      [patientId, granted, version],
    )
  }),

  handler('patients.delegation-changed.v1', 'know-delegation', async (em, { data: { delegationId, patientId, subject, scopes, version } }) => {
    await em.execute(keepRecordAccess, [delegationId, patientId, subject, `{${scopes.join(',')}}`, null, version])
  }),

  handler('patients.emergency-access-changed.v1', 'know-emergency-access', async (em, { data: { accessId, patientId, subject, status, expiresAt } }) => {
    const active = status === 'ACTIVE'
    await em.execute(keepRecordAccess, [accessId, patientId, subject, active ? '{VIEW}' : '{}', expiresAt, active ? 1 : 2])
  }),

  handler('patients.practitioner-registered.v1', 'know-practitioner', async (em, { time, data: { practitionerId, npi, deaNumber, active, licenceStates, scheduleAuthority } }) => {
    await em.execute(
      `insert into practitioner_fact (practitioner_id, npi, dea_number, active, licence_states, schedule_authority, as_of)
       values (?, ?, ?, ?, array(select jsonb_array_elements_text(?::jsonb)), array(select jsonb_array_elements_text(?::jsonb)), ?)
       on conflict (practitioner_id) do update set npi = excluded.npi, dea_number = excluded.dea_number, active = excluded.active,
         licence_states = excluded.licence_states, schedule_authority = excluded.schedule_authority, as_of = excluded.as_of
       where practitioner_fact.as_of <= excluded.as_of`,
      [practitionerId, npi, deaNumber, active, JSON.stringify(licenceStates), JSON.stringify(scheduleAuthority), time],
    )
  }),

  handler('patients.clinical-profile-changed.v1', 'know-clinical-profile', async (em, { data }) => {
    const { patientId, version } = data
    const { matchKey, vault } = services()
    const sealed = await vault.seal(em, patientId, openClinicalProfile(matchKey, data))
    await em.flush()
    await em.execute(
      `insert into clinical_profile_fact (patient_id, version, sealed) values (?, ?, ?)
       on conflict (patient_id) do update set version = excluded.version, sealed = excluded.sealed where clinical_profile_fact.version < excluded.version`,
      [patientId, version, sealed],
    )
  }),

  handler('catalog.drug-published.v1', 'know-drug', async (em, { data }) => {
    const ndc12 = parseNdc(data.ndc)?.ndc12 ?? parseNdc(data.ndc11)?.ndc12 ?? data.ndc
    const [before] = await em.execute<{ dea_schedule: string }[]>('select dea_schedule from drug_fact where drug_id = ? and version < ?', [data.drugId, data.version])
    const matchKey = data.ingredients.length === 1 ? matchKeyOf(data.genericName, data.ingredients[0]!.strength, data.dosageForm) : ''
    await em.execute(
      `insert into drug_fact (drug_id, version, ndc, ndc12, name, generic_name, ingredients, dosage_form, dea_schedule, rx_only, pharmacologic_class, therapeutic_equivalence, dispensing_unit, match_key)
       values (?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?, ?, ?, ?)
       on conflict (drug_id) do update set version = excluded.version, ndc = excluded.ndc, ndc12 = excluded.ndc12, name = excluded.name,
         generic_name = excluded.generic_name, ingredients = excluded.ingredients, dosage_form = excluded.dosage_form, dea_schedule = excluded.dea_schedule,
         rx_only = excluded.rx_only, pharmacologic_class = excluded.pharmacologic_class, therapeutic_equivalence = excluded.therapeutic_equivalence, dispensing_unit = excluded.dispensing_unit, match_key = excluded.match_key
       where drug_fact.version < excluded.version`,
      [data.drugId, data.version, data.ndc, ndc12, data.name, data.genericName, JSON.stringify(data.ingredients), data.dosageForm, data.deaSchedule, data.rxOnly,
        data.pharmacologicClass, data.therapeuticEquivalence, data.dispensingUnit, matchKey],
    )
    if (before && before.dea_schedule !== data.deaSchedule) await rescheduleDrug(em, data.drugId)
  }),

  handler('catalog.interaction-published.v1', 'know-interaction', async (em, { time, data }) => {
    await em.execute(
      `insert into interaction_fact (interaction_id, knowledge_version, a_members, b_members, severity, effect, management, evidence, as_of)
       values (?, ?, array(select jsonb_array_elements_text(?::jsonb)), array(select jsonb_array_elements_text(?::jsonb)), ?, ?, ?, ?, ?)
       on conflict (interaction_id) do update set knowledge_version = excluded.knowledge_version, a_members = excluded.a_members, b_members = excluded.b_members,
         severity = excluded.severity, effect = excluded.effect, management = excluded.management, evidence = excluded.evidence, as_of = excluded.as_of
       where interaction_fact.as_of <= excluded.as_of`,
      [data.interactionId, data.knowledgeVersion, JSON.stringify(data.aMembers), JSON.stringify(data.bMembers), data.severity, data.effect, data.management, data.evidence, time],
    )
  }),
]
