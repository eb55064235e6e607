import { invalid, isId, page } from '@pharmagraph/platform'
import { parseNdc } from '@pharmagraph/schema/identifiers'
import { access } from '../access.ts'
import { Drug } from '../entities/drug.ts'
import { ImportRun } from '../entities/import-run.ts'
import { KnowledgeRelease } from '../entities/interaction.ts'
import type { QueryResolvers } from '../generated/resolvers.ts'
import { checkInteractions } from '../reads/check-interactions.ts'
import { ingredientsBeginning } from '../reads/ingredients.ts'
import { interactionsBetween } from '../reads/interactions.ts'
import { packagesByNdc, searchDirectory } from '../reads/search-directory.ts'
import { searchDrugs } from '../reads/search-drugs.ts'
import { listLength } from './list-length.ts'

export const queryResolvers: QueryResolvers = {
  drug: (_source, { id }, { loaders }) => loaders.drug.load(id),
  drugByNdc: (_source, { ndc }, { em }) => {
    const parsed = parseNdc(ndc)
    if (!parsed) throw invalid('ndc', 'write an NDC with hyphens (0591-0369-01), or its 11 or 12 digits')
    return em.findOne(Drug, { ndc12: parsed.ndc12 })
  },
  drugs: (_source, { first, ...request }, { em }) => searchDrugs(em, { ...request, first: first ?? 20 }),
  interactions: async (_source, { drugIds }, { em }) => {
    if (drugIds.length > 20) throw invalid('drugIds', 'ask about 20 drugs at most')
    const drugs = await em.find(Drug, { id: { $in: drugIds.filter(isId) } })
    const findings = await interactionsBetween(em, drugs.map(({ id, ingredientNames }) => ({ key: id, ingredients: ingredientNames })))
    return [...new Map(findings.map(({ interaction }) => [interaction.id, interaction])).values()]
  },
  interactionCheck: (_source, { medicines, knowledgeVersion }, { em }) => checkInteractions(em, medicines, knowledgeVersion),
  knowledgeReleases: (_source, { first }, { em }) => em.find(KnowledgeRelease, {}, { orderBy: { number: 'desc' }, limit: listLength(first) }),
  ingredients: (_source, { search, first }, { em }) => ingredientsBeginning(em, search, first ?? 20),
  directory: (_source, { first, ...request }, { em }) => searchDirectory(em, { ...request, first: first ?? 20 }),
  directoryPackages: (_source, { ndc }, { em }) => packagesByNdc(em, ndc),
  importRuns: (_source, { first, after }, { em, actor }) => {
    access.must(actor, 'import:read', undefined)
    return page(em, ImportRun, {}, { first: first ?? 20, after })
  },
}
