import { defineLifecycle, emit, to, type Guard } from '@pharmagraph/platform'
import { daysOf, productOf, refillsRemaining, type Prescription, type PrescriptionState } from '../entities/prescription.ts'

const pharmacists = ['pharmacist', 'pharmacist-in-charge'] as const
const staff = ['technician', ...pharmacists, 'system'] as const
/** Its prescriber takes it back through the portal or the network, or its patient, before anybody has verified it. */
const cancel = to<PrescriptionState, Prescription>('CANCELLED', { by: ['prescriber', 'patient', 'system'] })
const reject = to<PrescriptionState, Prescription>('REJECTED', { by: pharmacists })
const expire = to<PrescriptionState, Prescription>('EXPIRED', { by: ['system'] })
const discontinue = to<PrescriptionState, Prescription>('DISCONTINUED', { by: ['prescriber', ...pharmacists, 'system'] })

/** It is the written order that follows an oral one (21 CFR 1306.11(d)(4)): kept with it, never dispensed on. */
const ofScheduleII: Guard<Prescription> = ({ drugId, deaSchedule }) =>
  !drugId || deaSchedule === 'CII' ? undefined : { code: 'NOT_SCHEDULE_II', message: 'only an order for schedule II follows an oral one' }
const documentEmergency = to<PrescriptionState, Prescription>('DUPLICATE', { by: [...pharmacists, 'system'], when: [ofScheduleII] })

/** An amendment is a new version; this one ends with it. */
const supersede = to<PrescriptionState, Prescription>('DISCONTINUED', { by: [...pharmacists, 'prescriber'] })

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
      documentEmergency,
      cancel,
    },
    DATA_ENTRY: { completeDataEntry: to('CLINICAL_REVIEW', { by: staff }), documentEmergency, reject, cancel },
    CLINICAL_REVIEW: {
      verify: to('VERIFIED', { by: pharmacists, when: [notWhoEnteredData] }),
      requestClarification: to('CLARIFICATION', { by: pharmacists }),
      documentEmergency,
      reject,
      cancel,
    },
    // over the network or through the portal, by telephone to a pharmacist, or not at all in time
    CLARIFICATION: { answerClarification: to('CLINICAL_REVIEW', { by: ['prescriber', ...pharmacists, 'system'] }), documentEmergency, cancel },
    VERIFIED: {
      deplete: to('DEPLETED', { by: ['system'] }),
      expire,
      discontinue,
      hold: to('ON_HOLD', { by: pharmacists }),
      // 21 CFR 1306.08(f), 1306.25: void here from then on
      transferOut: to('TRANSFERRED_OUT', { by: pharmacists }),
      // a part left and the rest is owed, or no longer: the next order is for another quantity
      owe: to('VERIFIED', { by: ['system'] }),
      settle: to('VERIFIED', { by: ['system'] }),
      substitute: to('VERIFIED', { by: pharmacists }),
      // the drug went into another schedule: verified anew, by the rules of that one
      verifyAgain: to('VERIFIED', { by: pharmacists, when: [notWhoEnteredData] }),
      allowEarlyRefill: to('VERIFIED', { by: pharmacists }),
      supersede,
      // a finding at a later fill that the pharmacist does not accept
      reject: to('DISCONTINUED', { by: pharmacists }),
    },
    ON_HOLD: { resume: to('VERIFIED', { by: [...pharmacists, 'system'] }), expire, discontinue, supersede },
    DEPLETED: { reopen: to('VERIFIED', { by: ['system'] }) },
    EXPIRED: {},
    DISCONTINUED: {},
    TRANSFERRED_OUT: {},
    REJECTED: {},
    CANCELLED: {},
    DUPLICATE: {},
  },
  announce: (em, actor, prescription, { from, to: next, reason }) =>
    emit(em, actor, 'prescriptions.prescription-status-changed.v1', prescription.id, {
      prescriptionId: prescription.id, patientId: prescription.patientId ?? null, practitionerId: prescription.practitionerId ?? null, drugId: productOf(prescription),
      from, to: next, reasonCode: reason ?? null, quantity: prescription.nextQuantity ?? prescription.quantity, daysSupply: daysOf(prescription, prescription.nextQuantity ?? prescription.quantity),
      refillsRemaining: refillsRemaining(prescription), expiryDate: prescription.expiryDate,
    }),
})
