import { allowEarlyRefill } from '../commands/allow-early-refill.ts'
import { answerQuestion } from '../commands/answer-clarification.ts'
import { amendPrescription } from '../commands/amend-prescription.ts'
import { dispensePart } from '../commands/dispense-part.ts'
import { cancelRefill, requestRefill } from '../commands/request-refill.ts'
import { retryBulkImport } from '../commands/retry-bulk-import.ts'
import { returnFillToStock } from '../commands/return-to-stock.ts'
import { setAutoRefill } from '../commands/set-auto-refill.ts'
import { substituteDrug } from '../commands/substitute-drug.ts'
import { syncRefills } from '../commands/sync-refills.ts'
import { cancelPrescription } from '../commands/cancel-prescription.ts'
import { checkFill } from '../commands/check-fill.ts'
import { beginWork, claimNextWorkItem, claimWorkItem } from '../commands/claim-work-item.ts'
import { completeDataEntry } from '../commands/complete-data-entry.ts'
import { confirmEmergencyOral } from '../commands/confirm-emergency-oral.ts'
import { confirmOverride } from '../commands/confirm-override.ts'
import { heartbeatWorkItem } from '../commands/heartbeat-work-item.ts'
import { holdPrescription, resumePrescription } from '../commands/hold-prescription.ts'
import { overrideAlert } from '../commands/override-alert.ts'
import { recordEmergencyNotice } from '../commands/record-emergency-notice.ts'
import { recordEmergencyOral } from '../commands/record-emergency-oral.ts'
import { rejectPrescription } from '../commands/reject-prescription.ts'
import { releaseFill } from '../commands/release-fill.ts'
import { releaseWorkItem } from '../commands/release-work-item.ts'
import { requestClarification } from '../commands/request-clarification.ts'
import { scanFill } from '../commands/scan-fill.ts'
import { setWorkerSkills } from '../commands/set-worker-skills.ts'
import { submitFill } from '../commands/submit-fill.ts'
import { submitPrescription } from '../commands/submit-prescription.ts'
import { transcribePrescription } from '../commands/transcribe-prescription.ts'
import { transferPrescription } from '../commands/transfer-prescription.ts'
import { verifyPrescription } from '../commands/verify-prescription.ts'
import type { RefillRequest } from '../entities/refill-request.ts'
import type { Fill } from '../entities/fill.ts'
import type { Prescription } from '../entities/prescription.ts'
import type { MutationResolvers } from '../generated/resolvers.ts'

const prescriptionPayload = (prescription: Prescription) => ({ __typename: 'PrescriptionPayload' as const, prescription })
const refillPayload = (refillRequest: RefillRequest) => ({ __typename: 'RefillPayload' as const, refillRequest })
const fillPayload = (fill: Fill) => ({ __typename: 'FillPayload' as const, fill })

export const mutationResolvers: MutationResolvers = {
  submitPrescription: async (_source, { input }, { actor, services, transact }) =>
    prescriptionPayload(await transact((em) => submitPrescription(em, actor, services, { ...input, refills: input.refills ?? 0, daw: input.daw ?? 0, evaluationBasis: input.evaluationBasis ?? 'IN_PERSON' }))),

  claimNextWorkItem: async (_source, { input }, { em, actor, services, transact }) => {
    const item = await claimNextWorkItem(em, actor, input)
    if (item) await transact((own) => beginWork(own, actor, services, item))
    return item
  },
  claimWorkItem: (_source, { input }, { actor, services, transact }) => transact((em) => claimWorkItem(em, actor, services, input)),
  setWorkerSkills: async (_source, { input }, { actor, transact }) => ({ __typename: 'WorkerSkillsPayload', worker: await transact((em) => setWorkerSkills(em, actor, input)) }),
  heartbeatWorkItem: async (_source, { input }, { actor, transact }) => {
    const item = await transact((em) => heartbeatWorkItem(em, actor, input))
    return Object.assign(item, { __typename: 'WorkClaim' as const })
  },
  releaseWorkItem: async (_source, { input }, { actor, transact }) => ({ __typename: 'WorkItemPayload', item: await transact((em) => releaseWorkItem(em, actor, input)) }),

  transcribePrescription: async (_source, { input }, { actor, services, transact }) =>
    prescriptionPayload(await transact((em) => transcribePrescription(em, actor, services, { ...input, refills: input.refills ?? 0, daw: input.daw ?? 0 }))),
  completeDataEntry: async (_source, { input }, { actor, services, transact }) => prescriptionPayload(await transact((em) => completeDataEntry(em, actor, services, input))),
  overrideAlert: async (_source, { input }, { actor, services, transact }) => prescriptionPayload(await transact((em) => overrideAlert(em, actor, services, input))),
  confirmOverride: async (_source, { input }, { actor, transact }) => prescriptionPayload(await transact((em) => confirmOverride(em, actor, input))),
  verifyPrescription: async (_source, { input }, { actor, services, transact }) => {
    const outcome = await transact((em) => verifyPrescription(em, actor, services, input))
    return '__typename' in outcome ? outcome : prescriptionPayload(outcome)
  },
  rejectPrescription: async (_source, { input }, { actor, services, transact }) => prescriptionPayload(await transact((em) => rejectPrescription(em, actor, services, input))),
  holdPrescription: async (_source, { input }, { actor, services, transact }) => prescriptionPayload(await transact((em) => holdPrescription(em, actor, services, input))),
  resumePrescription: async (_source, { input }, { actor, transact }) => prescriptionPayload(await transact((em) => resumePrescription(em, actor, input))),
  transferPrescription: async (_source, { input }, { actor, services, transact }) => prescriptionPayload(await transact((em) => transferPrescription(em, actor, services, input))),
  cancelPrescription: async (_source, { input }, { actor, services, transact }) => prescriptionPayload(await transact((em) => cancelPrescription(em, actor, services, input))),
  answerClarification: async (_source, { input }, { actor, services, transact }) => prescriptionPayload(await transact((em) => answerQuestion(em, actor, services, input))),
  requestClarification: async (_source, { input }, { actor, services, transact }) => prescriptionPayload(await transact((em) => requestClarification(em, actor, services, input))),

  amendPrescription: async (_source, { input }, { actor, services, transact }) => prescriptionPayload(await transact((em) => amendPrescription(em, actor, services, input))),
  substituteDrug: async (_source, { input }, { actor, transact }) => prescriptionPayload(await transact((em) => substituteDrug(em, actor, input))),
  allowEarlyRefill: async (_source, { input }, { actor, transact }) => prescriptionPayload(await transact((em) => allowEarlyRefill(em, actor, input))),

  recordEmergencyOral: async (_source, { input }, { actor, services, transact }) => prescriptionPayload(await transact((em) => recordEmergencyOral(em, actor, services, { ...input, evaluationBasis: input.evaluationBasis ?? 'IN_PERSON' }))),
  confirmEmergencyOral: async (_source, { input }, { actor, services, transact }) => prescriptionPayload(await transact((em) => confirmEmergencyOral(em, actor, services, input))),
  recordEmergencyNotice: async (_source, { input }, { actor, transact }) => prescriptionPayload(await transact((em) => recordEmergencyNotice(em, actor, input))),

  retryBulkImport: async (_source, { input }, { actor, transact }) => ({ __typename: 'BulkImportPayload', bulkImport: await transact((em) => retryBulkImport(em, actor, input)) }),

  requestRefill: async (_source, { input }, { actor, transact }) => refillPayload(await transact((em) => requestRefill(em, actor, input))),
  cancelRefill: async (_source, { input }, { actor, transact }) => refillPayload(await transact((em) => cancelRefill(em, actor, input))),
  setAutoRefill: async (_source, { input }, { actor, transact }) => prescriptionPayload(await transact((em) => setAutoRefill(em, actor, input))),
  syncRefills: async (_source, { input }, { actor, transact }) => ({ __typename: 'SyncRefillsPayload', ...(await transact((em) => syncRefills(em, actor, input))) }),

  dispensePart: async (_source, { input }, { actor, transact }) => fillPayload(await transact((em) => dispensePart(em, actor, input))),
  returnFillToStock: async (_source, { input }, { actor, transact }) => fillPayload(await transact((em) => returnFillToStock(em, actor, input))),
  scanFill: async (_source, { input }, { actor, transact }) => fillPayload(await transact((em) => scanFill(em, actor, input))),
  submitFill: async (_source, { input }, { actor, transact }) => fillPayload(await transact((em) => submitFill(em, actor, input))),
  checkFill: async (_source, { input }, { actor, transact }) => fillPayload(await transact((em) => checkFill(em, actor, input))),
  releaseFill: async (_source, { input }, { actor, services, transact }) => fillPayload(await transact((em) => releaseFill(em, actor, services, input))),
}
