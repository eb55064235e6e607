import { AnchorSchema } from './anchor.ts'
import { AuditEntrySchema } from './audit-entry.ts'

export const entities = [AuditEntrySchema, AnchorSchema]
