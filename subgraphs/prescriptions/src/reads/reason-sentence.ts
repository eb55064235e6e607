import { holdReasons } from '../commands/hold-prescription.ts'
import { rejectionReasons } from '../commands/reject-prescription.ts'

const sentences: Readonly<Record<string, string>> = {
  ...rejectionReasons,
  DUPLICATE_CONTENT: 'The same prescription came in before and is open',
  CLARIFICATION_REQUESTED: 'We asked the prescriber and wait for the answer',
  PRESCRIBER_ANSWERED: 'The prescriber answered our question',
  REPLACED_BY_PRESCRIBER: 'The prescriber wrote another one in its place',
  QUESTION_NOT_DELIVERED: 'Our question did not reach the prescriber',
  CANCELLED_BY_PRESCRIBER: 'The prescriber took it back',
  ...holdReasons,
  TRANSFERRED_OUT: 'It went to another pharmacy, where it is filled from now on',
  RESUMED: 'The hold was lifted',
  PRESCRIPTION_EXPIRED: 'It has reached its last day',
}

/** A code as a sentence, with what was written to it. */
export const reasonSentence = (code: string, text?: string): string => [sentences[code] ?? code, text].filter(Boolean).join(': ')
