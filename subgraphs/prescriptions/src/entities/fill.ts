import { defineEntity, p } from '@mikro-orm/postgresql'

/** Why only a part leaves: 21 CFR 1306.13(a), (b), (c). */
export const partCauses = ['SHORT_SUPPLY', 'REQUESTED', 'LONG_TERM_CARE_OR_TERMINAL'] as const
export type PartCause = (typeof partCauses)[number]

export const fillStates = [
  'REQUESTED', 'SCREENING', 'BLOCKED', 'RESERVED', 'FILLING', 'PRODUCT_CHECK', 'PACKED', 'RELEASED', 'HANDED_OVER', 'COMPLETED',
  'CANCELLED', 'RETURNED_TO_STOCK', 'RETURNED_WASTE',
] as const
export type FillState = (typeof fillStates)[number]
/** States in which the fill is under way in the pharmacy. */
export const fillsUnderWay: readonly FillState[] = ['REQUESTED', 'SCREENING', 'RESERVED', 'FILLING', 'PRODUCT_CHECK', 'PACKED']
/** States that leave the prescription as if the fill had never been. */
export const fillsUndone: readonly FillState[] = ['BLOCKED', 'CANCELLED', 'RETURNED_TO_STOCK']

/** A lot held for the fill. `ndc` as inventory wrote it, `ndc12` to compare. */
export type HeldLot = {
  lotId: string; lotNumber: string; ndc: string; ndc12: string; expiryDate: string; quantity: number
  scanned: boolean; serialNumber?: string
}

export const FillSchema = defineEntity({
  name: 'Fill',
  tableName: 'fill',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    prescriptionId: p.uuid().index(),
    /** Of the prescription's versions. */
    chainId: p.uuid().index(),
    patientId: p.uuid(),
    drugId: p.uuid(),
    orderId: p.uuid().index(),
    orderLineId: p.uuid().unique(),
    number: p.integer(),
    status: p.enum(fillStates),
    statusReasonCode: p.string().nullable(),
    statusReasonMessage: p.text().nullable(),
    nextEligibleAt: p.date().nullable(),
    quantity: p.decimal('number').precision(12).scale(3).check('quantity > 0'),
    daysSupply: p.integer().nullable(),
    /** Why it is less than the whole; parts of one fill have its number. */
    partCause: p.enum(partCauses).nullable(),
    /** The owed balance that a later part brings. */
    balanceId: p.uuid().nullable().index(),
    /** Dispense-as-written code of what was dispensed, NCPDP 408-D8. */
    daw: p.integer().nullable(),
    /** Two letters: where it goes. */
    destinationState: p.string().nullable(),
    lots: p.json<HeldLot[]>(),
    /** Everybody who scanned or filled: none of them may check. */
    fillers: p.array(),
    filledBy: p.string().nullable(),
    filledByRole: p.string().nullable(),
    checkedBy: p.string().nullable(),
    releasedBy: p.string().nullable(),
    requestedAt: p.datetime(),
    releasedAt: p.datetime().nullable(),
  },
})
export class Fill extends FillSchema.class {}
FillSchema.setClass(Fill)
