import { defineEntity, p } from '@mikro-orm/postgresql'

/** A person who may see the patient's record on their behalf, by the subject of their token. */
export const CaregiverSchema = defineEntity({
  name: 'Caregiver',
  tableName: 'caregiver',
  properties: {
    id: p.uuid().primary(),
    patientId: p.uuid(),
    subject: p.string().index(),
    relationship: p.string(),
    /** JSON of { name }, under the patient's key. */
    sealed: p.text(),
  },
  uniques: [{ properties: ['patientId', 'subject'] }],
})
export class Caregiver extends CaregiverSchema.class {}
CaregiverSchema.setClass(Caregiver)
