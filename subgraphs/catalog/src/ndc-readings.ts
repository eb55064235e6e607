import { gs1CheckDigit, isGtin, parseGs1, parseNdc } from '@pharmagraph/schema/identifiers'

/** What digits that somebody typed or scanned can stand for; a search looks for all of it. */
export type NdcReadings = {
  /** Whole NDCs, twelve digits. */
  ndc12: string[]
  /** Whole NDCs as listed but without hyphens, which say not where the segments part. */
  ndc10: string[]
  /** Labeler and product, 6-4 without the hyphen. */
  product10: string[]
  /** The beginning of a listed NDC. */
  prefix: string | undefined
}

/** Reads an NDC in any form, whole or begun, a UPC, EAN or GTIN, or a scanned GS1 code; undefined for what is none of these. */
export function ndcReadings(text: string): NdcReadings | undefined {
  const typed = text.trim().replace(/^ndc[:#\s]*/i, '')
  const gtin = parseGs1(typed)?.gtin ?? (isGtin(typed) ? typed : undefined)
  if (gtin) return found({ ndc10: gtin.slice(1, 3) === '03' ? [gtin.slice(3, 13)] : [] })
  if (!/^[\d-]+$/.test(typed) || typed.replaceAll('-', '').length < 4) return undefined

  const whole = parseNdc(typed)
  const parts = typed.split('-')
  if (parts.length > 1) {
    const [labeler = '', product = ''] = parts
    const padded = parts.length === 2 && labeler.length >= 4 && labeler.length <= 6 && product.length >= 3 && product.length <= 4
    return found({ ndc12: whole ? [whole.ndc12] : [], product10: padded ? [labeler.padStart(6, '0') + product.padStart(4, '0')] : [], prefix: whole ? undefined : typed })
  }
  const checked = (digits: string): boolean => gs1CheckDigit(digits.slice(0, -1)) === Number(digits.at(-1))
  const ndc12 = whole ? [whole.ndc12] : []
  if (typed.length === 10) return found({ ndc10: [typed], product10: [typed] })
  // a product without its hyphen is 4-4 or 5-3
  if (typed.length === 8) return found({ product10: [`00${typed}`, `0${typed.slice(0, 5)}0${typed.slice(5)}`] })
  if (typed.length === 9) return found({ product10: [`0${typed}`] })
  // UPC-A is 3, the ten digits and a check digit; EAN-13 a zero before that
  if (typed.length === 12 && typed.startsWith('3') && checked(typed)) return found({ ndc12, ndc10: [typed.slice(1, 11)] })
  if (typed.length === 13 && typed.startsWith('03') && checked(typed)) return found({ ndc10: [typed.slice(2, 12)] })
  if (whole) return found({ ndc12 })
  return typed.length <= 6 ? found({ prefix: typed }) : found({})
}

const found = (readings: Partial<NdcReadings>): NdcReadings => ({ ndc12: [], ndc10: [], product10: [], prefix: undefined, ...readings })
