/** Drug utilisation review of one prescription against its patient: allergy, dose, age, pregnancy, and when it was dispensed. */
import { addDays } from '@pharmagraph/platform'
import { ageOn, type ClinicalProfile } from '../clinical-profile.ts'
import type { ReportedAllergy } from '../content.ts'
import { ingredientNames, type Finding, type ScreenedDrug } from './findings.ts'
import { adultAge, agePrecautions, allergyClasses, doseLimits, patientRuleVersion, pregnancyPrecautions } from './patient-rules.ts'

export type ScreenedPrescription = { quantity: number; daysSupply: number | null | undefined; dispensingUnit: string; dosageForm?: string }

/** What a sender reported, as the profile writes allergies: "Allergy to penicillin" names a class, "amoxicillin" an ingredient. */
export const asKnownAllergies = (reported: readonly ReportedAllergy[]): ClinicalProfile['allergies'] =>
  reported.map(({ display, system = '', code = '' }) => {
    const name = display.toLowerCase().replace(/^(allergy to|allergic to)\s+/, '').replace(/\s+(allergy|\(.*\))$/, '').trim()
    const isClass = allergyClasses.some(({ names, members }) => !members.includes(name) && names.some((word) => name.includes(word)))
    return { system, code, display: name, ...(isClass ? { class: name } : {}) }
  })

const rule = { management: null, knowledgeVersion: patientRuleVersion }

export const patientFindings = (drug: ScreenedDrug, prescription: ScreenedPrescription, profile: ClinicalProfile, day: string): Finding[] => [
  ...allergyFindings(drug, profile.allergies), ...doses(drug, prescription, ageOn(day, profile.birthYearMonth)), ...precautions(drug, profile, ageOn(day, profile.birthYearMonth)),
]

/** The ingredient itself, or one of a class to whose member or name the patient is allergic. */
export function allergyFindings(drug: ScreenedDrug, known: ClinicalProfile['allergies']): Finding[] {
  return drug.ingredients.flatMap(({ name, rxcui }): Finding[] => {
    const ingredient = name.toLowerCase()
    const same = known.find(({ code, display, class: group }) => !group && ((rxcui !== null && code === rxcui) || display.toLowerCase() === ingredient))
    if (same) {
      return [{
        ...rule, kind: 'ALLERGY', reasonCode: 'DA', severity: 'CONTRAINDICATED', finding: `allergy:${ingredient}`, message: `the patient is allergic to ${ingredient}`,
        evidence: "42 CFR 456.705(b)(1): the patient's allergy on record",
      }]
    }
    const group = allergyClasses.find(({ members, names }) => members.includes(ingredient) && known.some(({ display, class: listed }) =>
      listed ? names.some((word) => listed.includes(word)) : members.includes(display.toLowerCase())))
    if (!group) return []
    return [{
      ...rule, kind: 'ALLERGY', reasonCode: 'DA', severity: 'MAJOR', finding: `allergy-class:${group.name}:${ingredient}`, message: `${ingredient} is one of the ${group.name}, to which an allergy is on record`,
      evidence: group.source,
    }]
  })
}

/** What is taken by mouth: a unit of it is a tablet or capsule, or a millilitre. */
function doses(drug: ScreenedDrug, { quantity, daysSupply, ...units }: ScreenedPrescription, age: number): Finding[] {
  if (!daysSupply) return []
  return drug.ingredients.flatMap(({ name, strength }): Finding[] => {
    const perUnit = milligramsPerUnit(strength, units)
    const rows = doseLimits.filter(({ ingredient }) => ingredient === name.toLowerCase())
    const limit = rows.find(({ fromAge, belowAge }) => age >= fromAge && age < belowAge) ?? (age < adultAge ? rows.find(({ fromAge }) => fromAge === adultAge) : undefined)
    if (perUnit === undefined || !limit) return []
    const { ingredient, maxDailyMg, minDailyMg = 0, maxDays = daysSupply, source, fromAge } = limit
    const asAdult = age < fromAge
    const daily = Math.round((perUnit * quantity * 100) / daysSupply) / 100
    const found = (reasonCode: Finding['reasonCode'], severity: Finding['severity'], finding: string, message: string): Finding => ({ ...rule, kind: 'DOSE', reasonCode, severity, finding, message, evidence: source })
    return [
      ...(daily > maxDailyMg ? [found('HD', 'MAJOR', `dose:${ingredient}`, `${daily} mg of ${ingredient} a day; ${asAdult ? 'an adult has' : 'at this age'} ${maxDailyMg} mg at most`)] : []),
      ...(daily < minDailyMg && !asAdult ? [found('LD', 'MODERATE', `dose-low:${ingredient}`, `${daily} mg of ${ingredient} a day; it is started with ${minDailyMg} mg`)] : []),
      ...(daysSupply > maxDays ? [found('MX', 'MAJOR', `duration:${ingredient}`, `${ingredient} for ${daysSupply} days; ${maxDays} days at most`)] : []),
      ...(asAdult ? [found('PA', 'MODERATE', `dose-unknown:${ingredient}`, `no dose of ${ingredient} is on record here for this age: work it out by weight`)] : []),
    ]
  })
}

/** Milligrams in one dispensing unit by mouth; undefined where strength and unit say none, as of creams and injections. */
function milligramsPerUnit(strength: string, { dispensingUnit, dosageForm = '' }: Pick<ScreenedPrescription, 'dispensingUnit' | 'dosageForm'>): number | undefined {
  const unit = dispensingUnit.toUpperCase()
  if (unit === 'TABLET' || unit === 'CAPSULE') return milligrams(strength)
  if (unit !== 'ML' || !/SUSPENSION|SOLUTION|SYRUP|ELIXIR|LIQUID/.test(dosageForm.toUpperCase()) || /INJECTION|DROPS/.test(dosageForm.toUpperCase())) return undefined
  const [, amount, millilitres] = /^(.+?) ?\/ ?([\d.]*) ?mL$/i.exec(strength.trim()) ?? []
  const mg = amount === undefined ? undefined : milligrams(amount)
  return mg === undefined ? undefined : mg / Number(millilitres || 1)
}

function precautions(drug: ScreenedDrug, { pregnant }: ClinicalProfile, age: number): Finding[] {
  const names = ingredientNames(drug)
  const ofAge = agePrecautions.filter(({ fromAge, belowAge }) => age >= fromAge && age < belowAge).map((row) => ({ ...row, reasonCode: 'PA' as const }))
  const ofPregnancy = pregnant ? pregnancyPrecautions.map((row) => ({ ...row, reasonCode: 'PG' as const })) : []
  return [...ofAge, ...ofPregnancy].flatMap(({ ingredients, severity, text, source, reasonCode }): Finding[] =>
    names.filter((name) => ingredients.includes(name)).map((name) => ({
      ...rule, kind: 'PRECAUTION', reasonCode, severity, finding: `${reasonCode === 'PA' ? 'age' : 'pregnancy'}:${name}`, message: `${name}: ${text}`, evidence: source,
    })))
}

/** "325 mg", "1 g", "125 ug", "0.125 µg"; undefined for what is no weight. */
function milligrams(strength: string): number | undefined {
  const [, amount, unit] = /^([\d.,]+) ?(mg|g|ug|mcg|[µμ]g)$/i.exec(strength.trim()) ?? []
  if (!amount || !unit) return undefined
  return Number(amount.replaceAll(',', '')) * ({ mg: 1, g: 1000 }[unit.toLowerCase()] ?? 0.001)
}

/** Days within which the same ingredient from another prescription is looked at twice. */
export const duplicateDispenseDays = 7

/** The same ingredient left the pharmacy on another prescription a few days ago. */
export function duplicateDispense(drug: ScreenedDrug, other: ScreenedDrug, lastDispensed: string | undefined, day: string): Finding[] {
  const [ingredient] = ingredientNames(drug).filter((name) => ingredientNames(other).includes(name))
  if (!ingredient || !lastDispensed || day >= addDays(lastDispensed, duplicateDispenseDays)) return []
  return [{
    ...rule, kind: 'EARLY_REFILL', reasonCode: 'ER', severity: 'MAJOR', finding: `dispensed:${ingredient}:${lastDispensed}`,
    message: `${ingredient} was dispensed on ${lastDispensed} on another prescription`, evidence: `Pharmacy policy: the same ingredient twice within ${duplicateDispenseDays} days`,
  }]
}

/** The last supply ended long before this refill: told, not stopped, as a sign that the drug is not taken as directed. */
export function lateRefill(supplyUntil: string | null | undefined, lastDaysSupply: number | null | undefined, day: string): Finding[] {
  if (!supplyUntil || !lastDaysSupply) return []
  const grace = Math.max(7, Math.ceil(lastDaysSupply * 0.2))
  if (day <= addDays(supplyUntil, grace)) return []
  return [{
    ...rule, kind: 'LATE_REFILL', reasonCode: 'LR', severity: 'MODERATE', finding: `late:${supplyUntil}`, message: `the last supply lasted until ${supplyUntil}`,
    evidence: `42 CFR 456.705(b)(1): underuse; pharmacy policy: more than ${grace} days late`,
  }]
}
