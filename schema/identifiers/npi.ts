/** National Provider Identifier: ten digits, first 1 or 2, Luhn over "80840" + NPI (CMS, NPI check digit). */
export function isNpi(text: string): boolean {
  return /^[12]\d{9}$/.test(text) && luhn(`80840${text}`)
}

function luhn(digits: string): boolean {
  let total = 0
  for (let i = 0; i < digits.length; i++) {
    let digit = Number(digits[digits.length - 1 - i])
    if (i % 2 === 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2
    total += digit
  }
  return total % 10 === 0
}
