/** The coded answers to an alert, NCPDP fields 440-E5 (professional service) and 441-E6 (result of service). */
import { invalid } from '@pharmagraph/platform'
import type { Severity } from '../entities/clinical-alert.ts'

export const professionalServices: Readonly<Record<string, string>> = {
  AS: 'Patient assessment', CC: 'Coordination of care', DE: 'Dosing evaluation', M0: 'Prescriber consulted', MP: 'Patient will be monitored',
  MR: 'Medication review', P0: 'Patient consulted', PE: 'Patient education', PH: 'Patient medication history', PM: 'Patient monitoring',
  PT: 'Laboratory test performed', R0: 'Pharmacist consulted another source', RT: 'Laboratory test recommended', SW: 'Literature search',
}

/** `asWritten`: the prescription goes on as the prescriber wrote it; the others need a new or no prescription. */
export const results: Readonly<Record<string, { text: string; asWritten: boolean }>> = {
  '1A': { text: 'Filled as is, false positive', asWritten: true },
  '1B': { text: 'Filled as is', asWritten: true },
  '1C': { text: 'Filled with different dose', asWritten: false },
  '1D': { text: 'Filled with different directions', asWritten: false },
  '1E': { text: 'Filled with different drug', asWritten: false },
  '1F': { text: 'Filled with different quantity', asWritten: false },
  '1G': { text: 'Filled with prescriber approval', asWritten: true },
  '2A': { text: 'Not filled', asWritten: false },
  '2B': { text: 'Not filled, directions clarified', asWritten: false },
  '3A': { text: 'Recommendation accepted', asWritten: false },
  '3B': { text: 'Recommendation not accepted', asWritten: true },
  '3G': { text: 'Drug therapy unchanged', asWritten: true },
}

/** Refuses an override whose codes are unknown, do not let the prescription go on, or are too weak for the severity. */
export function checkOverride(severity: Severity, { professionalService, result, text }: { professionalService: string; result: string; text: string }): void {
  if (!professionalServices[professionalService]) throw invalid('professionalService', `professionalService is one of ${Object.keys(professionalServices).join(', ')} (NCPDP 440-E5)`)
  const outcome = results[result]
  if (!outcome) throw invalid('result', `result is one of ${Object.keys(results).join(', ')} (NCPDP 441-E6)`)
  if (!outcome.asWritten) throw invalid('result', `${result} means "${outcome.text}": reject the prescription or ask the prescriber instead`)
  if (severity === 'CONTRAINDICATED' && !(professionalService === 'M0' && result === '1G')) {
    throw invalid('result', 'a contraindicated combination goes on only with the prescriber consulted (M0) and approving (1G)')
  }
  if (text.trim().length < 3 || text.length > 1000) throw invalid('text', 'say in 3 to 1000 characters why it is acceptable')
}
