import type { TransitionRow } from '@pharmagraph/platform'
import type { BulkImport, BulkImportLine } from './entities/bulk-import.ts'
import type { ClinicalAlert } from './entities/clinical-alert.ts'
import type { EmergencyFollowUp } from './entities/emergency-follow-up.ts'
import type { DispenseRecord } from './entities/dispense-record.ts'
import type { Fill, HeldLot } from './entities/fill.ts'
import type { Prescription } from './entities/prescription.ts'
import type { PrescriptionTransfer } from './entities/prescription-transfer.ts'
import type { OwedBalance } from './entities/owed-balance.ts'
import type { RefillRequest } from './entities/refill-request.ts'
import type { SyncStep } from './reads/plan-sync.ts'
import type { EmergencyDuty } from './reads/emergency-follow-ups.ts'
import type { OverdueReport } from './reads/overdue-pdmp-reports.ts'
import type { WorkerSkills } from './entities/worker-skills.ts'
import type { QueueName, WorkItem } from './entities/work-item.ts'

export type PrescriptionMapper = Prescription
export type FillMapper = Fill
export type DispenseRecordMapper = DispenseRecord
export type FillLotMapper = HeldLot
export type ClinicalAlertMapper = ClinicalAlert
export type AlertOverrideMapper = ClinicalAlert
export type PrescriptionTransferMapper = PrescriptionTransfer
export type VerificationMapper = Prescription
export type TransitionMapper = TransitionRow
export type WorkItemMapper = WorkItem
export type WorkerSkillsMapper = WorkerSkills
export type WorkClaimMapper = WorkItem
export type WorkQueueMapper = { name: QueueName }
export type OverduePdmpReportMapper = OverdueReport
export type BulkImportMapper = BulkImport
export type BulkImportLineMapper = BulkImportLine
export type EmergencyFollowUpMapper = EmergencyFollowUp
export type EmergencyDutyMapper = EmergencyDuty
export type OwedBalanceMapper = OwedBalance
export type RefillRequestMapper = RefillRequest
export type SyncStepMapper = SyncStep
export type PatientMapper = { id: string }
export type OrderMapper = { id: string }
export type PractitionerMapper = { id: string }
export type DrugMapper = { id: string }
export type LotMapper = { id: string }
