import type { DirectoryPackage, DirectoryProduct } from './entities/directory.ts'
import type { Drug } from './entities/drug.ts'
import type { ImportRemark, ImportRun } from './entities/import-run.ts'
import type { Interaction, KnowledgeRelease } from './entities/interaction.ts'
import type { Finding } from './reads/interactions.ts'
import type { Found } from './reads/search.ts'

export type DrugMapper = Drug
export type DrugConnectionMapper = Found<Drug>
export type InteractionMapper = Interaction
export type InteractionFindingMapper = Finding
export type KnowledgeReleaseMapper = KnowledgeRelease
export type DirectoryProductMapper = DirectoryProduct
export type DirectoryPackageMapper = DirectoryPackage
export type DirectoryConnectionMapper = Found<DirectoryProduct>
export type ImportRunMapper = ImportRun
export type ImportRemarkMapper = ImportRemark
