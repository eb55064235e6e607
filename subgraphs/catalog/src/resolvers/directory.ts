import { formatNdc11, formatNdc12 } from '@pharmagraph/schema/identifiers'
import { moietyOf } from '../substances.ts'
import type { DirectoryConnectionResolvers, DirectoryPackageResolvers, DirectoryProductResolvers } from '../generated/resolvers.ts'

export const directoryProductResolvers: DirectoryProductResolvers = {
  activeIngredients: (product) => product.substances.map(({ name, strength }) => ({ rxcui: null, name: moietyOf(name), strength })),
  pharmacologicClasses: (product) => product.classes,
  listed: (product) => product.withdrawnAt == null,
  packages: (product, _args, { loaders }) => loaders.packagesOf.load(product.id),
}

export const directoryPackageResolvers: DirectoryPackageResolvers = {
  ndc11: ({ ndc12 }) => (ndc12.startsWith('0') ? formatNdc11(ndc12.slice(1)) : null),
  ndc12: ({ ndc12 }) => formatNdc12(ndc12),
  listed: (pack) => pack.withdrawnAt == null,
  product: async (pack, _args, { loaders }) => (await loaders.productById.load(pack.productId))[0]!,
  drug: async (pack, _args, { loaders }) => (await loaders.drugByNdc.load(pack.ndc12))[0] ?? null,
}

export const directoryConnectionResolvers: DirectoryConnectionResolvers = {
  totalCount: (connection) => connection.totalCount(),
  facets: (connection, { fields }) => connection.facets(fields),
}
