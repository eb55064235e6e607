import type { Drug } from './entities/drug.ts'
import type { Interaction } from './entities/interaction.ts'

export type DrugMapper = Drug
export type InteractionMapper = Interaction
