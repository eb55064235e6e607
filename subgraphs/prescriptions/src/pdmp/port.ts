/** What we need of a state's prescription drug monitoring programme: to ask before a verification, to tell of a dispensing. */

export type PdmpQuestion = { state: string; patientId: string; prescriptionId: string }
/** Controlled substances the patient had of anybody in the last year. */
export type PdmpAnswer = { dispensings: number; prescribers: number; pharmacies: number }
export type PdmpDispensing = { state: string; fillId: string; patientId: string; drugId: string; schedule: string; quantity: number; daysSupply: number | null; dispensedOn: string }

export type Pdmp = {
  /** Throws UNAVAILABLE where trying again makes sense. */
  query(question: PdmpQuestion): Promise<PdmpAnswer>
  /** A day on which no controlled substance went to the state. The same day again must be harmless. Throws UNAVAILABLE where trying again makes sense. */
  reportNone(nothing: { state: string; day: string }): Promise<void>
  /** The same fill again must be harmless. Throws UNAVAILABLE where trying again makes sense. */
  report(dispensing: PdmpDispensing): Promise<void>
}
