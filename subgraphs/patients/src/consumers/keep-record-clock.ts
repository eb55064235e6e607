import { handler, type EntityManager } from '@pharmagraph/platform'

/** Whatever comes into a patient's record starts the retention clocks anew; late events do not turn them back. */
const entered = async (em: EntityManager, patientId: string | null, time: string): Promise<void> => {
  if (!patientId) return
  await em.execute(
    `insert into record_fact (patient_id, last_entry_at) values (?, ?)
     on conflict (patient_id) do update set last_entry_at = greatest(record_fact.last_entry_at, excluded.last_entry_at)`, [patientId, time],
  )
}

export const recordClock = [
  handler('prescriptions.prescription-received.v1', 'prescription-enters-record', (em, { time, data }) => entered(em, data.patientId, time)),
  handler('prescriptions.prescription-status-changed.v1', 'prescription-moves-record', (em, { time, data }) => entered(em, data.patientId, time)),
  handler('prescriptions.fill-released.v1', 'fill-enters-record', (em, { time, data }) => entered(em, data.patientId, time)),
  handler('orders.order-placed.v1', 'order-enters-record', (em, { time, data }) => entered(em, data.patientId, time)),
]
