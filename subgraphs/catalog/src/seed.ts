import { demoData, emit, newId, systemActor, type EntityManager } from '@pharmagraph/platform'
import { gtinOfNdc, parseNdc } from '@pharmagraph/schema/identifiers'
import { publishDrug } from './commands/publish-drug.ts'
import { Drug, type Ingredient } from './entities/drug.ts'
import { Interaction, type InteractionSide } from './entities/interaction.ts'

type FormularyEntry = {
  id: string; ndc: string; labeler: string; name: string; genericName: string; ingredients: Ingredient[]; form: string; route: string
  deaSchedule: Drug['deaSchedule']; rxOnly: boolean; packageSize: number; packageUnit: string; packageDescription: string; pharmClass?: string
  teCode?: string; storageClass: Drug['storageClass']; description: string; sideEffects: string[]; priceMinor: number
}
type InteractionEntry = {
  id: string; a: InteractionSide; b: InteractionSide; severity: Interaction['severity']; mechanism: string; effect: string
  management: string; evidence: string; patientText: string
}

/** The demo formulary: true drugs at invented prices. Entries already there are left alone. */
export async function seed({ transact }: { transact<T>(work: (em: EntityManager) => Promise<T>): Promise<T> }): Promise<void> {
  const { drugs } = demoData<{ drugs: FormularyEntry[] }>('formulary.json')
  const { interactions, knowledgeVersion } = demoData<{ interactions: InteractionEntry[]; knowledgeVersion: string }>('interactions.json')
  const actor = systemActor('catalog')
  await transact(async (em) => {
    const known = new Set((await em.find(Drug, {}, { fields: ['id'] })).map(({ id }) => id))
    const added = drugs.filter(({ id }) => !known.has(id)).map((entry) => em.create(Drug, drugOf(entry)))
    await em.flush()
    for (const drug of added) publishDrug(em, actor, drug)

    const knownPairs = new Set((await em.find(Interaction, {}, { fields: ['id'] })).map(({ id }) => id))
    for (const entry of interactions.filter(({ id }) => !knownPairs.has(id))) {
      const row = em.create(Interaction, { ...interactionOf(entry), knowledgeVersion })
      emit(em, actor, 'catalog.interaction-published.v1', row.id, {
        interactionId: row.id, knowledgeVersion: row.knowledgeVersion, aMembers: row.aMembers, bMembers: row.bMembers,
        severity: row.severity, effect: row.effect, management: row.management, evidence: row.evidence,
      })
    }
  })
}

function drugOf(entry: FormularyEntry) {
  const ndc = parseNdc(entry.ndc)
  if (!ndc?.ndc11) throw new Error(`formulary: ${entry.ndc} is no NDC`)
  const ingredientText = entry.ingredients.map(({ name }) => name.toLowerCase())
  return {
    id: entry.id || newId(), ndc: entry.ndc, ndc11: ndc.ndc11, ndc12: ndc.ndc12, gtin: gtinOfNdc(entry.ndc),
    name: entry.name, genericName: entry.genericName, manufacturer: entry.labeler, description: entry.description,
    ingredients: entry.ingredients, dosageForm: entry.form, route: entry.route, deaSchedule: entry.deaSchedule, rxOnly: entry.rxOnly,
    packageSize: entry.packageSize, dispensingUnit: entry.packageUnit, packageDescription: entry.packageDescription,
    pharmacologicClass: entry.pharmClass ?? null, therapeuticEquivalence: entry.teCode ?? null, storageClass: entry.storageClass,
    sideEffects: entry.sideEffects, priceMinor: entry.priceMinor, currency: 'USD', priceNote: 'Invented for the demo.',
    equivalenceKey: [...entry.ingredients.map(({ name, strength }) => `${name} ${strength}`.toLowerCase()).sort(), entry.form.toLowerCase()].join('|'),
    searchText: [...new Set([entry.name.toLowerCase(), entry.genericName.toLowerCase(), ...ingredientText])].join(' '),
  }
}

const lower = (names: string[]): string[] => names.map((name) => name.toLowerCase())
const interactionOf = ({ a, b, ...rest }: InteractionEntry) => ({
  id: rest.id, aName: a.name, aMembers: lower(a.members), bName: b.name, bMembers: lower(b.members), severity: rest.severity,
  mechanism: rest.mechanism, effect: rest.effect, management: rest.management, evidence: rest.evidence,
  patientText: rest.patientText,
})
