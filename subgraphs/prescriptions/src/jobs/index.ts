import { rewrapDataKeys } from '@pharmagraph/platform'
import { expireLeases } from './expire-leases.ts'
import { expirePrescriptions } from './expire-prescriptions.ts'
import { takeImports } from './take-import-lines.ts'
import { resumePrescriptions } from './resume-prescriptions.ts'

export const jobs = [expireLeases, expirePrescriptions, resumePrescriptions, takeImports, rewrapDataKeys]
