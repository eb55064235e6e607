import { defineEntity, p } from '@mikro-orm/postgresql'

export const importStatuses = ['RUNNING', 'DONE', 'INTERRUPTED', 'FAILED', 'ABANDONED'] as const

/** One import of one file. Progress is written with every batch, so a broken run goes on where it stopped. */
export const ImportRunSchema = defineEntity({
  name: 'ImportRun',
  tableName: 'import_run',
  properties: {
    id: p.uuid().primary(),
    source: p.string(),
    fileName: p.string(),
    /** SHA-256 of the file: a run goes on with the very same file only. */
    digest: p.string(),
    status: p.enum(importStatuses),
    startedAt: p.datetime(),
    finishedAt: p.datetime().nullable(),
    /** Where the next record begins: byte and line. */
    offset: p.bigint('number').fieldName('byte_offset'),
    line: p.integer(),
    recordsRead: p.integer(),
    inserted: p.integer(),
    updated: p.integer(),
    unchanged: p.integer(),
    refused: p.integer(),
    withdrawn: p.integer(),
  },
  indexes: [{ properties: ['source', 'id'] }],
})
export class ImportRun extends ImportRunSchema.class {}
ImportRunSchema.setClass(ImportRun)

/** A record that was refused, or taken with a reservation. */
export const ImportRemarkSchema = defineEntity({
  name: 'ImportRemark',
  tableName: 'import_remark',
  properties: {
    id: p.uuid().primary(),
    runId: p.uuid(),
    line: p.integer(),
    refused: p.boolean(),
    code: p.string(),
    message: p.text(),
    record: p.text().nullable(),
  },
  indexes: [{ properties: ['runId', 'id'] }],
})
export class ImportRemark extends ImportRemarkSchema.class {}
ImportRemarkSchema.setClass(ImportRemark)

/** Keys an unfinished run has seen: what it has not seen at its end is no longer listed. Emptied then. */
export const ImportSeenSchema = defineEntity({
  name: 'ImportSeen',
  tableName: 'import_seen',
  properties: {
    runId: p.uuid().primary(),
    key: p.string().length(600).primary(),
  },
})
export class ImportSeen extends ImportSeenSchema.class {}
ImportSeenSchema.setClass(ImportSeen)
