import { ApprovedProductSchema } from './approved-product.ts'
import { DirectoryPackageSchema, DirectoryProductSchema } from './directory.ts'
import { DrugPriceSchema } from './drug-price.ts'
import { DrugSchema } from './drug.ts'
import { ImportRemarkSchema, ImportRunSchema, ImportSeenSchema } from './import-run.ts'
import { IngredientClassSchema, IngredientSchema } from './ingredient.ts'
import { InteractionDraftSchema, InteractionPairSchema, InteractionSchema, InteractionToldSchema, KnowledgeReleaseSchema } from './interaction.ts'
import { SearchWordSchema } from './search-word.ts'

export const entities = [
  DrugSchema, DrugPriceSchema, DirectoryProductSchema, DirectoryPackageSchema, ApprovedProductSchema, IngredientSchema, IngredientClassSchema,
  InteractionSchema, InteractionPairSchema, InteractionDraftSchema, InteractionToldSchema, KnowledgeReleaseSchema, SearchWordSchema, ImportRunSchema, ImportRemarkSchema, ImportSeenSchema,
]
