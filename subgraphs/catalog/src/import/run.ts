/**
 * The way every import goes: lock, resume, read, store in batches with a checkpoint in the same transaction, finish,
 * report. A killed import goes on where it stopped when it is given the same file again.
 */
import { basename } from 'node:path'
import { AppError, clock, invalid, newId, transact, type EntityManager, type Orm } from '@pharmagraph/platform'
import { ImportRemark, ImportRun } from '../entities/import-run.ts'
import { refusal, reservation, type Remark } from '../remarks.ts'
import { storable } from '../text.ts'
import { digestOf, records, type Format, type RawRecord } from './records.ts'

/** A record as read: what to store, if anything, and what there is to say about it. */
export type Reading<Row> = { row?: Row | undefined; remarks: Remark[] }
export type Stored = { inserted: number; updated: number; unchanged: number; remarks: Remark[] }

/** What one kind of file needs beside the common way. */
export type Importer<Row> = {
  /** Names the register; one import of it at a time. */
  source: string
  format: Format
  /** Makes the reader; `header` is the first record, which is no data, where `hasHeader`. Throws where the file is another. */
  hasHeader: boolean
  reader(header: string): (text: string) => Reading<Row>
  /** What identifies a row; a remark whose `record` is it, or begins with it and a slash, gets the row's line. */
  keyOf(row: Row): string
  /** Stores a batch; runs in one transaction with the checkpoint. */
  store(em: EntityManager, rows: readonly Row[], run: ImportRun): Promise<Stored>
  /** After the last record, in one transaction: withdrawals, what is derived. */
  finish(em: EntityManager, run: ImportRun): Promise<{ withdrawn: number; remarks: Remark[] }>
}

export type ImportOptions = {
  batchSize?: number
  /** Ends the run after the batch at hand; it can be resumed. */
  signal?: AbortSignal
  onProgress?: (run: ImportRun) => void
}

/** Imports one file and returns the run as it ended; remarks are in import_remark. Throws CONFLICT while another run of the source is at work. */
export async function runImport<Row>(orm: Orm, importer: Importer<Row>, file: string, options: ImportOptions = {}): Promise<ImportRun> {
  return orm.em.fork().transactional(async (lock) => {
    const [held] = await lock.execute<{ held: boolean }[]>('select pg_try_advisory_xact_lock(hashtext(?)) as held', [`import:${importer.source}`])
    if (!held?.held) throw new AppError('CONFLICT', `an import of ${importer.source} is at work already; wait until it has ended`)
    return underLock(orm, importer, file, options)
  })
}

async function underLock<Row>(orm: Orm, importer: Importer<Row>, file: string, { batchSize = 1_000, signal, onProgress }: ImportOptions): Promise<ImportRun> {
  const digest = await digestOf(file).catch((error: Error) => {
    throw invalid('file', `cannot be read: ${error.message}`)
  })
  const header = importer.hasHeader ? await firstRecord(file, importer.format) : undefined
  const read = importer.reader(header?.text ?? '')
  let run = await begin(orm, importer.source, basename(file), digest, header)
  const work = { orm, importer, read, runId: run.id }
  try {
    let batch: RawRecord[] = []
    const flush = async (): Promise<void> => {
      if (batch.length) run = await storeBatch(work, batch)
      batch = []
      onProgress?.(run)
    }
    for await (const record of records(file, importer.format, { offset: run.offset, line: run.line })) {
      batch.push(record)
      if (batch.length < batchSize) continue
      await flush()
      if (signal?.aborted) return await end(orm, run.id, 'INTERRUPTED')
    }
    await flush()
    return await finish(orm, importer, run.id)
  } catch (error) {
    await end(orm, run.id, 'FAILED', [refusal('FAILED', error instanceof AppError ? error.message : `stopped: ${(error as Error).name}`)])
    throw error
  }
}

async function firstRecord(file: string, format: Format): Promise<RawRecord> {
  for await (const record of records(file, format)) return record
  throw invalid('file', 'is empty')
}

/** The unfinished run of this very file, or a new one; what is left of other files is given up. */
async function begin(orm: Orm, source: string, fileName: string, digest: string, header: RawRecord | undefined): Promise<ImportRun> {
  return transact(orm, async (em) => {
    const open = await em.find(ImportRun, { source, status: { $in: ['RUNNING', 'INTERRUPTED', 'FAILED'] } }, { orderBy: { id: 'desc' } })
    const same = open.find((run) => run.digest === digest)
    for (const run of open) {
      if (run === same) continue
      run.status = 'ABANDONED'
      await em.execute('delete from import_seen where run_id = ?', [run.id])
    }
    if (same) {
      same.status = 'RUNNING'
      same.finishedAt = null
      return same
    }
    const { offset, line } = header?.next ?? { offset: 0, line: 1 }
    const counts = { recordsRead: 0, inserted: 0, updated: 0, unchanged: 0, refused: 0, withdrawn: 0 }
    return em.create(ImportRun, { id: newId(), source, fileName, digest, status: 'RUNNING', startedAt: clock.now(), finishedAt: null, offset, line, ...counts })
  })
}

type Work<Row> = { orm: Orm; importer: Importer<Row>; read(text: string): Reading<Row>; runId: string }

/** Stores a batch; where PostgreSQL refuses a value in it, halves it until the one record is found and refused. */
async function storeBatch<Row>(work: Work<Row>, batch: readonly RawRecord[]): Promise<ImportRun> {
  try {
    return await storeOnce(work, batch)
  } catch (error) {
    // class 22 of its codes: data exception
    if (!(error as { code?: string }).code?.startsWith('22')) throw error
    if (batch.length === 1) return storeOnce({ ...work, read: () => ({ remarks: [refusal('NOT_STORABLE', 'holds a value the database does not take')] }) }, batch)
    const half = Math.ceil(batch.length / 2)
    await storeBatch(work, batch.slice(0, half))
    return storeBatch(work, batch.slice(half))
  }
}

async function storeOnce<Row>({ orm, importer, read, runId }: Work<Row>, batch: readonly RawRecord[]): Promise<ImportRun> {
  const rows: { row: Row; line: number }[] = []
  const remarks: (Remark & { line: number })[] = []
  let count = 0
  for (const { text: written, line, encoding } of batch) {
    const text = storable(written)
    if (text.trim() === '') continue
    count++
    const { row, remarks: own } = read(text)
    if (row !== undefined) {
      rows.push({ row, line })
      const strange = [...new Set([...text].filter((char) => char > '\u007f'))].join('')
      if (encoding === 'windows-1252') own.push(reservation('NOT_UTF8', `is no UTF-8 and was read as Windows-1252: ${strange}`, importer.keyOf(row)))
      if (text !== written) own.push(reservation('NUL_BYTES', 'holds NUL bytes, which were left out', importer.keyOf(row)))
    }
    remarks.push(...own.map((remark) => ({ ...remark, line })))
  }
  return transact(orm, async (em) => {
    const run = await em.findOneOrFail(ImportRun, { id: runId })
    const stored = await importer.store(em, rows.map(({ row }) => row), run)
    const lineOf = ({ record }: Remark): number => rows.findLast(({ row }) => record === importer.keyOf(row) || record?.startsWith(`${importer.keyOf(row)}/`))?.line ?? 0
    const all = [...remarks, ...stored.remarks.map((remark) => ({ ...remark, line: lineOf(remark) }))].sort((a, b) => a.line - b.line)
    for (const remark of all) remember(em, run, remark, remark.line)
    const { offset, line } = batch.at(-1)!.next
    Object.assign(run, {
      offset, line, recordsRead: run.recordsRead + count, inserted: run.inserted + stored.inserted, updated: run.updated + stored.updated, unchanged: run.unchanged + stored.unchanged,
    })
    return run
  })
}

function remember(em: EntityManager, run: ImportRun, { refused, code, message, record }: Remark, line: number): void {
  em.create(ImportRemark, { id: newId(), runId: run.id, line, refused, code, message, record: record?.slice(0, 200) ?? null })
  if (refused && line > 0) run.refused++
}

async function finish<Row>(orm: Orm, importer: Importer<Row>, runId: string): Promise<ImportRun> {
  return transact(orm, async (em) => {
    const run = await em.findOneOrFail(ImportRun, { id: runId })
    const { withdrawn, remarks } = await importer.finish(em, run)
    for (const remark of remarks) remember(em, run, remark, 0)
    await em.execute('delete from import_seen where run_id = ?', [runId])
    Object.assign(run, { withdrawn, status: 'DONE', finishedAt: clock.now() })
    return run
  })
}

async function end(orm: Orm, runId: string, status: 'INTERRUPTED' | 'FAILED', remarks: Remark[] = []): Promise<ImportRun> {
  return transact(orm, async (em) => {
    const run = await em.findOneOrFail(ImportRun, { id: runId })
    for (const remark of remarks) remember(em, run, remark, 0)
    Object.assign(run, { status, finishedAt: clock.now() })
    return run
  })
}
