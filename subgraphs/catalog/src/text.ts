/** How names and strengths are written for search, so that what is asked and what is stored meet. */

/**
 * Lower case without accents; words and numbers apart, parted by single spaces: "Lisinopril 10mg" → "lisinopril 10 mg",
 * ".5 mL" → "0.5 ml", "50,000 IU" → "50000 iu".
 */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/(?<=\d),(?=\d{3})/g, '')
    .replace(/(?<![\d.])\.(?=\d)/g, '0.')
    .replace(/(?<=\d)(?=\p{L})/gu, ' ')
    .replace(/(?:[^\p{L}\p{N}.]|\.(?!\d)|(?<!\d)\.)+/gu, ' ')
    .trim()
}

/** Text that PostgreSQL can keep: it has no place for NUL and for halves of surrogate pairs. */
export const storable = (text: string): string => text.replaceAll('\u0000', '').toWellFormed()

export const wordsOf = (text: string): string[] => fold(text).split(' ').filter(Boolean)

/**
 * The search vector of a product, as PostgreSQL reads a tsvector. Words weigh by where they stand: A what it is called,
 * B what it is made of, C what kind it is and who makes it, D what is said about it.
 */
export function searchVector(of: {
  name: string; genericName: string | null; ingredients: readonly string[]; manufacturer: string; dosageForm: string; routes: readonly string[]
  strength: string; classes: readonly string[]; description?: string
}): string {
  const texts = {
    A: [of.name], B: [of.genericName ?? '', ...of.ingredients], C: [of.strength, of.dosageForm, ...of.routes, of.manufacturer, ...of.classes], D: [of.description ?? ''],
  }
  let position = 0
  return Object.entries(texts)
    .flatMap(([weight, parts]) => wordsOf(parts.join(' ')).map((word) => `'${word}':${Math.min(++position, 16_383)}${weight}`))
    .join(' ')
}

/**
 * Edits (insert, delete, replace, swap of neighbours) that turn `typed` into the beginning of `word`, and how many letters
 * of `word` are then left; optimal string alignment.
 */
export function editsToBeginning(typed: string, word: string): { edits: number; left: number } {
  let before: number[] = []
  let previous = Array.from({ length: word.length + 1 }, (_, j) => j)
  for (let i = 1; i <= typed.length; i++) {
    const row = [i]
    for (let j = 1; j <= word.length; j++) {
      const same = typed[i - 1] === word[j - 1]
      let edits = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && typed[i - 1] === word[j - 2] && typed[i - 2] === word[j - 1]) edits = Math.min(edits, before[j - 2]! + 1)
      row.push(edits)
    }
    before = previous
    previous = row
  }
  // of equally near beginnings the longest, which leaves the least
  let best = 0
  for (let j = 1; j <= word.length; j++) if (previous[j]! <= previous[best]!) best = j
  return { edits: previous[best]!, left: word.length - best }
}
