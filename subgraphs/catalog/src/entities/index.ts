import { DrugSchema } from './drug.ts'
import { InteractionSchema } from './interaction.ts'

export const entities = [DrugSchema, InteractionSchema]
