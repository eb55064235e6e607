/** Keeps our copies of others' facts. Each statement lets only newer news through, so that order and repeats do not matter. */
import { type CloudEvent, type EntityManager } from '@pharmagraph/platform'

export async function learnDrug(em: EntityManager, { data }: CloudEvent<'catalog.drug-published.v1'>): Promise<void> {
  const { drugId, version, name, rxOnly, deaSchedule, storageClass, packageSize, priceMinor, currency } = data
  await em.execute(
    `insert into drug_fact (id, fact_version, name, rx_only, dea_schedule, storage_class, package_size, price_minor, currency)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set fact_version = excluded.fact_version, name = excluded.name, rx_only = excluded.rx_only,
       dea_schedule = excluded.dea_schedule, storage_class = excluded.storage_class, package_size = excluded.package_size,
       price_minor = excluded.price_minor, currency = excluded.currency
     where excluded.fact_version > drug_fact.fact_version`,
    [drugId, version, name, rxOnly, deaSchedule, storageClass, packageSize, priceMinor, currency],
  )
}

export async function learnPrescription(em: EntityManager, { id, time, data }: CloudEvent<'prescriptions.prescription-status-changed.v1'>): Promise<void> {
  const { prescriptionId, patientId, drugId, to: status, quantity, daysSupply, refillsRemaining, expiryDate } = data
  await em.execute(
    `insert into prescription_fact (id, told_by, patient_id, drug_id, status, quantity, days_supply, refills_remaining, expiry_date)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set told_by = excluded.told_by, patient_id = excluded.patient_id, drug_id = excluded.drug_id,
       status = excluded.status, quantity = excluded.quantity, days_supply = excluded.days_supply,
       refills_remaining = excluded.refills_remaining, expiry_date = excluded.expiry_date
     where excluded.told_by > prescription_fact.told_by collate "C"`,
    [prescriptionId, `${new Date(time).toISOString()} ${id}`, patientId, drugId, status, quantity, daysSupply, refillsRemaining, expiryDate],
  )
}

export async function learnConsent(em: EntityManager, { data }: CloudEvent<'patients.consent-changed.v1'>): Promise<void> {
  await em.execute(
    `insert into consent_fact (patient_id, purpose, fact_version, granted) values (?, ?, ?, ?)
     on conflict (patient_id, purpose) do update set fact_version = excluded.fact_version, granted = excluded.granted
     where excluded.fact_version > consent_fact.fact_version`,
    [data.patientId, data.purpose, data.version, data.granted],
  )
}

export async function learnDelegation(em: EntityManager, { data }: CloudEvent<'patients.delegation-changed.v1'>): Promise<void> {
  await em.execute(
    `insert into delegation_fact (id, patient_id, subject, scopes, fact_version) values (?, ?, ?, ?, ?)
     on conflict (id) do update set subject = excluded.subject, scopes = excluded.scopes, fact_version = excluded.fact_version
     where excluded.fact_version > delegation_fact.fact_version`,
    [data.delegationId, data.patientId, data.subject, `{${data.scopes.join(',')}}`, data.version],
  )
}

/** An address is never changed, a new one is added; the same news twice is the same row. */
export async function learnAddress(em: EntityManager, { data }: CloudEvent<'logistics.address-added.v1'>): Promise<void> {
  await em.execute('insert into address_fact (id, patient_id, state, deliverability) values (?, ?, ?, ?) on conflict (id) do nothing', [
    data.addressId, data.patientId, data.state, data.deliverability,
  ])
}
