import { defineLifecycle, emit, to, type Guard } from '@pharmagraph/platform'
import { refillsRemaining, type Prescription, type PrescriptionState } from '../entities/prescription.ts'

const pharmacists = ['pharmacist', 'pharmacist-in-charge'] as const
const staff = ['technician', ...pharmacists, 'system'] as const
/** The prescriber takes it back through the portal, or the network tells us so. */
const cancel = to<PrescriptionState, Prescription>('CANCELLED', { by: ['prescriber', 'system'] })
const reject = to<PrescriptionState, Prescription>('REJECTED', { by: pharmacists })

/** Four eyes: domain rule of the pharmacy, and 21 CFR 1306.04(a) where the pharmacist answers for the check. */
export const notWhoEnteredData: Guard<Prescription> = ({ enteredBy }, actor) =>
  enteredBy === actor.subject ? { code: 'SEPARATION_OF_DUTIES', message: 'who entered the data may not verify it' } : undefined

export const prescriptionLifecycle = defineLifecycle<PrescriptionState, Prescription>({
  name: 'prescription',
  initial: 'RECEIVED',
  table: {
    RECEIVED: {
      review: to('CLINICAL_REVIEW', { by: ['system'] }),
      askForData: to('DATA_ENTRY', { by: ['system'] }),
      markDuplicate: to('DUPLICATE', { by: ['system'] }),
      cancel,
    },
    DATA_ENTRY: { completeDataEntry: to('CLINICAL_REVIEW', { by: staff }), reject, cancel },
    CLINICAL_REVIEW: {
      verify: to('VERIFIED', { by: pharmacists, when: [notWhoEnteredData] }),
      requestClarification: to('CLARIFICATION', { by: pharmacists }),
      reject,
      cancel,
    },
    CLARIFICATION: { answerClarification: to('CLINICAL_REVIEW', { by: ['prescriber', 'system'] }), reject, cancel },
    VERIFIED: {
      deplete: to('DEPLETED', { by: ['system'] }),
      expire: to('EXPIRED', { by: ['system'] }),
      discontinue: to('DISCONTINUED', { by: ['prescriber', 'system'] }),
      // a finding at a later fill that the pharmacist does not accept
      reject: to('DISCONTINUED', { by: pharmacists }),
    },
    DEPLETED: { reopen: to('VERIFIED', { by: ['system'] }) },
    EXPIRED: {},
    DISCONTINUED: {},
    REJECTED: {},
    CANCELLED: {},
    DUPLICATE: {},
  },
  announce: (em, actor, prescription, { from, to: next, reason }) =>
    emit(em, actor, 'prescriptions.prescription-status-changed.v1', prescription.id, {
      prescriptionId: prescription.id, patientId: prescription.patientId ?? null, drugId: prescription.drugId ?? null,
      from, to: next, reasonCode: reason ?? null, quantity: prescription.quantity, daysSupply: prescription.daysSupply ?? null,
      refillsRemaining: refillsRemaining(prescription), expiryDate: prescription.expiryDate,
    }),
})
