/** Handing a prescription over to another pharmacy (21 CFR 1306.08(e)-(i), 1306.25). */
import { refusal, refusalsOfFill, type Fillable, type Refusal } from './decisions.ts'
import { rulesAt, type Rule } from './rules.ts'

export type Transfer = {
  /** How often it went to another pharmacy before. */
  transfers: number
  /** Came electronically and stays so. */
  electronic: boolean
  askedByPatient: boolean
  /** Both pharmacies look into one real-time database. */
  sharedDatabase?: boolean
}

/** The row that governs the transfer: of the unfilled prescription, or of the refills that are left. */
export const transferRule = ({ schedule, fillsReleased }: Fillable, day: string): Rule<'TRANSFER'> | undefined =>
  rulesAt('TRANSFER', schedule, day).find(({ parameters }) => parameters.of === (fillsReleased === 0 ? 'INITIAL_FILL' : 'REFILLS'))

/** Why a prescription may not go to another pharmacy; undefined when it may. What is not controlled goes as often as asked for. */
export function refusalOfTransfer(prescription: Fillable, { transfers, electronic, askedByPatient, sharedDatabase = false }: Transfer, day: string): Refusal | undefined {
  const spent = refusalsOfFill(prescription, day).find(({ code }) => code === 'PRESCRIPTION_EXPIRED' || code === 'NO_REFILLS_LEFT' || code === 'CI_NOT_DISPENSABLE')
  if (spent) return spent
  if (prescription.schedule === 'NONE') return undefined
  const rule = transferRule(prescription, day)
  if (!rule) {
    // schedule II has no refills: before 2023-08-28 nothing of it could be transferred
    const [known] = rulesAt('REFILLS', prescription.schedule, day)
    return known && refusal('NOT_TRANSFERABLE', 'It may not go to another pharmacy', known, null, 'A new prescription sent to the other pharmacy')
  }
  const { times, timesShared, electronicOnly } = rule.parameters
  if (electronicOnly && !electronic) return refusal('NOT_ELECTRONIC', 'Only an electronic prescription goes unfilled to another pharmacy', rule, null, 'A new prescription sent to the other pharmacy')
  if (electronicOnly && !askedByPatient) return refusal('NOT_ASKED_BY_PATIENT', 'Only the patient may ask for it', rule, null, "The patient's request")
  const most = sharedDatabase ? timesShared : times
  return transfers >= most ? refusal('ALREADY_TRANSFERRED', `It went to another pharmacy ${transfers === 1 ? 'once' : `${transfers} times`} already`, rule, null, 'A new prescription') : undefined
}
