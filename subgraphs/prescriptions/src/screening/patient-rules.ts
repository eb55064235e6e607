/**
 * What is known of drugs and patients, as rows: allergy classes, daily doses, ages, pregnancy. Few rows, well established,
 * each with its source, for the demonstration formulary; no clinical knowledge base and not for patient care.
 */
import type { Severity } from '../entities/clinical-alert.ts'

export const patientRuleVersion = 'patient-rules-2026.2'

/** From this age on the rows of adults hold. */
export const adultAge = 18

/** Drugs whose allergies go together; `names` are words of the class as allergy lists write it. */
export type AllergyClass = { name: string; names: readonly string[]; members: readonly string[]; source: string }
export const allergyClasses: readonly AllergyClass[] = [
  { name: 'penicillins', names: ['penicillin'], members: ['amoxicillin', 'ampicillin', 'penicillin v', 'penicillin g', 'dicloxacillin', 'piperacillin'], source: 'Penicillin labels, section 4' },
  { name: 'cephalosporins', names: ['cephalosporin'], members: ['cephalexin', 'cefuroxime', 'cefdinir', 'ceftriaxone', 'cefazolin'], source: 'Cephalosporin labels, section 4' },
  { name: 'sulfonamide antimicrobials', names: ['sulfonamide', 'sulfa'], members: ['sulfamethoxazole', 'sulfadiazine', 'sulfasalazine'], source: 'Sulfamethoxazole and trimethoprim label, section 4' },
  {
    name: 'nonsteroidal anti-inflammatory drugs', names: ['non-steroidal', 'nonsteroidal', 'nsaid'], source: 'NSAID labels, section 4',
    members: ['ibuprofen', 'naproxen', 'meloxicam', 'celecoxib', 'diclofenac', 'ketorolac', 'aspirin', 'indomethacin'],
  },
  { name: 'macrolides', names: ['macrolide'], members: ['azithromycin', 'clarithromycin', 'erythromycin'], source: 'Macrolide labels, section 4' },
  { name: 'tetracyclines', names: ['tetracycline'], members: ['doxycycline', 'minocycline', 'tetracycline'], source: 'Tetracycline labels, section 4' },
  { name: 'fluoroquinolones', names: ['quinolone'], members: ['ciprofloxacin', 'levofloxacin', 'moxifloxacin'], source: 'Fluoroquinolone labels, section 4' },
  { name: 'ACE inhibitors', names: ['angiotensin-converting', 'angiotensin converting', 'ace inhibitor'], members: ['lisinopril', 'ramipril', 'enalapril', 'benazepril', 'captopril'], source: 'ACE inhibitor labels, section 4: angioedema' },
  {
    name: 'opioids of the phenanthrene group', names: ['opioid', 'opiate'], source: 'Opioid labels, section 4',
    members: ['codeine', 'morphine', 'hydrocodone', 'oxycodone', 'hydromorphone', 'oxymorphone'],
  },
]

/**
 * How much of an ingredient in a day, milligrams by mouth, for an age in completed years: the most, the least that is started with,
 * and for how many days at a time. Where only adults have a row, nobody younger may have more than they.
 */
export type DoseLimit = { ingredient: string; fromAge: number; belowAge: number; maxDailyMg: number; minDailyMg?: number; maxDays?: number; source: string }
const limit = (ingredient: string, maxDailyMg: number, source: string, { fromAge = adultAge, belowAge = 200, ...more }: Partial<Pick<DoseLimit, 'fromAge' | 'belowAge' | 'minDailyMg' | 'maxDays'>> = {}): DoseLimit =>
  ({ ingredient, fromAge, belowAge, maxDailyMg, source, ...more })
const label = (drug: string): string => `${drug} label, section 2`
export const doseLimits: readonly DoseLimit[] = [
  limit('acetaminophen', 4000, 'Acetaminophen OTC monograph, adults'),
  limit('amlodipine', 10, label('Amlodipine'), { minDailyMg: 2.5 }),
  limit('amoxicillin', 3000, label('Amoxicillin')),
  limit('atorvastatin', 80, label('Atorvastatin'), { minDailyMg: 10 }),
  limit('citalopram', 40, label('Citalopram'), { belowAge: 60 }),
  limit('citalopram', 20, 'Citalopram label, section 2: over 60 years', { fromAge: 60 }),
  limit('escitalopram', 20, label('Escitalopram')),
  limit('gabapentin', 3600, label('Gabapentin')),
  limit('ibuprofen', 3200, label('Ibuprofen')),
  limit('ketorolac', 40, label('Ketorolac tablets'), { maxDays: 5 }),
  limit('lisinopril', 80, label('Lisinopril'), { minDailyMg: 2.5 }),
  limit('losartan', 100, label('Losartan'), { minDailyMg: 25 }),
  limit('meloxicam', 15, label('Meloxicam')),
  limit('metformin', 2550, label('Metformin'), { minDailyMg: 500 }),
  limit('rosuvastatin', 40, label('Rosuvastatin'), { minDailyMg: 5 }),
  limit('sertraline', 200, label('Sertraline'), { minDailyMg: 25 }),
  limit('tramadol', 400, label('Tramadol'), { belowAge: 76 }),
  limit('tramadol', 300, 'Tramadol label, section 2: over 75 years', { fromAge: 76 }),
  limit('zolpidem', 10, label('Zolpidem'), { belowAge: 65 }),
  limit('zolpidem', 5, 'Zolpidem label, section 2: older adults', { fromAge: 65 }),
]

/** A drug to be careful with, or not to give, in an age or in pregnancy. */
export type Precaution = { ingredients: readonly string[]; severity: Severity; text: string; source: string }
export type AgePrecaution = Precaution & { fromAge: number; belowAge: number }
export const agePrecautions: readonly AgePrecaution[] = [
  { ingredients: ['codeine', 'tramadol'], fromAge: 0, belowAge: 12, severity: 'CONTRAINDICATED', text: 'life-threatening respiratory depression in children under 12', source: 'Codeine and tramadol labels, boxed warning and section 4 (FDA, 2017)' },
  { ingredients: ['promethazine'], fromAge: 0, belowAge: 2, severity: 'CONTRAINDICATED', text: 'fatal respiratory depression in children under 2', source: 'Promethazine label, boxed warning' },
  { ingredients: ['aspirin'], fromAge: 0, belowAge: 19, severity: 'MAJOR', text: "Reye's syndrome in children and teenagers with a viral illness", source: 'Aspirin OTC label, 21 CFR 201.314(h)' },
  { ingredients: ['doxycycline', 'minocycline', 'tetracycline'], fromAge: 0, belowAge: 8, severity: 'MAJOR', text: 'permanent discoloration of the teeth under 8', source: 'Doxycycline label, section 5' },
  { ingredients: ['ciprofloxacin', 'levofloxacin'], fromAge: 0, belowAge: 18, severity: 'MODERATE', text: 'more disorders of joints under 18', source: 'Fluoroquinolone labels, section 8.4' },
  {
    ingredients: ['diazepam', 'lorazepam', 'alprazolam', 'clonazepam', 'diphenhydramine', 'zolpidem', 'amitriptyline', 'cyclobenzaprine', 'meperidine'], fromAge: 65, belowAge: 200,
    severity: 'MODERATE', text: 'falls and confusion from 65 on: avoid where another will do', source: 'AGS Beers Criteria 2023',
  },
]
export const pregnancyPrecautions: readonly Precaution[] = [
  { ingredients: ['warfarin', 'methotrexate', 'finasteride', 'testosterone', 'raloxifene', 'letrozole', 'methylergonovine'], severity: 'CONTRAINDICATED', text: 'not in pregnancy', source: 'Labels, sections 4 and 8.1' },
  {
    ingredients: ['lisinopril', 'ramipril', 'enalapril', 'benazepril', 'losartan', 'valsartan', 'telmisartan'], severity: 'MAJOR', text: 'injury and death of the fetus in the second and third trimester',
    source: 'ACE inhibitor and angiotensin receptor blocker labels, boxed warning',
  },
  { ingredients: ['valproate', 'topiramate', 'lithium', 'carbamazepine', 'methimazole', 'doxycycline', 'tamoxifen'], severity: 'MAJOR', text: 'malformations or harm to the fetus', source: 'Labels, section 8.1' },
]
