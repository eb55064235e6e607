import { BulkImportLineSchema, BulkImportSchema } from './bulk-import.ts'
import { ClinicalAlertSchema } from './clinical-alert.ts'
import { DispenseRecordSchema } from './dispense-record.ts'
import { EmergencyFollowUpSchema } from './emergency-follow-up.ts'
import { AddressFactSchema, CancelledOrderSchema, ClinicalProfileFactSchema, DrugFactSchema, InteractionFactSchema, PatientFactSchema, PatientTokenSchema, PractitionerFactSchema, RecordAccessFactSchema } from './facts.ts'
import { FillSchema } from './fill.ts'
import { IntakeMessageSchema } from './intake-message.ts'
import { NetworkStatusSchema } from './network-status.ts'
import { OwedBalanceSchema } from './owed-balance.ts'
import { PdmpQuerySchema, PdmpReportSchema, PdmpZeroReportSchema } from './pdmp.ts'
import { PrescriptionSchema } from './prescription.ts'
import { PrescriptionPictureSchema } from './prescription-picture.ts'
import { PrescriptionTransferSchema } from './prescription-transfer.ts'
import { RefillRequestSchema } from './refill-request.ts'
import { WorkItemSchema } from './work-item.ts'
import { WorkerSkillsSchema } from './worker-skills.ts'

export const entities = [
  PrescriptionSchema, FillSchema, WorkItemSchema, WorkerSkillsSchema, ClinicalAlertSchema, IntakeMessageSchema, DispenseRecordSchema,
  PatientFactSchema, PatientTokenSchema, PractitionerFactSchema, RecordAccessFactSchema, DrugFactSchema, InteractionFactSchema, CancelledOrderSchema,
  AddressFactSchema, ClinicalProfileFactSchema, PdmpQuerySchema, PdmpReportSchema, PrescriptionTransferSchema, PrescriptionPictureSchema, BulkImportSchema, BulkImportLineSchema,
  OwedBalanceSchema, RefillRequestSchema, NetworkStatusSchema, PdmpZeroReportSchema, EmergencyFollowUpSchema,
]
