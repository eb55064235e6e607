import { defineEntity, p } from '@mikro-orm/postgresql'
import type { Role } from '@pharmagraph/platform'

/** Whoever sent it, as which its lines are taken in later. */
export type ImportActor = { subject: string; roles: Role[]; clientId?: string; practitionerId?: string }

export const importStates = ['RUNNING', 'DONE'] as const
export const importLineStates = ['WAITING', 'ACCEPTED', 'REFUSED', 'READ_ALONG'] as const

export const BulkImportSchema = defineEntity({
  name: 'BulkImport',
  tableName: 'bulk_import',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    /** Sender and SHA-256 of the body: the same file again is the same import. */
    externalKey: p.string().unique(),
    submittedBy: p.string(),
    actor: p.json<ImportActor>(),
    status: p.enum(importStates),
    total: p.integer(),
    accepted: p.integer(),
    refused: p.integer(),
    readAlong: p.integer(),
    createdAt: p.datetime(),
    finishedAt: p.datetime().nullable(),
  },
})
export class BulkImport extends BulkImportSchema.class {}
BulkImportSchema.setClass(BulkImport)

/** One line of an import: nothing of it is lost before it is accepted, or refused with a reason. */
export const BulkImportLineSchema = defineEntity({
  name: 'BulkImportLine',
  tableName: 'bulk_import_line',
  properties: {
    id: p.uuid().primary(),
    importId: p.uuid(),
    /** From 1, as an editor counts. */
    number: p.integer(),
    status: p.enum(importLineStates),
    /** Keyed hashes of the names other lines refer to it by. */
    names: p.array(),
    /** The line, sealed for the import; gone once it was accepted, or read along to the end. */
    sealed: p.text().nullable(),
    reason: p.text().nullable(),
    /** Times it failed for a reason that passes. */
    tries: p.integer().default(0),
    /** While it waits after such a failure: not before. */
    nextTryAt: p.datetime().nullable(),
    /** Refused after as many tries as are made: it may be tried again by hand. */
    retryable: p.boolean().default(false),
    field: p.string().nullable(),
    prescriptionId: p.uuid().nullable(),
  },
  uniques: [{ properties: ['importId', 'number'] }],
  indexes: [
    { name: 'bulk_import_line_waiting', expression: `create index bulk_import_line_waiting on bulk_import_line (import_id, number) where status = 'WAITING'` },
    { name: 'bulk_import_line_names', expression: 'create index bulk_import_line_names on bulk_import_line using gin (names)' },
  ],
})
export class BulkImportLine extends BulkImportLineSchema.class {}
BulkImportLineSchema.setClass(BulkImportLine)
