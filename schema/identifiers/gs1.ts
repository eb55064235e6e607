/** GS1 General Specifications: GTIN check digit and the element strings on a drug package (21 USC 360eee(14)). */

/** Mod-10 check digit over the digits before it, weights 3 and 1 from the right. */
export function gs1CheckDigit(digits: string): number {
  let total = 0
  for (let i = 0; i < digits.length; i++) total += Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 3 : 1)
  return (10 - (total % 10)) % 10
}

/** GTIN-14 of a ten-digit listed NDC: indicator, "03", the ten digits, check digit. Indicator 0 is the single package, 3 a case. */
export function gtinOfNdc(listedNdc: string, indicator = 0): string {
  const digits = listedNdc.replaceAll('-', '')
  if (digits.length !== 10) throw new RangeError(`${listedNdc} has not ten digits: only a ten-digit NDC fits a GTIN-14`)
  const body = `${indicator}03${digits}`
  return body + gs1CheckDigit(body)
}

export const isGtin = (text: string): boolean => /^\d{14}$/.test(text) && gs1CheckDigit(text.slice(0, 13)) === Number(text[13])

/** What the bar code of a package says. */
export type PackageScan = { gtin: string; expiryDate?: string; lotNumber?: string; serialNumber?: string }

const groupSeparator = '\u001d'

/**
 * Reads a GS1 element string, with parentheses as printed or with FNC1 (GS, 0x1D) as scanned; a leading symbology
 * identifier such as ]d2 is skipped. Knows (01) GTIN, (17) expiry, (10) lot, (21) serial; undefined for anything else.
 */
export function parseGs1(text: string): PackageScan | undefined {
  const elements = text.includes('(') ? printed(text) : scanned(text.replace(/^\][A-Za-z]\d/, ''))
  const gtin = elements?.get('01')
  if (!elements || !gtin || !isGtin(gtin)) return undefined
  const expiry = elements.get('17')
  const lot = elements.get('10')
  const serial = elements.get('21')
  return {
    gtin,
    ...(expiry ? { expiryDate: dateOf(expiry) } : {}),
    ...(lot ? { lotNumber: lot } : {}),
    ...(serial ? { serialNumber: serial } : {}),
  }
}

function printed(text: string): Map<string, string> | undefined {
  const found = [...text.matchAll(/\((\d{2,4})\)([^(]*)/g)].map(([, ai, value]) => [ai!, value!.trim()] as const)
  return found.length ? new Map(found) : undefined
}

function scanned(text: string): Map<string, string> | undefined {
  const fixed: Record<string, number> = { '01': 14, '17': 6, '11': 6 }
  const elements = new Map<string, string>()
  let rest = text.startsWith(groupSeparator) ? text.slice(1) : text
  while (rest) {
    const ai = rest.slice(0, 2)
    rest = rest.slice(2)
    const length = fixed[ai]
    const end = length ?? (rest.indexOf(groupSeparator) < 0 ? rest.length : rest.indexOf(groupSeparator))
    const value = rest.slice(0, end)
    if (!(ai in fixed) && ai !== '10' && ai !== '21') return undefined
    if (length !== undefined && !new RegExp(`^\\d{${length}}$`).test(value)) return undefined
    elements.set(ai, value)
    rest = rest.slice(end)
    if (rest.startsWith(groupSeparator)) rest = rest.slice(1)
  }
  return elements
}

/** YYMMDD; day 00 means the last day of the month. */
function dateOf(yymmdd: string): string {
  const year = 2000 + Number(yymmdd.slice(0, 2))
  const month = Number(yymmdd.slice(2, 4))
  const day = Number(yymmdd.slice(4, 6))
  return new Date(Date.UTC(year, day === 0 ? month : month - 1, day)).toISOString().slice(0, 10)
}
