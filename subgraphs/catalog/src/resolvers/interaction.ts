import type { InteractionFindingResolvers, InteractionResolvers } from '../generated/resolvers.ts'

export const interactionResolvers: InteractionResolvers = {
  a: (interaction) => interaction.aName,
  b: (interaction) => interaction.bName,
}

export const interactionFindingResolvers: InteractionFindingResolvers = {
  medicines: (finding) => finding.keys,
}
