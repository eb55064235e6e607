import { defineEntity, p } from '@mikro-orm/postgresql'

export const searchScopes = ['drug', 'directory_product'] as const
export type SearchScope = (typeof searchScopes)[number]

/** Every word of a search vector and in how many documents: what a typing error is measured against. */
export const SearchWordSchema = defineEntity({
  name: 'SearchWord',
  tableName: 'search_word',
  properties: {
    scope: p.enum(searchScopes).primary(),
    word: p.string().length(2000).primary(),
    documents: p.integer(),
  },
  indexes: [
    { name: 'search_word_beginning', expression: 'create index search_word_beginning on search_word (scope, word collate "C")' },
    { name: 'search_word_neighbours', expression: 'create index search_word_neighbours on search_word using gist (word gist_trgm_ops)' },
  ],
})
export class SearchWord extends SearchWordSchema.class {}
SearchWordSchema.setClass(SearchWord)
