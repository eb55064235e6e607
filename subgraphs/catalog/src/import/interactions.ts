/**
 * Interaction knowledge, as CSV or XML. A side is an ingredient, a pharmacologic class ("Benzodiazepine [EPC]", whose
 * members are whoever belongs to it), or a named group with its members.
 *
 * CSV, by header: a, b (or drug_a, drug_b), severity (or level); optional id, a_members, b_members (parted by ;), mechanism,
 * effect, management, evidence, patient_text.
 * XML: <interaction id="" severity=""><a name=""><member/>…</a><b/>…<mechanism/>…</interaction>, a side without members
 * being its text or its name.
 */
import { XMLParser } from 'fast-xml-parser'
import { systemActor } from '@pharmagraph/platform'
import { draftInteractions, publishKnowledge, type InteractionRecord } from '../commands/publish-knowledge.ts'
import { fingerprintOf } from '../commands/store-listed.ts'
import { severities, type InteractionSide, type Severity } from '../entities/interaction.ts'
import { refusal, reservation } from '../remarks.ts'
import { moietyOf, splitList } from '../substances.ts'
import { columnsOf } from './listing.ts'
import { csv, csvFields, xml } from './records.ts'
import type { Importer, Reading } from './run.ts'

export type Release = { source: string; version: string; complete: boolean }

const common = ({ source, version, complete }: Release): Pick<Importer<InteractionRecord>, 'source' | 'keyOf' | 'store' | 'finish'> => ({
  source: `interactions-${source}`,
  keyOf: ({ id }) => id,
  async store(em, rows, run) {
    const repeated = await draftInteractions(em, run.id, rows)
    const remarks = repeated.map((id) => reservation('REPEATED', 'stands in the file again; the more severe one counts', id))
    return { inserted: 0, updated: 0, unchanged: 0, remarks }
  },
  async finish(em, run) {
    const { added, changed, unchanged, retired } = await publishKnowledge(em, systemActor('catalog'), { runId: run.id, source, version, complete })
    Object.assign(run, { inserted: added, updated: changed, unchanged })
    return { withdrawn: retired, remarks: [] }
  },
})

export const interactionsCsv = (release: Release): Importer<InteractionRecord> => ({
  ...common(release),
  format: csv,
  hasHeader: true,
  reader(header) {
    const names = csvFields(header).map((name) => aliases[name.toUpperCase()] ?? name.toUpperCase())
    const valuesOf = columnsOf(names, ['A', 'B', 'SEVERITY'], 'table of interactions')
    return (text) => {
      const fields = csvFields(text)
      if (fields.length !== names.length) return { remarks: [refusal('COLUMN_COUNT', `has ${fields.length} fields where the header has ${names.length}`, fields[0])] }
      const value = valuesOf(fields)
      return recordOf(release.source, {
        id: value('ID'), a: { name: value('A'), members: splitList(value('A_MEMBERS')) }, b: { name: value('B'), members: splitList(value('B_MEMBERS')) }, severity: value('SEVERITY'),
        mechanism: value('MECHANISM'), effect: value('EFFECT'), management: value('MANAGEMENT'), evidence: value('EVIDENCE'), patientText: value('PATIENT_TEXT'),
      })
    }
  },
})
const aliases: Record<string, string> = { DRUG_A: 'A', DRUG_B: 'B', LEVEL: 'SEVERITY' }

type XmlSide = string | { name?: string; '#text'?: string; member?: string[] } | undefined
type XmlInteraction = { id?: string; severity?: string; a?: XmlSide; b?: XmlSide; mechanism?: string; effect?: string; management?: string; evidence?: string; patientText?: string }

export const interactionsXml = (release: Release): Importer<InteractionRecord> => {
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', parseTagValue: false, parseAttributeValue: false, isArray: (name) => name === 'member' })
  const sideOf = (side: XmlSide): { name: string; members: string[] } =>
    typeof side === 'string' ? { name: side, members: [] } : { name: side?.name ?? side?.['#text'] ?? '', members: side?.member ?? [] }
  return {
    ...common(release),
    format: xml('interaction'),
    hasHeader: false,
    reader: () => (text) => {
      let element: XmlInteraction
      try {
        element = (parser.parse(text, true) as { interaction: XmlInteraction }).interaction
      } catch (error) {
        return { remarks: [refusal('BAD_XML', `is no well-formed element: ${(error as Error).message.slice(0, 120)}`)] }
      }
      const { id = '', severity = '', mechanism = '', effect = '', management = '', evidence = '', patientText = '' } = element
      return recordOf(release.source, { id, a: sideOf(element.a), b: sideOf(element.b), severity, mechanism, effect, management, evidence, patientText })
    },
  }
}

/** What a patient is told where the source says nothing to patients. */
const patientTexts: Record<Severity, string> = {
  CONTRAINDICATED: 'These must not be taken together.',
  MAJOR: 'Together these can do serious harm: ask your pharmacist or doctor before you take both.',
  MODERATE: 'Together these may need a changed dose or a check: ask your pharmacist.',
  MINOR: 'These can affect each other a little; most people can take both.',
}

type RawRecord = Omit<InteractionRecord, 'a' | 'b' | 'severity'> & { a: { name: string; members: string[] }; b: { name: string; members: string[] }; severity: string }

function recordOf(source: string, raw: RawRecord): Reading<InteractionRecord> {
  const key = raw.id || `${raw.a.name} + ${raw.b.name}`
  if (!raw.a.name || !raw.b.name) return { remarks: [refusal('NO_SIDE', 'does not name both sides', key)] }
  const severity = raw.severity.toUpperCase() as Severity
  if (!severities.includes(severity)) return { remarks: [refusal('BAD_SEVERITY', `"${raw.severity}" is none of ${severities.join(', ')}`, key)] }
  const [a, b] = [sideOf(raw.a), sideOf(raw.b)]
  if (!a.className && !b.className && [...a.members, ...b.members].every((name) => name === a.members[0])) {
    return { remarks: [refusal('SAME_INGREDIENT', 'an ingredient does not interact with itself', key)] }
  }
  // a pair means the same either way round
  const own = raw.id || [a.name.toLowerCase(), b.name.toLowerCase()].sort().join('+')
  const id = `${source}:${own.length <= 200 ? own : fingerprintOf(own)}`
  return {
    row: {
      ...raw, id, a, b, severity, patientText: raw.patientText || patientTexts[severity], effect: raw.effect || `Interaction rated ${severity.toLowerCase()} by ${source}.`,
      management: raw.management || 'Not stated by the source.', evidence: raw.evidence || source,
    },
    remarks: [],
  }
}

/** A name with a kind in brackets is a class: EPC established, MoA mechanism, PE effect, CS chemical structure. */
function sideOf({ name, members }: { name: string; members: string[] }): InteractionSide {
  const className = /\[(EPC|MoA|PE|CS|Chemical\/Ingredient)\]$/i.test(name) ? name : null
  const named = members.length || className ? members : [name]
  return { name, members: [...new Set(named.map(moietyOf))], className }
}
