import { AppError, clock, invalid, newId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { parseNdc } from '@pharmagraph/schema/identifiers'
import { access } from '../access.ts'
import { DirectoryPackage, DirectoryProduct } from '../entities/directory.ts'
import { Drug } from '../entities/drug.ts'
import { Ingredient } from '../entities/ingredient.ts'
import { drugFields } from '../drug-fields.ts'
import { moietyOf } from '../substances.ts'
import { checkPrice } from './change-drug-price.ts'
import { introduceDrugs } from './publish-drug.ts'
import { recordPrice } from './set-price.ts'

export type AdoptPackage = {
  ndc: string; amountMinor: number; currency: string; description: string; storageClass: Drug['storageClass']; sideEffects: string[]
  packageSize?: number | null | undefined; dispensingUnit?: string | null | undefined
}

/** Product types a pharmacy may hand to a patient, and whether on prescription only. */
const sellable: Record<string, { rxOnly: boolean }> = {
  'HUMAN PRESCRIPTION DRUG': { rxOnly: true },
  'HUMAN OTC DRUG': { rxOnly: false },
  VACCINE: { rxOnly: true },
}

/** Takes a package of the directory into the formulary. What the directory does not say, the input does. */
export async function adoptPackage(em: EntityManager, actor: Actor, input: AdoptPackage): Promise<Drug> {
  access.must(actor, 'drug:adopt', undefined)
  checkPrice(input)
  const description = input.description.trim()
  if (!description) throw invalid('description', 'say in a sentence what it is for')
  const ndc = parseNdc(input.ndc)
  if (!ndc) throw invalid('ndc', 'write an NDC with hyphens (0591-0369-01), or its 11 or 12 digits')
  if (await em.count(Drug, { ndc12: ndc.ndc12 })) throw new AppError('CONFLICT', `${input.ndc} is in the formulary already`, {}, { retryable: false })
  const pack = await em.findOne(DirectoryPackage, { ndc12: ndc.ndc12 }, { orderBy: { withdrawnAt: 'asc nulls first', marketingStart: 'desc nulls last', productId: 'asc' } })
  if (!pack) throw notFound('package in the directory')
  const product = await em.findOneOrFail(DirectoryProduct, { id: pack.productId })
  const reason = whyNotSold(pack, product)
  if (reason) throw new AppError('NOT_SELLABLE', `${pack.ndc} cannot be sold: ${reason}`, { ndc: pack.ndc }, { http: 409 })

  const packageSize = input.packageSize ?? pack.size
  const dispensingUnit = input.dispensingUnit ?? pack.unit
  if (!packageSize || packageSize <= 0 || packageSize > 1_000_000) throw invalid('packageSize', `how many units are in "${pack.description}"?`)
  if (!dispensingUnit) throw invalid('dispensingUnit', `what is counted in "${pack.description}"?`)
  const rxcuis = new Map((await em.find(Ingredient, { name: { $in: product.ingredientNames } })).map(({ name, rxcui }) => [name, rxcui]))
  const price = { amountMinor: input.amountMinor, currency: input.currency, effectiveFrom: clock.now(), note: null }
  const drug = em.create(Drug, drugFields({
    id: newId(), ndc: pack.ndc, name: product.name, genericName: product.genericName ?? product.name, manufacturer: product.labeler, description,
    ingredients: product.substances.map(({ name, strength }) => ({ rxcui: rxcuis.get(moietyOf(name)) ?? null, name: moietyOf(name), strength })),
    dosageForm: product.dosageForm, route: product.routes.join(', '), deaSchedule: product.deaSchedule, rxOnly: sellable[product.productType]!.rxOnly, packageSize, dispensingUnit,
    packageDescription: pack.description, pharmacologicClass: product.classes.find((name) => name.endsWith('[EPC]')) ?? null,
    therapeuticEquivalence: product.therapeuticEquivalence ?? null, storageClass: input.storageClass, sideEffects: input.sideEffects, price,
  }))
  recordPrice(em, actor, drug.id, price)
  await introduceDrugs(em, actor, [drug])
  return drug
}

function whyNotSold(pack: DirectoryPackage, product: DirectoryProduct): string | undefined {
  const today = clock.today()
  if (pack.withdrawnAt || product.withdrawnAt) return 'the directory no longer lists it'
  if (!sellable[product.productType]) return `the FDA lists it as ${product.productType.toLowerCase()}`
  if (pack.excluded || product.excluded) return 'the FDA excluded its listing'
  if (pack.sample) return 'it is a sample package (21 USC 353(c)(1))'
  if (product.deaSchedule === 'CI') return 'schedule I is never dispensed (21 USC 829)'
  if (pack.marketingEnd && pack.marketingEnd < today) return `its marketing ended on ${pack.marketingEnd}`
  if (pack.marketingStart && pack.marketingStart > today) return `its marketing begins on ${pack.marketingStart}`
  if (!pack.gtin) return 'its twelve-digit NDC fits no GTIN-14'
  if (product.substances.length === 0) return 'the directory names no active ingredient'
  return undefined
}
