import { rewrapDataKeys } from '@pharmagraph/platform'
import { chaseClarifications } from './chase-clarifications.ts'
import { expireLeases } from './expire-leases.ts'
import { expirePrescriptions } from './expire-prescriptions.ts'
import { forgetImportLines } from './forget-import-lines.ts'
import { lookAfterPdmpReports } from './look-after-pdmp-reports.ts'
import { takeImports } from './take-import-lines.ts'
import { planRefills } from './plan-refills.ts'
import { resumePrescriptions } from './resume-prescriptions.ts'
import { voidBalances } from './void-balances.ts'
import { watchEmergencyFollowUps } from './watch-emergency-follow-ups.ts'

export const jobs = [expireLeases, expirePrescriptions, resumePrescriptions, chaseClarifications, voidBalances, planRefills, takeImports, forgetImportLines, lookAfterPdmpReports, watchEmergencyFollowUps, rewrapDataKeys]
