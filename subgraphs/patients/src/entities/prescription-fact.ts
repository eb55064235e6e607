import { defineEntity, p } from '@mikro-orm/postgresql'

/** Our copy of whose a prescription is and who wrote it: which threads may be about it, and who may read them. */
export const PrescriptionFactSchema = defineEntity({
  name: 'PrescriptionFact',
  tableName: 'prescription_fact',
  properties: {
    prescriptionId: p.uuid().primary(),
    patientId: p.uuid().nullable(),
    practitionerId: p.uuid().nullable().index(),
  },
})
export class PrescriptionFact extends PrescriptionFactSchema.class {}
PrescriptionFactSchema.setClass(PrescriptionFact)
