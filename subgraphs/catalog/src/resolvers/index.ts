import type { Resolvers } from '../generated/resolvers.ts'
import { drugResolvers } from './drug.ts'
import { interactionResolvers } from './interaction.ts'
import { mutationResolvers } from './mutation.ts'
import { queryResolvers } from './query.ts'

export const resolvers: Resolvers = {
  Query: queryResolvers,
  Mutation: mutationResolvers,
  Drug: drugResolvers,
  Interaction: interactionResolvers,
}
