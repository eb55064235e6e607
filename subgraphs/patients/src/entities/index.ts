import { AllergySchema } from './allergy.ts'
import { ConditionSchema } from './condition.ts'
import { ConsentSchema } from './consent.ts'
import { DelegationSchema } from './delegation.ts'
import { DisclosureSchema } from './disclosure.ts'
import { EmergencyAccessSchema } from './emergency-access.ts'
import { ErasureConfirmationSchema, ErasureRequestSchema, RecordFactSchema } from './erasure.ts'
import { InsurancePolicySchema } from './insurance-policy.ts'
import { MessageSchema, MessageThreadSchema } from './message.ts'
import { NotificationSchema } from './notification.ts'
import { PatientTokenSchema } from './patient-token.ts'
import { PatientSchema } from './patient.ts'
import { LicenceSchema, PractitionerSchema } from './practitioner.ts'
import { PrescriptionFactSchema } from './prescription-fact.ts'

export const entities = [
  PatientSchema, PatientTokenSchema, InsurancePolicySchema, AllergySchema, ConditionSchema, ConsentSchema, DelegationSchema,
  PractitionerSchema, LicenceSchema, MessageThreadSchema, MessageSchema, NotificationSchema, PrescriptionFactSchema,
  ErasureRequestSchema, ErasureConfirmationSchema, RecordFactSchema, DisclosureSchema, EmergencyAccessSchema,
]
