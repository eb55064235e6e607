import type { EntityManager } from '@pharmagraph/platform'
import type { SearchScope } from '../entities/search-word.ts'
import { textArray } from '../sql.ts'

/** Counts the words of all search vectors of a scope anew. */
export async function learnWords(em: EntityManager, scope: SearchScope): Promise<void> {
  await em.execute(
    `with present as (select word, ndoc from ts_stat('select search from ${scope}')),
          gone as (delete from search_word where scope = ? and word not in (select word from present))
     insert into search_word (scope, word, documents) select ?, word, ndoc from present
     on conflict (scope, word) do update set documents = excluded.documents where search_word.documents <> excluded.documents`,
    [scope, scope])
  await em.execute('analyze search_word')
}

/** Adds the words of new drugs. */
export async function learnWordsOf(em: EntityManager, drugIds: readonly string[]): Promise<void> {
  await em.execute(
    `insert into search_word (scope, word, documents)
     select 'drug', lexeme, count(*)::int from drug, unnest(search) where id = any(?::uuid[]) group by lexeme
     on conflict (scope, word) do update set documents = search_word.documents + excluded.documents`,
    [textArray(drugIds)])
}
