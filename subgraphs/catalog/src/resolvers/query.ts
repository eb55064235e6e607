import { parseNdc } from '@pharmagraph/schema/identifiers'
import { invalid } from '@pharmagraph/platform'
import { Drug } from '../entities/drug.ts'
import type { QueryResolvers } from '../generated/resolvers.ts'
import { interactionsBetween } from '../reads/interactions.ts'
import { searchDrugs } from '../reads/search-drugs.ts'

export const queryResolvers: QueryResolvers = {
  drug: (_source, { id }, { loaders }) => loaders.drug.load(id),
  drugByNdc: (_source, { ndc }, { em }) => {
    const parsed = parseNdc(ndc)
    if (!parsed) throw invalid('ndc', 'write an NDC with hyphens (0591-0369-01), or its 11 or 12 digits')
    return em.findOne(Drug, { ndc12: parsed.ndc12 })
  },
  drugs: (_source, { search, first, after }, { em }) => searchDrugs(em, { search, first: first ?? 20, after }),
  interactions: async (_source, { drugIds }, { em }) => {
    if (drugIds.length > 20) throw invalid('drugIds', 'ask about 20 drugs at most')
    return interactionsBetween(em, await em.find(Drug, { id: { $in: drugIds } }))
  },
}
