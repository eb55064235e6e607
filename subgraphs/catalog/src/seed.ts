import { clock, demoData, newId, systemActor, type EntityManager } from '@pharmagraph/platform'
import { introduceDrugs } from './commands/publish-drug.ts'
import { draftInteractions, publishKnowledge, type InteractionRecord } from './commands/publish-knowledge.ts'
import { recordPrice } from './commands/set-price.ts'
import { drugFields } from './drug-fields.ts'
import { Drug, type Ingredient } from './entities/drug.ts'
import { KnowledgeRelease } from './entities/interaction.ts'

type FormularyEntry = {
  id: string; ndc: string; labeler: string; name: string; genericName: string; ingredients: Ingredient[]; form: string; route: string
  deaSchedule: Drug['deaSchedule']; rxOnly: boolean; packageSize: number; packageUnit: string; packageDescription: string; pharmClass?: string
  teCode?: string; storageClass: Drug['storageClass']; description: string; sideEffects: string[]; priceMinor: number
}
type DemoSide = { name: string; members: string[] }
type InteractionEntry = Omit<InteractionRecord, 'a' | 'b'> & { a: DemoSide; b: DemoSide }

/** The demo formulary and its interactions: true drugs at invented prices. What is there already is left alone. */
export async function seed({ transact }: { transact<T>(work: (em: EntityManager) => Promise<T>): Promise<T> }): Promise<void> {
  const { drugs } = demoData<{ drugs: FormularyEntry[] }>('formulary.json')
  const { interactions, knowledgeVersion } = demoData<{ interactions: InteractionEntry[]; knowledgeVersion: string }>('interactions.json')
  const actor = systemActor('catalog')
  await transact(async (em) => {
    const known = new Set((await em.find(Drug, {}, { fields: ['id'] })).map(({ id }) => id))
    const added = drugs.filter(({ id }) => !known.has(id)).map((entry) => addDrug(em, entry))
    if (added.length) await introduceDrugs(em, actor, added)
    if (await em.count(KnowledgeRelease, { source: 'demo' })) return
    const runId = newId()
    await draftInteractions(em, runId, interactions.map(({ id, a, b, severity, mechanism, effect, management, evidence, patientText }) => (
      { id, a: sideOf(a), b: sideOf(b), severity, mechanism, effect, management, evidence, patientText })))
    await publishKnowledge(em, actor, { runId, source: 'demo', version: knowledgeVersion })
  })

  function addDrug(em: EntityManager, entry: FormularyEntry): Drug {
    const { id, ndc, name, genericName, ingredients, route, deaSchedule, rxOnly, packageSize, packageDescription, storageClass, description, sideEffects } = entry
    const price = { amountMinor: entry.priceMinor, currency: 'USD', effectiveFrom: clock.now(), note: 'Invented for the demo.' }
    recordPrice(em, actor, id, price)
    return em.create(Drug, drugFields({
      id, ndc, name, genericName, ingredients, route, deaSchedule, rxOnly, packageSize, packageDescription, storageClass, description, sideEffects, price,
      manufacturer: entry.labeler, dosageForm: entry.form, dispensingUnit: entry.packageUnit, pharmacologicClass: entry.pharmClass ?? null, therapeuticEquivalence: entry.teCode ?? null,
    }))
  }
}

const sideOf = ({ name, members }: DemoSide) => ({ name, members: members.map((member) => member.toLowerCase()), className: null })
