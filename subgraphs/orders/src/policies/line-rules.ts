/** By which rule a line waits or is left out, and what comes next. A code of somebody else's is explained where it was made. */

export const nextSteps = [
  'PHARMACY_CHECKS', 'STOCK_IS_SET_ASIDE', 'STOCK_ARRIVES', 'PATIENT_PAYS', 'PHARMACIST_RELEASES', 'PAYMENT_IS_TAKEN', 'PARCEL_LEAVES', 'PARCEL_ARRIVES', 'ORDER_AGAIN',
  'ASK_PRESCRIBER', 'ASK_PHARMACY', 'NONE',
] as const
export type NextStep = (typeof nextSteps)[number]

type Row = { rule: string; nextStep: NextStep }

const house = 'house policy'
const rows: Readonly<Record<string, Row>> = {
  PRESCRIPTION_CHECK: { rule: '42 CFR 456.705: every fill is screened', nextStep: 'PHARMACY_CHECKS' },
  SETTING_ASIDE: { rule: `${house}: lots are held first to expire first`, nextStep: 'STOCK_IS_SET_ASIDE' },
  INSUFFICIENT_STOCK: { rule: `${house}: nothing is promised that is not held`, nextStep: 'STOCK_ARRIVES' },
  WAITS_FOR_THE_REST: { rule: `${house}: one parcel, as asked at checkout`, nextStep: 'STOCK_ARRIVES' },
  WAITING_FOR_PAYMENT: { rule: `${house}: nothing is filled before the amount is authorised`, nextStep: 'PATIENT_PAYS' },
  SET_ASIDE: { rule: `${house}: the parts of an order go as they are ready`, nextStep: 'PHARMACIST_RELEASES' },
  BEING_FILLED: { rule: '21 CFR 1306.04(a), 1306.22: a pharmacist answers for every fill', nextStep: 'PHARMACIST_RELEASES' },
  PAYMENT_UNDER_WAY: { rule: `${house}: charged when released, never before`, nextStep: 'PAYMENT_IS_TAKEN' },
  READY: { rule: `${house}: charged when released, never before`, nextStep: 'PAYMENT_IS_TAKEN' },
  PACKING: { rule: house, nextStep: 'PARCEL_LEAVES' },
  ON_THE_WAY: { rule: house, nextStep: 'PARCEL_ARRIVES' },
  DELIVERY_PROBLEM: { rule: house, nextStep: 'PARCEL_ARRIVES' },
  DELIVERED: { rule: house, nextStep: 'NONE' },
  PARCEL_RETURNED: { rule: 'FDA CPG 460.300: medicines that left the pharmacy are not sold again', nextStep: 'ASK_PHARMACY' },
  PART_FILLED: { rule: '21 CFR 1306.13, 1306.23: a partial fill is charged as dispensed, its balance is recorded with the prescription', nextStep: 'ASK_PHARMACY' },
  STOCK_RECALLED: { rule: '21 CFR 7: recalled lots are not sent', nextStep: 'ORDER_AGAIN' },
  RETURNED_TO_STOCK: { rule: `${house}: what does not leave the pharmacy is not charged; 21 CFR 1306.04(a)`, nextStep: 'ASK_PHARMACY' },
  HOLD_EXPIRED: { rule: `${house}: a hold ends after seven days`, nextStep: 'ORDER_AGAIN' },
  AUTHORIZATION_LOST: { rule: 'card network rules: a hold is captured before it lapses or not at all', nextStep: 'ORDER_AGAIN' },
  FOLLOWS_LATER: { rule: 'card network rules: a hold ends after some days; what it was for is asked for anew', nextStep: 'STOCK_ARRIVES' },
  OUT_OF_STOCK: { rule: `${house}: a back-order ends after fourteen days`, nextStep: 'ORDER_AGAIN' },
  UNPAID: { rule: `${house}: stock is held thirty minutes for an unpaid order`, nextStep: 'ORDER_AGAIN' },
  PATIENT_ASKED: { rule: 'the patient asked', nextStep: 'NONE' },
  CAREGIVER_ASKED: { rule: 'a caregiver whom the patient lets order asked', nextStep: 'NONE' },
  STAFF_DECIDED: { rule: '21 CFR 1306.04(a): the pharmacist may refuse', nextStep: 'ASK_PHARMACY' },
  REFILL_TOO_EARLY: { rule: `${house}: a refill when most of the supply is used`, nextStep: 'ORDER_AGAIN' },
  TOO_EARLY_EARLIEST_FILL_DATE: { rule: '21 CFR 1306.12(b)', nextStep: 'ORDER_AGAIN' },
  CII_NO_REFILLS: { rule: '21 CFR 1306.12(a)', nextStep: 'ASK_PRESCRIBER' },
  CI_NOT_DISPENSABLE: { rule: '21 USC 829', nextStep: 'ASK_PRESCRIBER' },
  TOO_MANY_REFILLS: { rule: '21 CFR 1306.22(a)', nextStep: 'ASK_PRESCRIBER' },
  NO_REFILLS_LEFT: { rule: 'no fill beyond what the prescriber authorised', nextStep: 'ASK_PRESCRIBER' },
  PRESCRIPTION_EXPIRED: { rule: '21 CFR 1306.22(a) and state law', nextStep: 'ASK_PRESCRIBER' },
  EVALUATION_REQUIRED: { rule: '21 USC 829(e)', nextStep: 'ASK_PRESCRIBER' },
  CONSENT_MISSING: { rule: `${house}: consent per purpose`, nextStep: 'ORDER_AGAIN' },
}

const unknown: Row = { rule: 'see the prescription: Prescription.eligibility tells the rule', nextStep: 'ASK_PHARMACY' }

export const ruleOf = (code: string): string => (rows[code] ?? unknown).rule
export const nextStepOf = (code: string): NextStep => (rows[code] ?? unknown).nextStep
