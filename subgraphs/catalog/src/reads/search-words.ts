import type { EntityManager } from '@pharmagraph/platform'
import type { SearchScope } from '../entities/search-word.ts'
import { textArray } from '../sql.ts'
import { editsToBeginning, wordsOf } from '../text.ts'

/** A question as it is looked up. */
export type Question = {
  words: string[]
  /** Words a result must have, each in one of these readings; `prefix` where words that begin so count as well. */
  parts: { readings: string[]; prefix: boolean }[]
}

/** Words that tell nothing apart. */
const fillers = new Set(['and', 'or', 'the', 'of', 'for', 'in', 'with', 'a', 'an'])
const numeric = /^\d/

/** Reads a question as it is typed: every word may be the beginning of one, numbers but for the last one are whole. */
export function readQuestion(search: string): Question {
  const words = wordsOf(search)
  const telling = words.filter((word) => !fillers.has(word) && (word.length > 1 || numeric.test(word)))
  return { words, parts: telling.map((word, place) => ({ readings: [word], prefix: !numeric.test(word) || place === telling.length - 1 })) }
}

/**
 * The question with every word that begins hardly anything read as its nearest neighbours; undefined where there is no
 * such word. Only a question that finds fewer than three can have one: all words must be found.
 */
export async function forgive(em: EntityManager, scope: SearchScope, { words, parts }: Question): Promise<Question | undefined> {
  const correctable = parts.flatMap(({ readings }) => readings).filter((word) => word.length >= 4 && !numeric.test(word))
  if (correctable.length === 0) return undefined
  const neighbours = new Map<string, string[]>()
  for (const word of await rareBeginnings(em, scope, correctable)) {
    const near = await nearest(em, scope, word)
    if (near.length) neighbours.set(word, near)
  }
  if (neighbours.size === 0) return undefined
  return {
    words: words.map((word) => neighbours.get(word)?.[0] ?? word),
    parts: parts.map(({ readings: [word = ''], prefix }) => ({ readings: neighbours.get(word) ?? [word], prefix })),
  }
}

/** Those of the words that begin fewer than three documents: registers hold misspellings, too. */
async function rareBeginnings(em: EntityManager, scope: SearchScope, words: readonly string[]): Promise<string[]> {
  const rows = await em.execute<{ word: string }[]>(
    `select asked.word from unnest(?::text[]) as asked(word)
     where (select coalesce(sum(documents), 0) from (
       select documents from search_word w where scope = ? and w.word collate "C" >= asked.word and w.word collate "C" < asked.word || chr(1114111) limit 3) begun) < 3`,
    [textArray(words), scope],
  )
  return rows.map(({ word }) => word)
}

/** Up to five words that the typed one may have been meant for: itself where it exists, else the nearest and commonest first. */
async function nearest(em: EntityManager, scope: SearchScope, typed: string): Promise<string[]> {
  const candidates = await em.execute<{ word: string; documents: number }[]>(
    'select word, documents from search_word where scope = ? order by ? <<-> word limit 60', [scope, typed])
  const allowed = typed.length < 6 ? 1 : 2
  const near = candidates.map((candidate) => ({ ...candidate, ...editsToBeginning(typed, candidate.word) })).filter(({ edits }) => edits <= allowed)
  const fewest = Math.min(...near.filter(({ edits }) => edits > 0).map(({ edits }) => edits))
  return near
    .filter(({ edits }) => edits <= fewest)
    .sort((a, b) => Number(a.edits > 0) - Number(b.edits > 0) || Number(a.left > 0) - Number(b.left > 0) || b.documents - a.documents)
    .slice(0, 5)
    .map(({ word }) => word)
}
