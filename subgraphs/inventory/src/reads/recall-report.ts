/** Reads recalls as the FDA publishes them: enforcement reports in XML, openFDA's JSON, or a firm's letter in plain prose. */
import { invalid } from '@pharmagraph/platform'
import { parseNdc } from '@pharmagraph/schema/identifiers'
import { recallClasses } from '../entities/recall.ts'

export type ReportedLot = { lotNumber: string; /** YYYY-MM or YYYY-MM-DD, as far as it is told. */ expires: string | null }
export type RecallReport = {
  reference: string | null
  recallClass: (typeof recallClasses)[number] | null
  firm: string | null
  reason: string | null
  /** As listed, with hyphens. */
  ndcs: string[]
  lots: ReportedLot[]
  /** What a person must read: sentences that no rule understood, and what should be there and is not. */
  unread: string[]
}

/** Never guesses: what it cannot read for certain is handed back in `unread`. INVALID_INPUT for JSON or XML without a recall in it. */
export function readRecallReport(text: string): RecallReport {
  if (text.length > 200_000) throw invalid('text', 'keep the notice within 200000 characters')
  const fields = fieldsOf(text.trim())
  const code = fields['code_info'] ?? ''
  const unread: string[] = []
  const lots = lotsOf(code, unread)
  const ndcs = ndcsOf(`${fields['product_description'] ?? ''} ${code}`)
  const recallClass = recallClasses.find((one) => new RegExp(`^class ${one}$`, 'i').test((fields['classification'] ?? '').trim())) ?? null
  const type = fields['product_type']
  if (type && !/^drugs?$/i.test(type)) unread.push(`a recall of ${type}, not of a drug`)
  if (ndcs.length === 0) unread.push('no NDC was found')
  if (lots.length === 0) unread.push('no lot number was found')
  if (!recallClass) unread.push('no class was found')
  return { reference: fields['recall_number'] ?? null, recallClass, firm: fields['recalling_firm'] ?? null, reason: fields['reason_for_recall'] ?? null, ndcs, lots, unread }
}

/** Fields by openFDA's names, whichever way they were written. */
function fieldsOf(text: string): Record<string, string> {
  if (text.startsWith('{')) return jsonFields(text)
  if (text.startsWith('<')) {
    const number = /<recall-number id="([^"]+)"/.exec(text)?.[1]
    const fields = [...text.matchAll(/<([a-z-]+)>([^<]*)<\/\1>/g)].map(([, name, value]) => [name!.replaceAll('-', '_'), unescape(value!).trim()] as const)
    if (fields.length === 0) throw invalid('text', 'this XML holds no recall')
    return { ...Object.fromEntries(fields), ...(number ? { recall_number: number } : {}) }
  }
  const recallClass = /\bclass\s+(I{1,3})\b/i.exec(text)?.[1]
  return { product_description: text, code_info: text, ...(recallClass ? { classification: `Class ${recallClass}` } : {}) }
}

function jsonFields(text: string): Record<string, string> {
  try {
    const parsed = JSON.parse(text) as { results?: object[] }
    const row = Object.entries(parsed.results?.[0] ?? parsed)
    return Object.fromEntries(row.filter(([, value]) => typeof value === 'string').map(([name, value]) => [name.replaceAll('-', '_'), value as string]))
  } catch {
    throw invalid('text', 'this looks like JSON and is not')
  }
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const unescape = (text: string): string => text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => entities[name]!)

/** Hyphenated only: ten bare digits do not tell the product from the package. A UPC or catalogue number has other shapes. */
const ndcsOf = (text: string): string[] =>
  [...new Set([...text.matchAll(/(?<![\w-])\d{4,6}-\d{3,4}-\d{1,2}(?![\w-])/g)].map(([ndc]) => ndc).filter((ndc) => parseNdc(ndc) !== undefined))]

const expiry = /(?:\b(?:exp(?:iry|iration|ires|\.)?(?:\s+dates?)?|use by)\s*[:.]?\s*)?(?<![\w/])(\d{1,2})\s*\/\s*(?:(\d{1,2})\s*\/\s*)?(\d{4}|\d{2})(?![\w/])/i
const lotWord = /\blots?\b\s*(?:(?:numbers?|nos?\.?|codes?|#s?)\s*)*[:#]*\s*/i
const lotToken = /^(?=.*\d)[A-Z0-9][A-Z0-9-]{2,19}$/i
const strength = /^\d+(?:\.\d+)?(?:mg|mcg|g|ml|l|iu|meq)$/i

/** Each lot with the expiry beside it. Lines under a heading such as "Lot number and expiration dates" are rows of a table. */
function lotsOf(text: string, unread: string[]): ReportedLot[] {
  const found: ReportedLot[] = []
  let inTable = false
  for (const line of text.split(/[\n;]|(?=\blots?\b)/i).map((part) => part.trim().replace(/[.,]$/, '')).filter(Boolean)) {
    const date = expiry.exec(line)
    const expires = date ? dayOf(date) : null
    const withoutDate = date ? line.replace(date[0], ' ').trim() : line
    const named = lotWord.test(withoutDate)
    const rest = withoutDate.replace(lotWord, '').trim()
    const tokens = rest.split(/[\s,&]+|\band\b/).filter(Boolean)
    const numbers = tokens.filter((token) => lotToken.test(token) && !strength.test(token))
    if (named && numbers.length === 0 && !date) inTable = true
    else if (named && numbers.length > 0 && numbers.length === tokens.length) found.push(...numbers.map((lotNumber) => ({ lotNumber, expires })))
    else if (inTable && date && tokens.length && lotToken.test(tokens.at(-1)!) && !strength.test(tokens.at(-1)!)) found.push({ lotNumber: tokens.at(-1)!, expires })
    else unread.push(line)
  }
  return found
}

function dayOf([, month, day, year]: RegExpExecArray): string | null {
  const full = year!.length === 2 ? `20${year}` : year!
  const text = [full, month!.padStart(2, '0'), ...(day ? [day.padStart(2, '0')] : [])].join('-')
  const parsed = new Date(`${day ? text : `${text}-01`}T00:00:00Z`)
  return Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, text.length) !== text ? null : text
}
