import type { Resolvers } from '../generated/resolvers.ts'
import { directoryConnectionResolvers, directoryPackageResolvers, directoryProductResolvers } from './directory.ts'
import { drugConnectionResolvers, drugResolvers } from './drug.ts'
import { importRunResolvers } from './import-run.ts'
import { interactionFindingResolvers, interactionResolvers } from './interaction.ts'
import { mutationResolvers } from './mutation.ts'
import { queryResolvers } from './query.ts'

export const resolvers: Resolvers = {
  Query: queryResolvers,
  Mutation: mutationResolvers,
  Drug: drugResolvers,
  DrugConnection: drugConnectionResolvers,
  Interaction: interactionResolvers,
  InteractionFinding: interactionFindingResolvers,
  DirectoryProduct: directoryProductResolvers,
  DirectoryPackage: directoryPackageResolvers,
  DirectoryConnection: directoryConnectionResolvers,
  ImportRun: importRunResolvers,
}
