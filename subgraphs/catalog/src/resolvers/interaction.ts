import type { InteractionResolvers } from '../generated/resolvers.ts'

export const interactionResolvers: InteractionResolvers = {
  a: (interaction) => interaction.aName,
  b: (interaction) => interaction.bName,
}
