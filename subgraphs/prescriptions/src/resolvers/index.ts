import type { Resolvers } from '../generated/resolvers.ts'
import { bulkImportLineResolvers, bulkImportResolvers } from './bulk-import.ts'
import { alertOverrideResolvers, clinicalAlertResolvers } from './clinical-alert.ts'
import { emergencyDutyResolvers, emergencyFollowUpResolvers } from './emergency.ts'
import { dispenseRecordResolvers, fillLotResolvers, fillResolvers } from './fill.ts'
import { mutationResolvers } from './mutation.ts'
import { orderResolvers, patientResolvers } from './elsewhere.ts'
import { prescriptionResolvers, transferResolvers, verificationResolvers } from './prescription.ts'
import { queryResolvers } from './query.ts'
import { owedBalanceResolvers, refillRequestResolvers, syncStepResolvers } from './refill.ts'
import { workClaimResolvers, workItemResolvers, workQueueResolvers, workerSkillsResolvers } from './work-queue.ts'

export const resolvers: Resolvers = {
  Query: queryResolvers,
  Mutation: mutationResolvers,
  Prescription: prescriptionResolvers,
  Verification: verificationResolvers,
  PrescriptionTransfer: transferResolvers,
  ClinicalAlert: clinicalAlertResolvers,
  AlertOverride: alertOverrideResolvers,
  Fill: fillResolvers,
  FillLot: fillLotResolvers,
  DispenseRecord: dispenseRecordResolvers,
  WorkQueue: workQueueResolvers,
  WorkItem: workItemResolvers,
  WorkClaim: workClaimResolvers,
  WorkerSkills: workerSkillsResolvers,
  BulkImport: bulkImportResolvers,
  OverduePdmpReport: { fill: ({ fillId }, _args, { loaders }) => (fillId ? loaders.fill.load(fillId) : null) },
  BulkImportLine: bulkImportLineResolvers,
  EmergencyFollowUp: emergencyFollowUpResolvers,
  EmergencyDuty: emergencyDutyResolvers,
  RefillRequest: refillRequestResolvers,
  OwedBalance: owedBalanceResolvers,
  SyncStep: syncStepResolvers,
  Patient: patientResolvers,
  Order: orderResolvers,
}
