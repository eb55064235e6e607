/** Cuts a file of any size into records, by streaming: a few hundred kilobytes are in memory at a time. */
import { createReadStream } from 'node:fs'
import { createHash } from 'node:crypto'
import { invalid } from '@pharmagraph/platform'

export type RawRecord = {
  text: string
  /** The line it begins on, from 1. */
  line: number
  /** Where the next record begins: byte and line. */
  next: { offset: number; line: number }
  /** Files say not what they are written in: what is no UTF-8 is read as Windows-1252, which every byte fits. */
  encoding: 'utf-8' | 'windows-1252'
}

/** The first whole record at or after `from`, without what parts it from the next; `end` is where the search goes on. */
export type Cut = (bytes: Buffer, from: number, atEnd: boolean) => { start: number; stop: number; end: number } | undefined

/** How a file falls into records; `prologue` matches what stands before the first. */
export type Format = { cut: Cut; prologue?: RegExp }

const newline = 0x0a
const quote = 0x22
const comma = 0x2c

export const cutLine: Cut = (bytes, from, atEnd) => {
  const at = bytes.indexOf(newline, from)
  if (at >= 0) return { start: from, stop: at, end: at + 1 }
  return atEnd && from < bytes.length ? { start: from, stop: bytes.length, end: bytes.length } : undefined
}

/** RFC 4180: a line end inside quotes belongs to the record; a quote counts where a field begins. */
export const cutCsv: Cut = (bytes, from, atEnd) => {
  let quoted = false
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i]
    if (quoted && byte === quote && bytes[i + 1] === quote) i++
    else if (quoted && byte === quote) quoted = false
    else if (!quoted && byte === quote) quoted = i === from || bytes[i - 1] === comma
    else if (!quoted && byte === newline) return { start: from, stop: i, end: i + 1 }
  }
  return atEnd && from < bytes.length ? { start: from, stop: bytes.length, end: bytes.length } : undefined
}

/** Objects, one after another, whatever stands between them. */
export const cutJson: Cut = (bytes, from) => {
  const start = bytes.indexOf('{', from)
  if (start < 0) return undefined
  let depth = 0
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === quote) {
      do i = bytes.indexOf(quote, i + 1)
      while (i > 0 && escaped(bytes, i))
      if (i < 0) return undefined
    } else if (byte === 0x7b) depth++
    else if (byte === 0x7d && --depth === 0) return { start, stop: i + 1, end: i + 1 }
  }
  return undefined
}

/** Whether an odd number of backslashes stands before the place. */
function escaped(bytes: Buffer, at: number): boolean {
  let slashes = 0
  while (bytes[at - 1 - slashes] === 0x5c) slashes++
  return slashes % 2 === 1
}

/** Elements of one name, such as <interaction …>…</interaction>. */
export const cutXml = (element: string): Cut => (bytes, from) => {
  let start = from
  do start = bytes.indexOf(`<${element}`, start === from ? from : start + 1)
  while (start >= 0 && !/[\s>/]/.test(String.fromCharCode(bytes[start + element.length + 1] ?? 0x20)))
  if (start < 0) return undefined
  const close = `</${element}>`
  const stop = bytes.indexOf(close, start)
  return stop < 0 ? undefined : { start, stop: stop + close.length, end: stop + close.length }
}

export const lines: Format = { cut: cutLine }
export const csv: Format = { cut: cutCsv }
/** The objects of "results" in an answer or download of openFDA. */
export const openFdaResults: Format = { cut: cutJson, prologue: /"results"\s*:\s*\[/ }
export const xml = (element: string): Format => ({ cut: cutXml(element) })

/** No record of any of these files comes near; a file that is none of them is not to fill the memory. */
const maxRecordBytes = 4 << 20

/** The records of a file from a place that a record ended at, or from its beginning. */
export async function* records(path: string, { cut, prologue }: Format, from = { offset: 0, line: 1 }): AsyncGenerator<RawRecord> {
  let pending: Buffer = Buffer.alloc(0)
  let { offset, line } = from
  let begun = !prologue || offset > 0
  const skip = (bytes: number): void => {
    line += newlines(pending, 0, bytes)
    offset += bytes
    pending = pending.subarray(bytes)
  }
  const take = function* (atEnd: boolean): Generator<RawRecord> {
    if (!begun) {
      const match = prologue!.exec(pending.toString('latin1'))
      if (!match) return
      begun = true
      skip(match.index + match[0].length)
    }
    let at = 0
    for (let found = cut(pending, 0, atEnd); found; found = cut(pending, at, atEnd)) {
      line += newlines(pending, at, found.start)
      const begins = line
      line += newlines(pending, found.start, found.end)
      offset += found.end - at
      at = found.end
      yield { ...decode(pending.subarray(found.start, found.stop)), line: begins, next: { offset, line } }
    }
    pending = pending.subarray(at)
  }
  for await (const chunk of createReadStream(path, { start: offset, highWaterMark: 256 << 10 }) as AsyncIterable<Buffer>) {
    pending = pending.length ? Buffer.concat([pending, chunk]) : chunk
    yield* take(false)
    if (pending.length > maxRecordBytes) throw invalid('file', `no record ends within ${maxRecordBytes >> 20} MB of line ${line}: the file is not what it was given as`)
  }
  yield* take(true)
}

function newlines(bytes: Buffer, from: number, to: number): number {
  let count = 0
  for (let at = bytes.indexOf(newline, from); at >= 0 && at < to; at = bytes.indexOf(newline, at + 1)) count++
  return count
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })
const windows1252 = new TextDecoder('windows-1252')

function decode(bytes: Buffer): { text: string; encoding: RawRecord['encoding'] } {
  try {
    return { text: strictUtf8.decode(bytes), encoding: 'utf-8' }
  } catch {
    return { text: windows1252.decode(bytes), encoding: 'windows-1252' }
  }
}

/** SHA-256 of a file. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Fields of a tab-separated line; quotes are ordinary characters there. */
export const tabFields = (text: string): string[] => text.replace(/\r$/, '').split('\t').map((field) => field.trim())

/** Fields of a CSV record, RFC 4180. */
export function csvFields(text: string): string[] {
  const fields: string[] = []
  const pattern = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/gy
  const record = text.replace(/\r?\n?$/, '')
  for (let match = pattern.exec(record); match; match = pattern.exec(record)) {
    fields.push((match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim())
    if (match[3] === '') break
  }
  return fields
}
