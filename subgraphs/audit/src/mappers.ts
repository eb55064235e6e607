import type { AuditEntry } from './entities/audit-entry.ts'

export type AuditEntryMapper = AuditEntry
