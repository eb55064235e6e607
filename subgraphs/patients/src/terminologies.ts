/** The code systems drug screening understands: what comes in another would be kept and never looked at. */
import { invalid } from '@pharmagraph/platform'
import type { CodedConcept } from './entities/allergy.ts'
import { text } from './fields.ts'

export const rxNorm = 'http://www.nlm.nih.gov/research/umls/rxnorm'
export const snomed = 'http://snomed.info/sct'
export const icd10 = 'http://hl7.org/fhir/sid/icd-10-cm'

const systems: Record<string, { name: string; fits(code: string): boolean }> = {
  [rxNorm]: { name: 'RxNorm', fits: (code) => /^\d{1,8}$/.test(code) },
  [snomed]: { name: 'SNOMED CT', fits: (code) => /^[1-9]\d{5,17}$/.test(code) && verhoeff(code) },
  [icd10]: { name: 'ICD-10-CM', fits: (code) => /^[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?$/.test(code) },
}

/** By RxNorm ingredient, or by drug class or substance of SNOMED CT. */
export const substance = (concept: CodedConcept): CodedConcept => coded('substance', concept, [rxNorm, snomed])
export const condition = (concept: CodedConcept): CodedConcept => coded('code', concept, [icd10, snomed])

function coded(field: string, { system, code, display }: CodedConcept, allowed: readonly string[]): CodedConcept {
  const known = allowed.includes(system) ? systems[system] : undefined
  if (!known) throw invalid(field, `write a code of ${allowed.map((uri) => `${systems[uri]!.name} (${uri})`).join(' or ')}`)
  if (!known.fits(code.trim())) throw invalid(field, `this is no code of ${known.name}`)
  return { system, code: code.trim(), display: text(field, display, 200) }
}

/** The check digit of SNOMED CT identifiers (Release File Specification, 5.2): the dihedral group of order ten, and its permutation. */
function verhoeff(digits: string): boolean {
  const permute = (digit: number, times: number): number => {
    for (let n = 0; n < times % 8; n++) digit = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4][digit]!
    return digit
  }
  const multiply = (a: number, b: number): number => (a < 5 ? (b < 5 ? (a + b) % 5 : ((a + b) % 5) + 5) : b < 5 ? ((a - b + 5) % 5) + 5 : (a - b + 5) % 5)
  return [...digits].reverse().reduce((check, digit, place) => multiply(check, permute(Number(digit), place)), 0) === 0
}
