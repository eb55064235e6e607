import { handler } from '@pharmagraph/platform'

/** Lets only newer news through, so that order and repeats do not matter. */
export const learnDelegation = handler('patients.delegation-changed.v1', 'learn-delegation', async (em, { data }) => {
  await em.execute(
    `insert into delegation_fact (id, patient_id, subject, scopes, fact_version) values (?, ?, ?, ?, ?)
     on conflict (id) do update set subject = excluded.subject, scopes = excluded.scopes, fact_version = excluded.fact_version
     where excluded.fact_version > delegation_fact.fact_version`,
    [data.delegationId, data.patientId, data.subject, `{${data.scopes.join(',')}}`, data.version],
  )
})
