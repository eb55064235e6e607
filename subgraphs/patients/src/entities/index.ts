import { AllergySchema } from './allergy.ts'
import { CaregiverSchema } from './caregiver.ts'
import { ConditionSchema } from './condition.ts'
import { ConsentSchema } from './consent.ts'
import { InsurancePolicySchema } from './insurance-policy.ts'
import { MessageSchema, MessageThreadSchema } from './message.ts'
import { NotificationSchema } from './notification.ts'
import { PatientSchema } from './patient.ts'
import { LicenceSchema, PractitionerSchema } from './practitioner.ts'

export const entities = [
  PatientSchema, InsurancePolicySchema, AllergySchema, ConditionSchema, ConsentSchema, CaregiverSchema,
  PractitionerSchema, LicenceSchema, MessageThreadSchema, MessageSchema, NotificationSchema,
]
