/** Drug utilisation review, as pure functions: what stands between a drug and the others its patient has (42 CFR 456.705). */
import type { InteractionFact, DrugFact } from '../entities/facts.ts'
import type { AlertKind, Severity } from '../entities/clinical-alert.ts'

export type ScreenedDrug = Pick<DrugFact, 'drugId' | 'genericName' | 'ingredients' | 'pharmacologicClass'>
export type Knowledge = Pick<InteractionFact, 'interactionId' | 'knowledgeVersion' | 'aMembers' | 'bMembers' | 'severity' | 'effect' | 'management' | 'evidence'>

export type Finding = {
  kind: AlertKind
  /** NCPDP 439-E4. */
  reasonCode: 'DD' | 'TD' | 'DA' | 'HD' | 'LD' | 'MX' | 'PA' | 'PG' | 'ER' | 'LR'
  severity: Severity
  /** The interaction's id, the ingredient or class both share, or what it is about the patient. */
  finding: string
  message: string
  management: string | null
  evidence: string
  knowledgeVersion: string
}

/** Of the pharmacy's own rule for duplicates, where no interaction record stands behind the finding. */
export const duplicateRuleVersion = 'duplicate-therapy-1'

export const ingredientNames = ({ ingredients }: ScreenedDrug): string[] => ingredients.map(({ name }) => name.toLowerCase())
const classesOf = ({ pharmacologicClass }: ScreenedDrug): string[] => pharmacologicClass?.split(';').map((name) => name.trim()).filter(Boolean) ?? []
const shared = (a: readonly string[], b: readonly string[]): string[] => a.filter((name) => b.includes(name))

/** Findings between two drugs; a pair meets in either order, and an ingredient does not interact with itself. */
export function findingsBetween(drug: ScreenedDrug, other: ScreenedDrug, knowledge: readonly Knowledge[]): Finding[] {
  return [...interactions(drug, other, knowledge), ...duplicates(drug, other)]
}

function interactions(drug: ScreenedDrug, other: ScreenedDrug, knowledge: readonly Knowledge[]): Finding[] {
  const [own, theirs] = [ingredientNames(drug), ingredientNames(other)]
  return knowledge.flatMap((known) => {
    const pair = own.flatMap((a) => theirs.map((b) => [a, b] as const)).find(([a, b]) =>
      a !== b && ((known.aMembers.includes(a) && known.bMembers.includes(b)) || (known.aMembers.includes(b) && known.bMembers.includes(a))))
    if (!pair) return []
    return [{
      kind: 'DRUG_DRUG' as const, reasonCode: 'DD' as const, severity: known.severity, finding: known.interactionId,
      message: `${pair[0]} with ${pair[1]}: ${known.effect}`, management: known.management, evidence: known.evidence, knowledgeVersion: known.knowledgeVersion,
    }]
  })
}

function duplicates(drug: ScreenedDrug, other: ScreenedDrug): Finding[] {
  const duplicate = { kind: 'DUPLICATE_THERAPY' as const, reasonCode: 'TD' as const, management: null, knowledgeVersion: duplicateRuleVersion }
  const [ingredient] = shared(ingredientNames(drug), ingredientNames(other))
  if (ingredient) {
    return [{ ...duplicate, severity: 'MAJOR', finding: `ingredient:${ingredient}`, message: `${ingredient} is already part of another active prescription`, evidence: '42 CFR 456.705(b)(1): therapeutic duplication, same ingredient' }]
  }
  const [sharedClass] = shared(classesOf(drug), classesOf(other))
  if (!sharedClass) return []
  return [{
    ...duplicate, severity: 'MODERATE', finding: `class:${sharedClass}`, message: `${drug.genericName} and ${other.genericName} are both of the class ${sharedClass}`,
    evidence: '42 CFR 456.705(b)(1): therapeutic duplication, same pharmacologic class',
  }]
}

/** A second pharmacist must agree before such a prescription goes on. */
export const needsTwo = (severity: Severity): boolean => severity === 'CONTRAINDICATED'

/** Alerts of these severities stand in the way until a pharmacist answers them. */
export const blocks = (severity: Severity): boolean => severity === 'MAJOR' || severity === 'CONTRAINDICATED'
