import { invalid } from '@pharmagraph/platform'

/** Of a list that is not paged: 20 where nothing is asked, 200 at most. */
export const listLength = (first: number | null | undefined): number => {
  const length = first ?? 20
  if (length < 1 || length > 200) throw invalid('first', 'first must be from 1 to 200')
  return length
}
