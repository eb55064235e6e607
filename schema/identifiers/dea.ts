/**
 * DEA registration number: two letters (or a letter and 9), seven digits; the last is the last digit of
 * (d1 + d3 + d5) + 2 (d2 + d4 + d6). A hyphen and an internal code may follow for institutional use.
 */
export function isDeaNumber(text: string): boolean {
  const [number] = text.split('-') as [string]
  if (!/^[A-Z][A-Z9]\d{7}$/.test(number)) return false
  const d = [...number.slice(2)].map(Number) as [number, number, number, number, number, number, number]
  return (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 === d[6]
}

/** The second letter is normally the surname's initial, or 9 for a business; anything else is worth a look, not a refusal. */
export const deaNumberFitsName = (text: string, familyName: string): boolean =>
  text[1] === '9' || text[1] === familyName.trim().charAt(0).toUpperCase()
