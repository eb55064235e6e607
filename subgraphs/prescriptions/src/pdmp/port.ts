/**
 * What we need of a state's prescription drug monitoring programme: to ask before a verification, to tell of a dispensing.
 * Fields carry what ASAP's standard for these programmes (4.2B) asks of a dispenser; its field numbers are named beside them.
 */

/** PHA01, PHA03, PHA02. */
export type PdmpPharmacy = { npi: string; dea: string; ncpdp: string }
/** A programme knows people by these, and by no id of ours. Days are YYYY-MM-DD. */
export type PdmpPatient = {
  /** PAT07, PAT08, PAT18. */
  family: string; given: string; dateOfBirth: string
  /** PAT19; U where it is not known. */
  sex: 'F' | 'M' | 'U'
  /** PAT17, ten digits. */
  phone: string | null
  /** PAT12 to PAT16; null where the prescription names none. */
  address: { line1: string | null; line2: string | null; city: string | null; state: string; postalCode: string | null } | null
}
export type PdmpQuestion = { state: string; pharmacy: PdmpPharmacy; patient: PdmpPatient }
/** Controlled substances the patient had of anybody in the last year. */
export type PdmpAnswer = { dispensings: number; prescribers: number; pharmacies: number }

export type PdmpDispensing = {
  state: string
  pharmacy: PdmpPharmacy
  patient: PdmpPatient
  /** Ours of the fill; the same again replaces what was told of it. */
  fillId: string
  /** DSP01: 00 a new record, 02 void, the drug went back on the shelf. */
  reporting: '00' | '02'
  /** DSP02 to DSP06. `refillNumber` 0 is the first fill. */
  prescriptionNumber: string; dateWritten: string; refillsAuthorized: number; dateFilled: string; refillNumber: number
  /** DSP08 (eleven digits, 5-4-2), DSP09, DSP10, DSP11: 01 each, 02 ml, 03 g. */
  ndc: string; quantity: number; daysSupply: number | null; unit: '01' | '02' | '03'
  schedule: string
  /** DSP12: 01 written, 03 by telephone in an emergency, 05 electronic. */
  origin: '01' | '03' | '05'
  /** DSP13: 00 the whole, else which part of the fill. */
  partialFill: string
  /** DSP16: 01 private pay. */
  paymentType: '01'
  /** PRE01, PRE02, PRE05, PRE06. */
  prescriber: { npi: string; dea: string | null; family: string | null; given: string | null }
}

export type Pdmp = {
  /** Throws UNAVAILABLE where trying again makes sense. */
  query(question: PdmpQuestion): Promise<PdmpAnswer>
  /** A day on which no controlled substance went to the state. The same day again must be harmless. Throws UNAVAILABLE where trying again makes sense. */
  reportNone(nothing: { state: string; pharmacy: PdmpPharmacy; day: string }): Promise<void>
  /** The same fill again must be harmless. Throws UNAVAILABLE where trying again makes sense. */
  report(dispensing: PdmpDispensing): Promise<void>
}
