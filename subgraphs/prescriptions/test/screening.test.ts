import { test } from 'node:test'
import assert from 'node:assert/strict'
import { demoData } from '@pharmagraph/platform'
import { ageOn, type ClinicalProfile } from '../src/clinical-profile.ts'
import type { IngredientFact } from '../src/entities/facts.ts'
import { blocks, findingsBetween, needsTwo, type Finding, type Knowledge, type ScreenedDrug } from '../src/screening/findings.ts'
import { duplicateDispense, lateRefill, patientFindings } from '../src/screening/patient-findings.ts'
import { agePrecautions, doseLimits, pregnancyPrecautions } from '../src/screening/patient-rules.ts'

type Formulary = { drugs: { id: string; genericName: string; ingredients: IngredientFact[]; pharmClass?: string }[] }
type Pair = { id: string; a: { members: string[] }; b: { members: string[] }; severity: Knowledge['severity']; oncPair?: number; effect: string; management: string; evidence: string }

const formulary = demoData<Formulary>('formulary.json').drugs.map(({ id, genericName, ingredients, pharmClass }): ScreenedDrug => ({ drugId: id, genericName, ingredients, pharmacologicClass: pharmClass ?? null }))
const pairs = demoData<{ interactions: Pair[] }>('interactions.json').interactions
const knowledge = pairs.map(({ id, a, b, severity, effect, management, evidence }): Knowledge => ({ interactionId: id, knowledgeVersion: '2026.1', aMembers: a.members, bMembers: b.members, severity, effect, management, evidence }))
const containing = (ingredient: string) => formulary.filter(({ ingredients }) => ingredients.some(({ name }) => name.toLowerCase() === ingredient))

for (let number = 1; number <= 15; number++) {
  const pair = pairs.find(({ oncPair }) => oncPair === number)
  test(`ONC ${number}, ${pair?.id}: every product of the formulary on one side stops every one on the other, and two must answer`, () => {
    assert.ok(pair)
    let met = 0
    for (const a of pair.a.members) for (const b of pair.b.members) for (const one of containing(a)) for (const other of containing(b)) {
      if (a === b) continue
      for (const [x, y] of [[one, other], [other, one]] as const) {
        const found: Finding | undefined = findingsBetween(x, y, knowledge).find(({ finding }) => finding === pair.id)
        assert.ok(found && blocks(found.severity) && needsTwo(found.severity), `${a} with ${b}: ${found?.severity}`)
        assert.deepEqual([found.reasonCode, found.knowledgeVersion], ['DD', '2026.1'])
      }
      met++
    }
    assert.ok(met > 0, 'no product of the formulary is on both sides')
  })
}

const drug = (name: string, strength = '10 mg', rxcui: string | null = null): ScreenedDrug => ({ drugId: name, genericName: name, ingredients: [{ rxcui, name, strength }], pharmacologicClass: null })
const profile = (about: Partial<ClinicalProfile> = {}): ClinicalProfile => ({ allergies: [], conditions: [], birthYearMonth: '1980-05', sex: 'UNKNOWN', ...about })
const day = '2026-11-22'
const screen = (which: ScreenedDrug, about: Partial<ClinicalProfile>, more: { quantity?: number; daysSupply?: number | null; dispensingUnit?: string } = {}) =>
  patientFindings(which, { quantity: 30, daysSupply: 30, dispensingUnit: 'TABLET', ...more }, profile(about), day).map(({ kind, reasonCode, severity }) => [kind, reasonCode, severity].join(' '))
const rxnorm = 'http://www.nlm.nih.gov/research/umls/rxnorm'

test('an allergy to the ingredient is a contraindication, by its code or its name', () => {
  assert.deepEqual(screen(drug('lisinopril', '10 mg', '29046'), { allergies: [{ system: rxnorm, code: '29046', display: 'Prinivil' }] }), ['ALLERGY DA CONTRAINDICATED'])
  assert.deepEqual(screen(drug('lisinopril'), { allergies: [{ system: rxnorm, code: '29046', display: 'Lisinopril' }] }), ['ALLERGY DA CONTRAINDICATED'])
  assert.deepEqual(screen(drug('metformin', '500 mg'), { allergies: [{ system: rxnorm, code: '29046', display: 'lisinopril' }] }), [])
})

test('an allergy to a class, or to another of its members, stops the drug', () => {
  const penicillin = { system: 'http://snomed.info/sct', code: '764146007', display: 'Penicillin', class: 'penicillin' }
  for (const name of ['amoxicillin', 'penicillin v']) assert.deepEqual(screen(drug(name), { allergies: [penicillin] }), ['ALLERGY DA MAJOR'])
  assert.deepEqual(screen(drug('penicillin v'), { allergies: [{ system: rxnorm, code: '723', display: 'amoxicillin' }] }), ['ALLERGY DA MAJOR'])
  assert.deepEqual(screen(drug('azithromycin'), { allergies: [penicillin] }), [])
  const nsaid = { system: 'http://snomed.info/sct', code: '372665008', display: 'Non-steroidal anti-inflammatory agent', class: 'non-steroidal anti-inflammatory agent' }
  for (const name of ['ibuprofen', 'naproxen', 'aspirin', 'ketorolac']) assert.ok(screen(drug(name), { allergies: [nsaid] }).includes('ALLERGY DA MAJOR'), name)
  const sulfa = { system: 'http://snomed.info/sct', code: '387406002', display: 'Sulfonamide', class: 'sulfonamide' }
  assert.deepEqual(screen(drug('sulfamethoxazole'), { allergies: [sulfa] }), ['ALLERGY DA MAJOR'])
})

test('every class allergy of the demo patients stops the products it names', () => {
  type People = { patients: { allergies: { kind: string; system: string; code: string; display: string; members: string[] }[] }[] }
  for (const { allergies } of demoData<People>('people.json').patients) for (const { kind, system, code, display, members } of allergies) {
    const known = { system, code, display, ...(kind === 'class' ? { class: display.toLowerCase() } : {}) }
    for (const member of members) assert.ok(screen(drug(member), { allergies: [known] }).some((found) => found.startsWith('ALLERGY DA')), `${display}: ${member}`)
  }
})

test('a dose over the daily limit of the age is stopped, the limit itself is not', () => {
  for (const { ingredient, maxDailyMg, fromAge } of doseLimits) {
    const about = { birthYearMonth: `${2026 - fromAge}-11` }
    const dose = (perDay: number) => screen(drug(ingredient, `${maxDailyMg / 2} mg`), about, { quantity: perDay * 10, daysSupply: 10 }).filter((found) => found.startsWith('DOSE'))
    assert.deepEqual([dose(2), dose(2.5)].map((found) => found.filter((each) => each !== 'DOSE MX MAJOR')), [[], ['DOSE HD MAJOR']], ingredient)
  }
  assert.deepEqual(screen(drug('citalopram', '40 mg'), { birthYearMonth: '1960-01' }), ['DOSE HD MAJOR'])
  assert.deepEqual(screen(drug('citalopram', '40 mg'), { birthYearMonth: '1970-01' }), [])
  // unknown days, and units that are no tablets, say nothing of a day's dose
  assert.deepEqual(screen(drug('citalopram', '40 mg'), { birthYearMonth: '1960-01' }, { daysSupply: null }), [])
  assert.deepEqual(screen(drug('citalopram', '40 mg'), { birthYearMonth: '1960-01' }, { dispensingUnit: 'ML' }), [])
})

test('a child has no more than an adult, and is told to need a dose of their own; the least and the longest are known as well', () => {
  const child = { birthYearMonth: '2018-03' }
  assert.deepEqual(screen(drug('ibuprofen', '800 mg'), child, { quantity: 50, daysSupply: 10 }), ['DOSE HD MAJOR', 'DOSE PA MODERATE'])
  assert.deepEqual(screen(drug('ibuprofen', '200 mg'), child, { quantity: 30, daysSupply: 10 }), ['DOSE PA MODERATE'])
  for (const { ingredient, maxDailyMg } of doseLimits.filter(({ fromAge }) => fromAge === 18)) {
    assert.ok(screen(drug(ingredient, `${maxDailyMg + 1} mg`), { birthYearMonth: '2020-01' }).includes('DOSE HD MAJOR'), ingredient)
  }
  assert.deepEqual(screen(drug('sertraline', '25 mg'), {}, { quantity: 15 }), ['DOSE LD MODERATE'])
  assert.deepEqual(screen(drug('sertraline', '25 mg'), {}), [])
  assert.deepEqual([screen(drug('ketorolac', '10 mg'), {}, { quantity: 20, daysSupply: 5 }), screen(drug('ketorolac', '10 mg'), {}, { quantity: 20, daysSupply: 6 })], [[], ['DOSE MX MAJOR']])
})

test('a dose is worked out from grams, micrograms and millilitres by mouth', () => {
  const daily = (strength: string, more: object) => screen(drug('ibuprofen', strength), {}, more)
  for (const [strength, quantity, expected] of [['3.2 g', 30, []], ['3.21 g', 30, ['DOSE HD MAJOR']], ['1,600 mg', 60, []], ['1,600 mg', 61, ['DOSE HD MAJOR']], ['3200000 ug', 31, ['DOSE HD MAJOR']], ['3200000 µg', 30, []]] as const) {
    assert.deepEqual(daily(strength, { quantity }), expected, strength)
  }
  const liquid = { dispensingUnit: 'ML', dosageForm: 'SUSPENSION', daysSupply: 10 }
  assert.deepEqual([daily('100 mg/5mL', { ...liquid, quantity: 1600 }), daily('100 mg/5mL', { ...liquid, quantity: 1601 }), daily('20 mg/mL', { ...liquid, quantity: 1601 })], [[], ['DOSE HD MAJOR'], ['DOSE HD MAJOR']])
  // an injection and a cream say nothing of a dose by mouth
  for (const other of [{ ...liquid, dosageForm: 'INJECTION, SOLUTION' }, { ...liquid, dispensingUnit: 'GRAM' }]) assert.deepEqual(daily('100 mg/5mL', { ...other, quantity: 9000 }), [])
})

test('drugs not meant for an age are found in it and not beyond it', () => {
  for (const { ingredients, fromAge, belowAge, severity } of agePrecautions) for (const name of ingredients) {
    const found = (age: number) => screen(drug(name, '1 unit'), { birthYearMonth: `${2026 - age}-11` }).includes(`PRECAUTION PA ${severity}`)
    assert.equal(found(fromAge), true, name)
    if (belowAge < 150) assert.equal(found(belowAge), false, name)
  }
})

test('drugs that harm in pregnancy are found where the profile says pregnant, and only there', () => {
  for (const { ingredients, severity } of pregnancyPrecautions) for (const name of ingredients) {
    assert.ok(screen(drug(name, '1 unit'), { pregnant: true }).includes(`PRECAUTION PG ${severity}`), name)
    assert.ok(!screen(drug(name, '1 unit'), {}).some((found) => found.includes('PG')), name)
  }
})

test('the same ingredient dispensed on another prescription within seven days is stopped', () => {
  const twice = (on: string) => duplicateDispense(drug('warfarin'), drug('warfarin'), '2026-11-20', on).map(({ reasonCode, severity }) => `${reasonCode} ${severity}`)
  assert.deepEqual([twice('2026-11-20'), twice('2026-11-26'), twice('2026-11-27')], [['ER MAJOR'], ['ER MAJOR'], []])
  assert.deepEqual(duplicateDispense(drug('warfarin'), drug('metformin'), '2026-11-20', day), [])
  assert.deepEqual(duplicateDispense(drug('warfarin'), drug('warfarin'), undefined, day), [])
})

test('a refill long after the last supply is told as late and stops nothing', () => {
  const late = (on: string) => lateRefill('2026-11-01', 30, on)
  assert.deepEqual(late('2026-11-08'), [])
  const [found] = late('2026-11-09')
  assert.deepEqual([found?.kind, found?.reasonCode, blocks(found!.severity)], ['LATE_REFILL', 'LR', false])
  // a fifth of ninety days is more than a week
  assert.deepEqual([lateRefill('2026-11-01', 90, '2026-11-19').length, lateRefill('2026-11-01', 90, '2026-11-20').length], [0, 1])
  assert.deepEqual(lateRefill(null, 30, day), [])
})

test('age is counted in completed years by the month of birth', () => {
  assert.deepEqual([ageOn('2026-11-22', '1980-11'), ageOn('2026-11-22', '1980-12'), ageOn('2026-11-22', '2026-11')], [46, 45, 0])
})
