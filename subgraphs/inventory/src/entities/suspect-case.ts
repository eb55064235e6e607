import { defineEntity, p } from '@mikro-orm/postgresql'
import { LotSchema } from './lot.ts'

export const suspectStatuses = ['INVESTIGATING', 'CLEARED', 'ILLEGITIMATE', 'NOTIFIED', 'CLOSED'] as const
export type SuspectStatus = (typeof suspectStatuses)[number]
/** States in which the lot must stay where it is. */
export const openSuspectStatuses: readonly SuspectStatus[] = ['INVESTIGATING', 'ILLEGITIMATE', 'NOTIFIED']

/** Product that may be counterfeit, diverted, stolen or unfit (21 USC 360eee-1(d)(4)): quarantined until it is cleared. */
export const SuspectCaseSchema = defineEntity({
  name: 'SuspectCase',
  tableName: 'suspect_case',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    lotId: () => p.manyToOne(LotSchema).mapToPk().fieldName('lot_id').index(),
    drugId: p.uuid(),
    reason: p.text(),
    status: p.enum(suspectStatuses),
    openedBy: p.string(),
    openedAt: p.datetime(),
    /** Packages of the lot on hand when the case was opened. */
    packages: p.integer().check('packages >= 0'),
    verified: p.integer().check('verified >= 0'),
    /** Of these, packages whose identifier was not what it should be. */
    differing: p.integer().check('differing >= 0'),
    /** FDA Form 3911 and the partners: 24 hours after it was found to be illegitimate. */
    noticeDueAt: p.datetime().nullable(),
    noticedAt: p.datetime().nullable(),
  },
  indexes: [
    { properties: ['status', 'noticeDueAt'] },
    { name: 'suspect_case_one_open', expression: `create unique index suspect_case_one_open on suspect_case (lot_id) where status not in ('CLEARED', 'CLOSED')` },
  ],
})
export class SuspectCase extends SuspectCaseSchema.class {}
SuspectCaseSchema.setClass(SuspectCase)

/** One package looked at in an investigation; each counts once. */
export const SuspectPackageSchema = defineEntity({
  name: 'SuspectPackage',
  tableName: 'suspect_package',
  properties: {
    caseId: () => p.manyToOne(SuspectCaseSchema).mapToPk().fieldName('case_id').primary(),
    gtin: p.string().length(14).primary(),
    serialNumber: p.string().length(20).primary(),
    lotNumber: p.string(),
    expiryDate: p.date().nullable(),
    matches: p.boolean(),
    verifiedBy: p.string(),
    verifiedAt: p.datetime(),
  },
})
export class SuspectPackage extends SuspectPackageSchema.class {}
SuspectPackageSchema.setClass(SuspectPackage)
